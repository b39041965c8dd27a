/* inventory.c - lists of records: every field has a name that can be translated */
#include "tests/screen/harness.h"

#include <ctype.h>

#include "model/record.h"
#include "tui/panes/inventory.h"

static void every_field_has_a_title(void **state)
{
	static const enum record_kind kinds[] = {REC_SERVING, REC_FLAG, REC_BUDGET,
		REC_DEFINITION, REC_JOB_RUN, REC_FRESHNESS, REC_PAGE, REC_ONCALL,
		REC_MODEL_VERSION, REC_PROMPT_VERSION};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		const struct record_def *def = record_def(kinds[k]);

		for (size_t i = 0; i < def->n_fields; i++)
			if (!isupper((unsigned char)field_title(&def->fields[i])[0]))
				fail_msg("%s of %s has no title", def->fields[i].name,
					def->name);
	}
}

UNIT_TESTS(cmocka_unit_test(every_field_has_a_title))
