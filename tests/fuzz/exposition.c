#include "config.h"

#include "tests/fuzz/fuzz.h"

#include "poll/exposition.h"

static void count(void *ctx, const struct metric_sample *s)
{
	size_t *bytes = ctx;
	struct strbuf sb = STRBUF_INIT;

	metric_labels_json(&sb, s->labels, s->n_labels);
	*bytes += sb.len;
	strbuf_release(&sb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct err e = ERR_INIT;
	size_t bytes = 0;

	/* The first byte chooses the format. */
	if (n)
		(void)exposition_parse(
			(const char *)data + 1, n - 1, data[0] & 1, count, &bytes, &e);
	err_release(&e);
	return 0;
}
