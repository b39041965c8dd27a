#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/json.h"
#include "record/verify.h"
#include "store/journal.h"
#include "tui/console.h"
#include "tui/panes/panes.h"

#define ENTRIES_MAX 500
#define ALONE_MAX 300 /* entries that are verified without being asked */
#define VERIFY_MS 2000

struct audit_pane {
	bool verified; /* the rest says something */
	bool ok;
	int64_t entries, first_bad, at;
	char *reason; /* owned, or NULL */
	size_t signed_ok, unsigned_ok, bad;
};

struct audit_line {
	int64_t seq, at;
	const char *who, *kind, *object, *result, *name;
	const char *entry; /* as it is hashed */
	const struct audit_row *row;
};

/* --- query --- */

static const char *copy_at(struct arena *a, const struct json *doc, const char *path)
{
	return arena_strdup(a, json_text_at(doc, path));
}

/* How it went: the state that it ended in, else what was said, else how it was confirmed. */
static const char *result_of(struct arena *a, const struct json *doc)
{
	static const char *const paths[] = {
		"data.state", "data.error", "data.reason", "data.note", "data.what"};
	const char *text = NULL, *confirmed = json_text_at(doc, "data.confirmed");

	for (size_t i = 0; i < ARRAY_LEN(paths) && !text; i++)
		text = json_text_at(doc, paths[i]);
	if (!text && confirmed && strcmp(confirmed, "no"))
		return arena_format(a, _("confirmed by %s"), confirmed);
	return arena_strdup(a, text);
}

static void read_entry(
	struct audit_line *out, struct arena *a, const struct audit_row *row)
{
	struct json *doc = NULL;
	struct err ignored = ERR_INIT;

	*out = (struct audit_line){
		.seq = row->seq, .at = row->at, .entry = row->entry, .row = row};
	if (!json_parse(&doc, row->entry, strlen(row->entry), &ignored)) {
		out->who = copy_at(a, doc, "who.login");
		if (!out->who)
			out->who = copy_at(a, doc, "who.user");
		out->kind = copy_at(a, doc, "kind");
		out->object = copy_at(a, doc, "object");
		out->name = copy_at(a, doc, "data.name");
		if (!out->name)
			out->name = copy_at(a, doc, "data.runbook");
		out->result = result_of(a, doc);
	}
	json_free(doc);
	err_release(&ignored);
}

static void verify(struct pane *p);

static int audit_query(struct pane *p, struct rows *out, struct err *e)
{
	struct console *c = pane_console(p);
	struct audit_pane *d = pane_data(p);
	struct audit_list list = {0};
	int64_t count;

	if (!console_store(c))
		return 0;
	if (audit_newest(&list, out->arena, console_store(c), AT_NOW, ENTRIES_MAX, e))
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		struct audit_line *line;

		if (console_at(c) != AT_NOW && list.items[i].at > console_at(c))
			continue;
		line = arena_alloc(out->arena, 1, sizeof(*line));
		read_entry(line, out->arena, &list.items[i]);
		rows_add(out, line, "%lld", (long long)line->seq);
	}
	out->more = list.more;
	count = audit_count(console_store(c));
	/* A short log costs nothing; a long one, and signatures, are looked at when asked. */
	if (count > 0 && count <= ALONE_MAX && !d->signed_ok &&
		(!d->verified || d->entries != count))
		verify(p);
	return 0;
}

/* --- verifying --- */

static void take_verdict(struct audit_pane *d, const struct verdict *v)
{
	free(d->reason);
	d->verified = true;
	d->ok = v->ok;
	d->entries = v->entries;
	d->first_bad = v->first_bad;
	d->at = clock_now();
	d->reason = mem_strdup(v->reason);
	d->signed_ok = d->unsigned_ok = d->bad = 0;
	for (size_t i = 0; i < v->n_checkpoints; i++) {
		d->bad += !v->checkpoints[i].ok;
		d->signed_ok += v->checkpoints[i].ok && v->checkpoints[i].signer;
		d->unsigned_ok += v->checkpoints[i].ok && !v->checkpoints[i].signer;
	}
}

static void verify(struct pane *p)
{
	struct console *c = pane_console(p);
	struct verdict v;
	struct err e = ERR_INIT;
	struct arena a;

	arena_init(&a);
	store_read_limit(console_store(c), VERIFY_MS);
	if (audit_verify(&v, &a, console_store(c), &e))
		console_fail(c, &e);
	else
		take_verdict(pane_data(p), &v);
	store_read_limit(console_store(c), 5);
	err_release(&e);
	arena_release(&a);
}

static unsigned act_verify(struct console *c, struct pane *p, const struct action *a)
{
	struct audit_pane *d = pane_data(p);

	(void)a;
	if (!console_store(c))
		return ACT_HANDLED;
	verify(p);
	if (d->verified && d->ok)
		console_note(c, ROLE_OK, _("all %lld entries are what was written"),
			(long long)d->entries);
	else if (d->verified)
		console_note(c, ROLE_ERROR, "%s",
			d->reason ? d->reason : _("the log was changed"));
	return ACT_REDRAW;
}

static void audit_summary(struct pane *p, struct strbuf *out)
{
	struct audit_pane *d = pane_data(p);
	struct console *c = pane_console(p);
	int64_t count = console_store(c) ? audit_count(console_store(c)) : 0;

	strbuf_addf(out, ngettext("%lld entry", "%lld entries", (unsigned long)count),
		(long long)count);
	if (!d->verified) {
		strbuf_adds(out, _(", not verified yet: v verifies"));
		return;
	}
	if (d->ok)
		strbuf_addf(
			out, _(", chain verified up to %lld, "), (long long)d->entries);
	else
		strbuf_addf(out, _(", BROKEN at %lld: %s, "), (long long)d->first_bad,
			d->reason ? d->reason : "");
	console_age(c, out, d->at, false);
	strbuf_adds(out, _(" ago"));
	if (d->bad)
		strbuf_addf(out, _("; %zu bad checkpoints"), d->bad);
	if (d->signed_ok + d->unsigned_ok)
		strbuf_addf(out, _("; checkpoints: %zu signed, %zu unsigned"),
			d->signed_ok, d->unsigned_ok);
	else
		strbuf_adds(out, _("; no checkpoint yet"));
}

/* --- columns --- */

static void cell_seq(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	strbuf_addf(
		&out->text, "%lld", (long long)((const struct audit_line *)data)->seq);
	out->role = ROLE_DIM;
}

static void cell_time(struct value *out, struct pane *p, const void *data)
{
	value_time(out, p, ((const struct audit_line *)data)->at);
}

static void cell_who(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct audit_line *)data)->who);
}

static void cell_kind(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct audit_line *)data)->kind);
	out->role = ROLE_STRONG;
}

static void cell_object(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct audit_line *)data)->object);
}

static void cell_name(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct audit_line *)data)->name);
}

static void cell_result(struct value *out, struct pane *p, const void *data)
{
	const char *result = ((const struct audit_line *)data)->result;

	(void)p;
	value_text(out, result);
	if (result &&
		(!strcmp(result, "failed") || !strcmp(result, "timed-out") ||
			!strcmp(result, "unknown")))
		out->role = ROLE_TICKET;
	else if (result && (!strcmp(result, "ok") || !strcmp(result, "done")))
		out->role = ROLE_OK;
}

static int compare_seq(const void *a, const void *b)
{
	const struct audit_line *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

/* clang-format off */
static const struct column audit_columns[] = {
	/* TRANSLATORS: short for number, over the numbers of the entries */
	{.name = "seq", .title = N_("No"), .min = 3, .max = 8, .align = 'r', .priority = 4,
		.cell = cell_seq, .compare = compare_seq, .downwards = true},
	{.name = "time", .title = N_("Time"), .min = 8, .max = 20, .align = 'l', .priority = 1,
		.cell = cell_time, .compare = compare_seq, .downwards = true},
	{.name = "who", .title = N_("Who"), .min = 5, .max = 16, .align = 'l', .priority = 2,
		.cell = cell_who},
	{.name = "what", .title = N_("What"), .min = 10, .max = 20, .align = 'l', .priority = 1,
		.cell = cell_kind},
	{.name = "step", .title = N_("Step or runbook"), .min = 8, .max = 30, .align = 'l',
		.priority = 2, .cell = cell_name},
	{.name = "object", .title = N_("On"), .min = 8, .max = 28, .align = 'l', .priority = 3,
		.cell = cell_object},
	{.name = "result", .title = N_("Result"), .min = 6, .max = 80, .grow = 1, .align = 'l',
		.priority = 2, .cell = cell_result},
	{0},
};
/* clang-format on */

/* --- detail --- */

static void add_member(
	struct doc *out, const char *label, enum role role, const struct json *value)
{
	struct strbuf text = STRBUF_INIT;

	if (json_type(value) == JSON_NONE || json_type(value) == JSON_NULL)
		return;
	if (json_text(value))
		strbuf_adds(&text, json_text(value));
	else
		json_format(&text, value, false);
	doc_field(out, label, role, text.buf);
	strbuf_release(&text);
}

static void add_hash(struct doc *out, const char *label, const struct digest *d)
{
	struct strbuf hex = STRBUF_INIT;

	digest_hex(&hex, d);
	doc_field(out, label, ROLE_DIM, hex.buf);
	strbuf_release(&hex);
}

static void add_whole(
	const struct json *doc, const struct audit_line *line, struct doc *out)
{
	struct strbuf text = STRBUF_INIT;

	if (doc)
		json_format(&text, doc, true);
	else
		strbuf_adds(&text, line->entry);
	doc_heading(out, _("The entry"));
	doc_code(out, ROLE_TEXT, text.buf, text.len);
	strbuf_release(&text);
}

static void audit_detail(struct pane *p, const void *data, struct doc *out)
{
	const struct audit_line *line = data;
	struct console *c = pane_console(p);
	struct strbuf at = STRBUF_INIT;
	struct json *doc = NULL;
	struct err ignored = ERR_INIT;
	const char *run;

	if (json_parse(&doc, line->entry, strlen(line->entry), &ignored))
		err_release(&ignored);
	run = json_text(json_get(doc, "run"));
	console_time(c, &at, line->at);
	doc_title(out, ROLE_STRONG, "%lld  %s  %s", (long long)line->seq,
		line->kind ? line->kind : "?", line->name ? line->name : "");
	doc_blank(out);
	doc_field(out, _("time"), ROLE_TEXT, at.buf);
	doc_field(out, _("who"), ROLE_TEXT, line->who);
	doc_field(out, _("on"), ROLE_TEXT, line->object);
	add_member(out, _("context"), ROLE_TEXT, json_get(doc, "context"));
	doc_field(out, _("result"), ROLE_TEXT, line->result);
	add_member(out, _("before"), ROLE_REMOVED, json_at(doc, "data.before"));
	add_member(out, _("after"), ROLE_ADDED, json_at(doc, "data.after"));
	if (run)
		doc_link(out, _("run"), run, "run", run);
	add_hash(out, _("hash"), &line->row->hash);
	add_hash(out, _("entry before"), &line->row->prev);
	add_whole(doc, line, out);
	json_free(doc);
	strbuf_release(&at);
}

static void audit_subject(struct pane *p, const void *data, struct subject *out)
{
	(void)p;
	out->copy = ((const struct audit_line *)data)->entry;
}

static void audit_close(struct pane *p)
{
	free(((struct audit_pane *)pane_data(p))->reason);
}

/* clang-format off */
static const struct action audit_actions[] = {
	{.name = "verify", .keys = "v", .flags = ACTION_BAR, .title = N_("verify"),
		.help = N_("check the whole log: hashes, order, checkpoints, signatures"),
		.run = act_verify},
	{0},
};
/* clang-format on */

const struct pane_ops pane_audit = {
	.name = "audit",
	.title = N_("Audit"),
	.help = N_("who did what, on what, and how it ended"),
	.key = '0',
	.touches = 1u << TOUCH_AUDIT,
	.empty = N_("nothing has been done through this store yet"),
	.columns = audit_columns,
	.actions = audit_actions,
	.size = sizeof(struct audit_pane),
	.close = audit_close,
	.query = audit_query,
	.summary = audit_summary,
	.detail = audit_detail,
	.subject = audit_subject,
};
