#include "config.h"
#include "runbook/runbook.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/i18n.h"
#include "core/markdown.h"
#include "core/path.h"
#include "core/text.h"
#include "runbook/attrs.h"
#include "runbook/front.h"
#include "runbook/lint.h"
#include "runbook/script.h"

#define TITLE_COLUMNS 72
#define MAX_SLUG 32

struct parse {
	struct runbook *rb;
	struct arena *a;
	size_t cap_steps, cap_headings;
	enum phase phases[7]; /* in force at each heading level */
	bool reading[7];
	const char *above; /* the paragraph just before, for a title */
};

/* --- headings --- */

static void add_heading(struct parse *ps, const struct md_block *b)
{
	struct runbook *rb = ps->rb;
	int level = b->level < 1 ? 1 : b->level > 6 ? 6 : b->level;
	bool reading = false;
	enum phase own = phase_of_heading(b->text, &reading);
	struct heading *h =
		arena_push(ps->a, rb->headings, rb->n_headings, ps->cap_headings);

	if (!own && !reading) {
		own = ps->phases[level - 1];
		reading = ps->reading[level - 1];
	}
	for (int i = level; i < 7; i++) {
		ps->phases[i] = own;
		ps->reading[i] = reading;
	}
	h->level = level;
	h->line = b->line;
	h->text = b->text;
	h->phase = own;
	h->reading = reading;
	if (level == 1 && !*rb->title)
		rb->title = b->text;
}

/* --- steps --- */

/* One line of text, short, without Markdown's and shells' decoration. */
static const char *one_line(struct parse *ps, const char *s)
{
	struct strbuf safe = STRBUF_INIT, cut = STRBUF_INIT;
	const char *out;
	size_t n;

	while (*s == ' ' || *s == '\t' || *s == '\n' || *s == '$')
		s++;
	n = strcspn(s, "\n");
	text_safe(&safe, s, n, false);
	text_cut(&cut, safe.buf, TITLE_COLUMNS, "...");
	out = arena_strdup(ps->a, cut.buf);
	strbuf_release(&safe);
	strbuf_release(&cut);
	return out;
}

static bool name_taken(const struct runbook *rb, const char *name, size_t before)
{
	for (size_t i = 0; i < before; i++)
		if (!strcmp(rb->steps[i].name, name))
			return true;
	return false;
}

/* A name from the title: "check-the-pods"; numbered when taken. */
static const char *make_name(struct parse *ps, const char *title, int n)
{
	char slug[MAX_SLUG + 1] = "";
	size_t len = 0;
	const char *name;

	for (const char *s = title; *s && len < MAX_SLUG; s++) {
		char c = *s >= 'A' && *s <= 'Z' ? (char)(*s - 'A' + 'a') : *s;

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			slug[len++] = c;
		else if (len && slug[len - 1] != '-')
			slug[len++] = '-';
	}
	while (len && slug[len - 1] == '-')
		len--;
	slug[len] = '\0';
	name = arena_format(ps->a, "%s", len ? slug : "step");
	if (!len || name_taken(ps->rb, name, ps->rb->n_steps - 1))
		name = arena_format(ps->a, "%s-%d", len ? slug : "step", n);
	return name;
}

static struct step *add_step(
	struct parse *ps, enum step_kind kind, const struct md_block *b)
{
	struct runbook *rb = ps->rb;
	struct step *s = arena_push(ps->a, rb->steps, rb->n_steps, ps->cap_steps);
	const struct heading *h =
		rb->n_headings ? &rb->headings[rb->n_headings - 1] : NULL;

	s->n = (int)rb->n_steps;
	s->kind = kind;
	s->line = b->line;
	s->lang = "";
	s->heading = (int)rb->n_headings - 1;
	s->phase = h ? h->phase : PHASE_NONE;
	if (h && h->reading)
		s->phase = PHASE_DIAGNOSE;
	s->source = b->text ? b->text : "";
	return s;
}

/* Attributes, then what depends on them: name and title. */
static void finish_step(
	struct parse *ps, struct step *s, const char *attrs, const char *title)
{
	struct runbook *rb = ps->rb;

	if (attrs)
		attrs_parse(s, attrs, NULL, s->line, ps->a, &rb->problems);
	attrs_apply(s, ps->a, &rb->problems);
	s->title = one_line(ps, title && *title ? title : s->source);
	if (!s->name) {
		s->name = make_name(ps, s->title, s->n);
	} else if (name_taken(rb, s->name, rb->n_steps - 1)) {
		problems_add(&rb->problems, s->line, 0, _("two steps have the name '%s'"),
			s->name);
		s->name = arena_format(ps->a, "%s-%d", s->name, s->n);
	}
}

static enum step_kind fence_kind(const char *lang)
{
	static const enum step_kind special[] = {KIND_ACTION, KIND_GATE, KIND_POSTMORTEM};

	for (size_t i = 0; i < ARRAY_LEN(special); i++)
		if (!strcmp(lang, step_kind_name(special[i])))
			return special[i];
	return script_runs(lang) ? KIND_SH : KIND_NONE;
}

/* runme hides a block with either of these: it is for reading. */
static bool is_hidden(const struct step *s)
{
	const char *ignore = step_attr(s, "ignore"),
		   *transform = step_attr(s, "transform");

	return (ignore && !strcmp(ignore, "true")) ||
		(transform && !strcmp(transform, "false"));
}

static void add_fence(struct parse *ps, const struct md_block *b)
{
	struct runbook *rb = ps->rb;
	const char *attrs = NULL, *lang = info_split(b->info, &attrs, ps->a);
	enum step_kind kind = fence_kind(lang);
	struct step *s;

	if (b->unclosed) {
		problems_add(&rb->problems, b->line, 0,
			_("the code block that begins here is never closed"));
		problems_hint(
			&rb->problems, _("close it with the same marks that opened it"));
	}
	if (!kind)
		return;
	s = add_step(ps, kind, b);
	s->lang = lang;
	finish_step(ps, s, attrs, b->title ? b->title : ps->above);
	if (is_hidden(s)) {
		rb->n_steps--;
		return;
	}
	if (kind == KIND_SH)
		script_prepare(s, ps->a);
	else if (kind != KIND_POSTMORTEM)
		script_find_inputs(s, ps->a);
	if (b->unclosed)
		s->broken = _("the code block is never closed, so its end is not known");
}

/* Text that ends in {manual ...} is a step that a person does; the attributes, or NULL. */
static const char *manual_attrs(const char *text)
{
	const char *brace = text ? strrchr(text, '{') : NULL;
	size_t n = text ? strlen(text) : 0;

	while (n && (text[n - 1] == ' ' || text[n - 1] == '\n'))
		n--;
	if (!brace || !n || text[n - 1] != '}' || strncmp(brace + 1, "manual", 6) ||
		(brace[7] != '}' && brace[7] != ' '))
		return NULL;
	return brace;
}

static void add_manual(struct parse *ps, const struct md_block *b, const char *attrs)
{
	struct step *s = add_step(ps, KIND_MANUAL, b);
	const char *text = b->text;

	if (attrs) {
		size_t n = (size_t)(attrs - text);

		while (n && (text[n - 1] == ' ' || text[n - 1] == '\n'))
			n--;
		s->source = arena_strndup(ps->a, text, n);
	}
	finish_step(ps, s, attrs, s->source);
}

static void add_block(struct parse *ps, const struct md_block *b)
{
	struct runbook *rb = ps->rb;

	switch (b->kind) {
	case MD_HEADING: add_heading(ps, b); break;
	case MD_FENCE:
		rb->blocks++;
		add_fence(ps, b);
		break;
	case MD_INDENTED: rb->blocks++; break;
	case MD_TASK:
		rb->tasks++;
		add_manual(ps, b, manual_attrs(b->text));
		break;
	case MD_PARAGRAPH:
	case MD_ITEM:
		if (manual_attrs(b->text))
			add_manual(ps, b, manual_attrs(b->text));
		if (b->kind == MD_PARAGRAPH && !rb->summary && !b->in_list &&
			!b->in_quote)
			rb->summary = one_line(ps, b->text);
		break;
	default: break;
	}
	ps->above = b->kind == MD_PARAGRAPH ? b->text : NULL;
}

static const char *name_of_file(struct arena *a, const char *file)
{
	const char *base = path_base(file);
	size_t n = strlen(base);

	if (n > 3 && !strcmp(base + n - 3, ".md"))
		n -= 3;
	return arena_strndup(a, base, n);
}

int runbook_parse(struct runbook *out, const char *name, const char *s, size_t n,
	const struct destroy *patterns, struct err *e)
{
	struct parse ps = {.rb = out, .a = &out->arena};
	struct strbuf hex = STRBUF_INIT;
	struct digest digest;
	struct md_doc doc = {0};

	*out = (struct runbook){0};
	if (n > RUNBOOK_MAX_BYTES)
		return err_set(
			e, ERR_LIMIT, _("the runbook '%s' is larger than 4 MiB"), name);
	if (n && memchr(s, 0, n))
		return err_set(
			e, ERR_INPUT, _("'%s' is no text: it holds NUL bytes"), name);
	arena_init(&out->arena);
	problems_init(&out->problems, name);
	if (markdown_parse(&doc, s, n, &out->arena, e)) {
		runbook_release(out);
		return -1;
	}
	digest = digest_of(s, n);
	digest_hex(&hex, &digest);
	memcpy(out->sha256, hex.buf, sizeof(out->sha256));
	strbuf_release(&hex);
	out->name = name_of_file(&out->arena, name);
	out->bytes = n;
	out->title = "";
	front_read(out, &doc);
	for (size_t i = 0; i < doc.n; i++)
		add_block(&ps, &doc.blocks[i]);
	if (!*out->title && out->n_headings)
		out->title = out->headings[0].text;
	runbook_lint(out, patterns);
	return 0;
}

/* What everybody can write is nobody's runbook. */
static int check_file(const char *file, struct err *e)
{
	struct stat info;

	if (stat(file, &info))
		return err_errno(e, errno, _("cannot open the runbook '%s'"), file);
	if (!S_ISREG(info.st_mode))
		return err_set(e, ERR_INPUT, _("'%s' is not a file"), file);
	if (!(info.st_mode & S_IWOTH))
		return 0;
	err_set(e, ERR_DENIED, _("everybody on this machine can change the runbook '%s'"),
		file);
	return err_hint(e, _("chmod o-w '%s', after a look at what it says"), file);
}

int runbook_read(struct runbook *out, const char *file, const struct destroy *patterns,
	struct err *e)
{
	struct strbuf text = STRBUF_INIT;
	int rc;

	*out = (struct runbook){0};
	if (check_file(file, e) || path_read(&text, file, RUNBOOK_MAX_BYTES, e)) {
		strbuf_release(&text);
		return -1;
	}
	rc = runbook_parse(out, file, text.buf, text.len, patterns, e);
	if (!rc)
		out->file = arena_strdup(&out->arena, file);
	strbuf_release(&text);
	return rc;
}

void runbook_release(struct runbook *rb)
{
	problems_release(&rb->problems);
	arena_release(&rb->arena);
	*rb = (struct runbook){0};
}
