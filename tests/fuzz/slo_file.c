#include "config.h"

#include "tests/fuzz/fuzz.h"

#include "core/clock.h"
#include "signal/burn.h"
#include "signal/slo_file.h"

/* What was read can be asked for: no query, window or row of it may break anything. */
static void use(const struct slo *slo)
{
	struct strbuf query = STRBUF_INIT;
	int64_t windows[SLO_WINDOWS];
	size_t n = burn_windows(windows, slo);

	if (!slo->service || !slo->name || !(slo->objective > 0) || slo->objective >= 1)
		bug("an SLO without service, name or objective");
	for (size_t i = 0; i < n; i++) {
		(void)slo_query(&query, slo, windows[i]);
		(void)slo_total_query(&query, slo, windows[i]);
		(void)slo_bad_query(&query, slo, windows[i]);
	}
	strbuf_release(&query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slo_list slos = {0};
	struct problems p;
	struct arena a;
	int result;

	arena_init(&a);
	problems_init(&p, NULL);
	result = slo_file_parse(&slos, &a, (const char *)data, n, "fuzz", &p);
	if (result != (p.n ? -1 : 0))
		bug("%zu problems, and the result is %d", p.n, result);
	for (size_t i = 0; i < slos.n; i++)
		use(&slos.items[i]);
	problems_release(&p);
	arena_release(&a);
	return 0;
}
