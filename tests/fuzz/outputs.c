/* What steps put out, checkpoints of logs, orders and answers of supervisors. */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include "record/checkpoint.h"
#include "runbook/order.h"
#include "runbook/outputs.h"

static void read_outputs(const char *s, size_t n, struct err *e)
{
	struct json *j = json_object();

	(void)outputs_parse(j, s, n, e);
	json_free(j);
}

static void read_order(const char *s, size_t n, struct err *e)
{
	struct json *j = NULL;
	struct order o;

	if (!json_parse(&j, s, n, e)) {
		(void)order_from_json(&o, j, e);
		(void)answer_from_json(j, e);
	}
	json_free(j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *s = (const char *)data;
	struct checkpoint c;
	struct err e = ERR_INIT;

	/* The first byte chooses the parser. */
	if (n && *s == 'c')
		(void)checkpoint_parse(&c, s + 1, n - 1, &e);
	else if (n && *s == 'j')
		read_order(s + 1, n - 1, &e);
	else if (n)
		read_outputs(s + 1, n - 1, &e);
	err_release(&e);
	return 0;
}
