#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "core/clock.h"
#include "signal/drift_check.h"
#include "signal/drift_side.h"

/* What was read can be asked for, and its references told apart. */
static void use(struct arena *a, const struct drift_check *c)
{
	struct strbuf query = STRBUF_INIT;

	for (size_t i = 0; i < c->n; i++) {
		if (!c->features[i].name || !c->features[i].expr)
			bug("a feature without a name, or with nothing to ask");
		(void)drift_feature_query(&query, &c->features[i], c->window_ns);
		(void)drift_feature_digest(a, c, &c->features[i]);
		strbuf_reset(&query);
	}
	strbuf_release(&query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = mem_strndup((const char *)data, n);
	struct drift_check check;
	struct drift_side side;
	struct problems p;
	struct arena a;
	struct err e = ERR_INIT;
	int result;

	arena_init(&a);
	problems_init(&p, NULL);
	result = drift_check_parse(&check, &a, (const char *)data, n, "fuzz", &p);
	if (result != (p.n ? -1 : 0))
		bug("%zu problems, and the result is %d", p.n, result);
	if (check.dataset)
		use(&a, &check);
	/* A pinned reference is JSON of ours, and may be damaged. */
	(void)drift_side_read(&side, &a, text, &e);
	err_release(&e);
	problems_release(&p);
	arena_release(&a);
	free(text);
	return 0;
}
