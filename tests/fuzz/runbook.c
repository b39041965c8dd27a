/* Runbooks: any bytes are a document. */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include "core/json.h"
#include "core/strbuf.h"
#include "runbook/runbook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct runbook rb;
	struct err e = ERR_INIT;

	if (!runbook_parse(&rb, "fuzz.md", (const char *)data, size, NULL, &e)) {
		struct json *j = runbook_to_json(&rb);

		json_free(j);
		runbook_release(&rb);
	}
	err_release(&e);
	return 0;
}
