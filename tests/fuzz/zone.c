#include "config.h"

#include "tests/fuzz/fuzz.h"

#include "core/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct zone *z = NULL;
	struct err e = ERR_INIT;
	struct civil c;

	if (zone_parse(&z, data, n, &e) == 0) {
		for (int64_t at = -4000000000; at < 8000000000; at += 100000007) {
			zone_civil(&c, z, at);
			(void)zone_moment(z, &c);
		}
	}
	zone_free(z);
	err_release(&e);
	return 0;
}
