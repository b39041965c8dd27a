#include "config.h"

#include "tests/fuzz/fuzz.h"

#include "signal/evidently.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct evidently_report report;
	struct arena a;
	struct err e = ERR_INIT;
	int result;

	arena_init(&a);
	result = evidently_parse(&report, &a, (const char *)data, n, &e);
	if ((result == 0) != (report.n > 0))
		bug("%zu reports, and the result is %d", report.n, result);
	for (size_t i = 0; i < report.n; i++)
		if (!report.items[i].feature || !report.items[i].verdict)
			bug("a report without feature or verdict");
	err_release(&e);
	arena_release(&a);
	return 0;
}
