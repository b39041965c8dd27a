#include "config.h"

#include "tests/fuzz/fuzz.h"

#include "core/mem.h"
#include "tui/theme.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct problems p;
	struct theme t;

	problems_init(&p, "fuzz.yaml");
	(void)theme_parse(&t, (const char *)data, n, &p);
	for (int r = 0; r < ROLES; r++)
		if (t.styles[r].fg < COLOUR_UNSET || t.styles[r].fg > 255 ||
			t.styles[r].bg < COLOUR_UNSET || t.styles[r].bg > 255)
			bug("a colour that is none");
	problems_release(&p);
	return 0;
}
