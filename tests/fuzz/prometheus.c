#include "config.h"

#include "tests/fuzz/fuzz.h"

#include "poll/prom_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct prom_answer p = {0};
	struct arena a;
	struct err e = ERR_INIT;

	arena_init(&a);
	if (prom_parse(&p, &a, (const char *)data, n, &e) == 0) {
		(void)prom_worst(&p);
		(void)prom_sum(&p);
	}
	prom_release(&p);
	(void)prom_error((const char *)data, n, &e);
	arena_release(&a);
	err_release(&e);
	return 0;
}
