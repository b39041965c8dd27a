#include "config.h"

#include "tests/fuzz/fuzz.h"

#include "net/request.h"

/* What was read can be asked for: any path and query make a URL, or are refused. */
static void use(const struct connector_request *r, const struct json *values)
{
	struct strbuf url = STRBUF_INIT;
	struct err e = ERR_INIT;

	if (r->path)
		(void)request_url(&url, r, "http://h/p", values, &e);
	strbuf_release(&url);
	err_release(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct connector c;
	struct problems p;
	struct json *values = json_object();

	json_add_text(values, "a", "x/../y");
	json_add_text(values, "b", "");
	problems_init(&p, "fuzz.yaml");
	if (connector_parse(&c, "fuzz.yaml", (const char *)data, n, &p) != (p.n ? -1 : 0))
		bug("%zu problems, and another result", p.n);
	for (size_t i = 0; i < c.n_reads && !p.n; i++) {
		use(&c.reads[i].request, values);
		for (size_t j = 0; j < c.reads[i].n_stages; j++)
			use(&c.reads[i].stages[j].request, values);
	}
	for (size_t i = 0; i < c.n_actions && !p.n; i++) {
		use(&c.actions[i].request, values);
		use(&c.actions[i].before, values);
		use(&c.actions[i].verify.request, values);
	}
	connector_release(&c);
	problems_release(&p);
	json_free(values);
	return 0;
}
