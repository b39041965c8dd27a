#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "poll/prom_answer.h"
#include "poll/prom_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct prom_answer p = {0};
	struct arena a;
	struct err e = ERR_INIT;
	char *text;

	arena_init(&a);
	if (prom_parse(&p, &a, (const char *)data, n, &e) == 0) {
		(void)prom_worst(&p);
		(void)prom_sum(&p);
		for (size_t i = 0; i < p.n; i++)
			for (size_t k = 0; k < p.items[i].n_histograms; k++) {
				struct prom_classic c;

				(void)prom_histogram_below(&p.items[i].histograms[k], 1);
				prom_classic(&c, &a, &p.items[i].histograms[k]);
			}
		(void)prom_drop_later(&p, 0);
	}
	prom_release(&p);
	(void)prom_error((const char *)data, n, &e);
	text = mem_strndup((const char *)data, n);
	(void)prom_reach(text);
	(void)prom_limit_of(text);
	(void)prom_refusal_of(text);
	(void)prom_flags_retention(text);
	free(text);
	arena_release(&a);
	err_release(&e);
	return 0;
}
