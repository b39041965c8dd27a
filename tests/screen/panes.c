#include "tests/screen/harness.h"

#include <stdlib.h>
#include <string.h>

#include "tui/panes/panes.h"

static void every_pane_looks_as_it_should(void **state)
{
	(void)state;
	for (int i = 0; pane_table[i]; i++) {
		struct screen *s;

		if (pane_table[i]->hidden)
			continue;
		s = screen_open(&(struct screen_conf){0});
		console_go(screen_console(s), pane_table[i]->name, NULL);
		screen_run(s);
		screen_golden(s, pane_table[i]->name);
		screen_close(s);
	}
}

UNIT_TESTS(cmocka_unit_test(every_pane_looks_as_it_should))
