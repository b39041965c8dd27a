#include "config.h"
#include "lab/storybook.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/path.h"
#include "core/strbuf.h"

#define MAX_BYTES ((size_t)256 * 1024)
#define MAX_DEPTH 8
#define MAX_BEATS 64

static const char *const plot_names[PLOTS + 1] = {
	"fine", "timeout", "bad-version", "bad-prompt", "late-data", "hostile", NULL};

/* clang-format off */
#define KEY(type, name, wanted, member, ...) \
	{.key = name, .want = wanted, .offset = offsetof(struct type, member), __VA_ARGS__}
#define REQUIRED(type, name, wanted, member, ...) \
	KEY(type, name, wanted, member, .flags = YAML_REQUIRED, __VA_ARGS__)

static const struct yaml_field beat_fields[] = {
	REQUIRED(beat, "depth", YAML_INT, depth, .min = 0, .max = MAX_DEPTH),
	REQUIRED(beat, "type", YAML_TEXT, type),
	REQUIRED(beat, "name", YAML_TEXT, name),
	REQUIRED(beat, "ms", YAML_TEXTS, ms),
	KEY(beat, "tokens", YAML_TEXTS, tokens),
	KEY(beat, "prompt", YAML_BOOL, prompt),
	KEY(beat, "times", YAML_INT, times, .min = 1, .max = 20),
	KEY(beat, "input", YAML_TEXT, input),
	KEY(beat, "output", YAML_TEXT, output),
	KEY(beat, "error", YAML_TEXT, error),
	KEY(beat, "user", YAML_TEXT, user),
	KEY(beat, "says", YAML_TEXT, says),
	KEY(beat, "calls", YAML_TEXT, calls),
	KEY(beat, "arguments", YAML_TEXT, arguments),
	{0},
};

static const struct yaml_field opening_fields[] = {
	REQUIRED(turn, "beats", YAML_SUBS, list, .sub = beat_fields,
		.sub_size = sizeof(struct beat)),
	{0},
};

static const struct yaml_field ending_fields[] = {
	REQUIRED(turn, "plot", YAML_CHOICE, plot, .choices = plot_names),
	REQUIRED(turn, "beats", YAML_SUBS, list, .sub = beat_fields,
		.sub_size = sizeof(struct beat)),
	{0},
};

static const struct yaml_field storybook_fields[] = {
	REQUIRED(storybook, "story", YAML_TEXT, name),
	KEY(storybook, "system", YAML_TEXT, system),
	KEY(storybook, "openings", YAML_SUBS, opening_list, .sub = opening_fields,
		.sub_size = sizeof(struct turn)),
	REQUIRED(storybook, "endings", YAML_SUBS, ending_list, .sub = ending_fields,
		.sub_size = sizeof(struct turn)),
	{0},
};
/* clang-format on */

/* "[20, 60]": two whole numbers. */
static bool pair_of(int64_t *a, int64_t *b, const struct yaml_texts *t)
{
	char *end_a, *end_b;

	if (t->n != 2)
		return false;
	*a = strtoll(t->items[0], &end_a, 10);
	*b = strtoll(t->items[1], &end_b, 10);
	return !*end_a && !*end_b && *a >= 0 && *b >= 0 && *a <= 600000 && *b <= 600000;
}

/* A turn is one tree: its first beat is the root, and depth rises by one at most. */
static void check_turn(struct turn *t, struct problems *p)
{
	struct beat *b = t->list.items;

	t->beats = b;
	t->n = t->list.n;
	if (!t->n || t->n > MAX_BEATS)
		problems_add(p, 0, 0, _("a turn has from 1 to %d beats"), MAX_BEATS);
	for (size_t i = 0; i < t->n; i++) {
		int64_t above = i ? b[i - 1].depth : -1;

		if (b[i].depth > above + 1 || (i && !b[i].depth))
			problems_add(p, 0, 0, _("beat '%s' stands at depth %d below %d"),
				b[i].name, (int)b[i].depth, (int)above);
		if (!pair_of(&b[i].low_ms, &b[i].high_ms, &b[i].ms))
			problems_add(p, 0, 0,
				_("beat '%s': ms is two numbers, from and to"),
				b[i].name);
		if (b[i].tokens.n &&
			!pair_of(&b[i].input_tokens, &b[i].output_tokens, &b[i].tokens))
			problems_add(p, 0, 0,
				_("beat '%s': tokens is two numbers, in and out"),
				b[i].name);
		if (!b[i].times)
			b[i].times = 1;
	}
}

static void check(struct storybook *b, struct problems *p)
{
	struct turn *turns = b->opening_list.items;

	b->openings = turns;
	b->n_openings = b->opening_list.n;
	for (size_t i = 0; i < b->n_openings; i++)
		check_turn(&turns[i], p);
	turns = b->ending_list.items;
	for (size_t i = 0; i < b->ending_list.n; i++) {
		check_turn(&turns[i], p);
		b->endings[turns[i].plot] = &turns[i];
	}
	if (!b->endings[PLOT_FINE])
		problems_add(p, 0, 0, _("a story needs an ending for the plot 'fine'"));
	for (int i = 0; i < PLOTS; i++)
		if (!b->endings[i])
			b->endings[i] = b->endings[PLOT_FINE];
}

int storybook_parse(struct storybook *out, const char *s, size_t n, struct problems *p)
{
	struct yaml_doc *doc;
	size_t before = p->n;

	*out = (struct storybook){.system = ""};
	arena_init(&out->arena);
	if (n > MAX_BYTES)
		return problems_add(p, 0, 0, _("a story of more than %d kB"),
			(int)(MAX_BYTES / 1024));
	if (yaml_parse(&doc, s, n, p))
		return -1;
	if (!yaml_documents(doc))
		problems_add(p, 0, 0, _("the file is empty"));
	else if (!yaml_read(out, yaml_root(doc, 0), storybook_fields, &out->arena, p))
		check(out, p);
	yaml_free(doc);
	return p->n > before ? -1 : 0;
}

int storybook_load(struct storybook *out, const char *name, struct err *e)
{
	struct strbuf text = STRBUF_INIT;
	struct problems p;
	char *file = NULL;
	int r;

	*out = (struct storybook){0};
	arena_init(&out->arena);
	if (!strchr(name, '/')) {
		char *with_suffix = mem_format("%s.yaml", name);

		file = path_data("lab/stories", with_suffix);
		free(with_suffix);
	}
	problems_init(&p, file ? file : name);
	r = path_read(&text, file ? file : name, MAX_BYTES, e);
	if (!r && storybook_parse(out, text.buf, text.len, &p))
		r = problems_err(&p, e);
	problems_release(&p);
	strbuf_release(&text);
	free(file);
	return r;
}

void storybook_release(struct storybook *b)
{
	arena_release(&b->arena);
	*b = (struct storybook){0};
}
