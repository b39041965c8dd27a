#include "config.h"

#include "tests/fuzz/fuzz.h"

#include "core/mem.h"
#include "core/text.h"
#include "tui/edit.h"
#include "tui/input.h"

/* Whatever a terminal sends, what ends in a prompt is text. */
static void check(const struct edit *ed)
{
	for (size_t i = 0, used; i < ed->text.len; i += used)
		if (text_cp_is_unsafe(
			    text_decode(ed->text.buf + i, ed->text.len - i, &used)))
			bug("an unsafe character was typed");
	if (ed->at > ed->text.len)
		bug("the cursor left the text");
}

static void take(struct input *in, struct edit *ed)
{
	struct event ev;

	while (input_take(in, &ev)) {
		if (ev.kind == EVENT_NONE)
			bug("an event of no kind");
		edit_event(ed, &ev);
		check(ed);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct input *in = input_new();
	struct edit ed;
	size_t piece = n ? data[0] % 7 + 1 : 1;

	edit_init(&ed, NULL);
	input_define(in, "\033[[A", K_F1);
	for (size_t i = 1; i < n; i += piece) {
		input_push(in, data + i, n - i < piece ? n - i : piece);
		if (data[i] % 5 == 0)
			input_timeout(in);
		take(in, &ed);
	}
	input_timeout(in);
	take(in, &ed);
	edit_release(&ed);
	input_free(in);
	return 0;
}
