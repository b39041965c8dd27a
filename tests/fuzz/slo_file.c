#include "config.h"

#include "tests/fuzz/fuzz.h"

#include "core/clock.h"
#include "signal/burn.h"
#include "signal/selector.h"
#include "signal/slo_file.h"
#include "signal/slo_rules.h"
#include "signal/slo_words.h"

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

/* It can be told in words and written as rules; selectors of it are read again as written. */
static void tell(const struct slo *slo, struct arena *a)
{
	struct strbuf rules = STRBUF_INIT, again = STRBUF_INIT;
	struct slo_words words = {0};
	struct selector selector;
	struct problems p;

	problems_init(&p, NULL);
	slo_words(&words, a, slo, NULL, 0, true);
	for (size_t i = 0; i < words.n; i++) {
		if (!words.items[i].text && !words.items[i].query)
			bug("a statement without words");
	}
	if (slo_rules_write(&rules, slo, 1, &p) + p.n != 1)
		bug("%zu problems of one SLO's rules", p.n);
	if (slo->sli.selector && slo->sli.total &&
		selector_parse(&selector, a, slo->sli.total)) {
		selector_add(&again, &selector);
		if (!selector_parse(&selector, a, again.buf))
			bug("'%s' is no selector", again.buf);
	}
	problems_release(&p);
	strbuf_release(&rules);
	strbuf_release(&again);
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
	for (size_t i = 0; i < slos.n; i++)
		tell(&slos.items[i], &a);
	problems_release(&p);
	arena_release(&a);
	return 0;
}
