#include "config.h"

#include "tests/fuzz/fuzz.h"

#include "core/clock.h"
#include "signal/burn.h"
#include "signal/slo_pyrra.h"

/* What a Prometheus may answer for its rules, whatever that is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slo_list found = {0};
	struct json *doc = NULL;
	struct err e = ERR_INIT;
	struct arena a;

	arena_init(&a);
	if (json_parse(&doc, (const char *)data, n, &e) == 0 &&
		slo_from_pyrra(&found, &a, doc) != found.n)
		bug("%zu objectives were found", found.n);
	json_free(doc);
	for (size_t i = 0; i < found.n; i++) {
		const struct slo *slo = &found.items[i];
		struct strbuf query = STRBUF_INIT;
		int64_t windows[SLO_WINDOWS];
		size_t windows_n = burn_windows(windows, slo);

		if (!slo->service || !slo->name || !(slo->objective > 0) ||
			slo->objective >= 1 || slo->window_ns < NS_PER_HOUR)
			bug("an SLO without service, name, objective or window");
		for (size_t k = 0; k < windows_n; k++)
			(void)slo_query(&query, slo, windows[k]);
		strbuf_release(&query);
	}
	err_release(&e);
	arena_release(&a);
	return 0;
}
