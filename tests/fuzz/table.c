#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/table_file.h"

static int look(void *data, int64_t line, const struct table_cell *cells, struct err *e)
{
	double *sum = data;

	(void)line;
	(void)e;
	*sum += cells[0].kind == CELL_NUMBER ? cells[0].number : 0;
	for (size_t i = 0; cells[0].kind == CELL_VECTOR && i < cells[0].n; i++)
		*sum += cells[0].vector[i];
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int fd = memfd_create("table", 0);
	struct table_file *t = NULL;
	struct err e = ERR_INIT;
	double sum = 0;
	char path[64];

	if (fd < 0 || write(fd, data, n) != (ssize_t)n)
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!table_open(&t, path, &e)) {
		if (t->n_columns && table_each(t, NULL, look, &sum, &e))
			abort();
		for (size_t i = 0; i < t->n_columns && i < 4; i++) {
			struct table_categories c;
			struct table_vectors v;
			double *numbers;
			size_t count;

			if (!table_categories(&c, t, i, &e))
				table_categories_release(&c);
			if (!table_vectors(&v, t, i, &e))
				free(v.values);
			if (!table_numbers(&numbers, &count, t, i, &e))
				free(numbers);
		}
		table_free(t);
	}
	err_release(&e);
	(void)close(fd);
	return 0;
}
