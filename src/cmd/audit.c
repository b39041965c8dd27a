#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/say.h"
#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "record/chain.h"
#include "record/checkpoint.h"
#include "record/verify.h"

#define LIST_DEFAULT 50
#define LIST_MAX 100000
#define PAGE 1000

/* --- list --- */

static void entry_row(struct cmd_table *t, const struct audit_row *row)
{
	struct strbuf at = STRBUF_INIT;
	struct json *j = NULL;
	struct err e = ERR_INIT;
	const char *name;
	char *seq = mem_format("%lld", (long long)row->seq);

	if (json_parse(&j, row->entry, strlen(row->entry), &e))
		err_release(&e);
	time_human(&at, row->at, clock_now(), false);
	name = json_text_at(j, "data.name");
	cmd_table_cell(t, seq);
	cmd_table_cell(t, at.buf);
	cmd_table_cell(t, json_text_at(j, "who.user"));
	cmd_table_cell(t, json_text(json_get(j, "kind")));
	cmd_table_cell(t, json_text(json_get(j, "object")));
	cmd_table_cell(t, name ? name : json_text_at(j, "data.runbook"));
	cmd_table_cell(t, json_text_at(j, "data.state"));
	json_free(j);
	strbuf_release(&at);
	free(seq);
}

/* What an export's line is: enough to check the chain by itself. */
static struct json *entry_json(const struct audit_row *row)
{
	struct json *j = json_object();
	struct strbuf hex = STRBUF_INIT;
	struct err e = ERR_INIT;

	json_add_int(j, "seq", row->seq);
	json_add_time(j, "at", row->at);
	digest_hex(&hex, &row->prev);
	json_add_text(j, "prev", hex.buf);
	strbuf_reset(&hex);
	digest_hex(&hex, &row->hash);
	json_add_text(j, "hash", hex.buf);
	/* What cannot be read is shown as it stands. */
	if (json_add_raw(j, "entry", row->entry, &e)) {
		err_release(&e);
		json_add_text(j, "entry", row->entry);
	}
	strbuf_release(&hex);
	return j;
}

static int64_t limit_of(struct cmd *c)
{
	const char *text = cmd_value(c, "limit");
	char *end;
	long v;

	if (!text)
		return LIST_DEFAULT;
	v = strtol(text, &end, 10);
	return *text && !*end && v > 0 && v <= LIST_MAX ? v : -1;
}

int cmd_audit_list(struct cmd *c)
{
	const char *const headings[] = {
		_("N"),
		_("AT"),
		_("WHO"),
		_("WHAT"),
		_("ON"),
		_("STEP"),
		_("STATE"),
		NULL
	};
	int64_t limit = limit_of(c);
	struct audit_list list;
	struct arena a;
	struct err e = ERR_INIT;
	int code = EXIT_FINE;

	if (limit < 0)
		return cmd_usage(c, _("--limit is a number from 1 to %d"), LIST_MAX);
	arena_init(&a);
	if (audit_newest(&list, &a, c->store, AT_NOW, (size_t)limit, &e)) {
		code = cmd_fail(&e);
	} else if (c->json) {
		struct json *doc = json_object(), *entries;

		json_add_text(doc, "schema", "tocsin.audit-entries/1");
		entries = json_add_array(doc, "entries");
		for (size_t i = 0; i < list.n; i++)
			json_add(entries, NULL, entry_json(&list.items[i]));
		code = cmd_print_json(doc);
	} else {
		struct cmd_table *t = cmd_table_new("rllllll", headings);

		for (size_t i = 0; i < list.n; i++)
			entry_row(t, &list.items[i]);
		cmd_table_print(t);
	}
	err_release(&e);
	arena_release(&a);
	return code;
}

/* --- verify --- */

static int verdict_json(const struct verdict *v, int64_t count)
{
	struct json *doc = json_object(), *list;
	struct strbuf hex = STRBUF_INIT;

	digest_hex(&hex, &v->head);
	json_add_text(doc, "schema", "tocsin.audit/1");
	json_add_bool(doc, "ok", v->ok);
	json_add_int(doc, "entries", count);
	json_add_text(doc, "head", hex.buf);
	json_add_int(doc, "first_bad", v->first_bad);
	json_add_text(doc, "reason", v->reason);
	list = json_add_array(doc, "checkpoints");
	for (size_t i = 0; i < v->n_checkpoints; i++) {
		const struct verified_checkpoint *p = &v->checkpoints[i];
		struct json *j = json_add_object(list, NULL);

		json_add_int(j, "size", p->size);
		json_add_time(j, "at", p->at);
		json_add_text(j, "signer", p->signer);
		json_add_bool(j, "ok", p->ok);
		json_add_text(j, "reason", p->reason);
	}
	strbuf_release(&hex);
	return cmd_print_json(doc);
}

static void verdict_say(const struct verdict *v, int64_t count)
{
	struct strbuf hex = STRBUF_INIT;
	size_t is_signed = 0;

	digest_hex(&hex, &v->head);
	for (size_t i = 0; i < v->n_checkpoints; i++)
		is_signed += v->checkpoints[i].ok && v->checkpoints[i].signer;
	if (v->ok)
		say(_("The audit log holds: %lld entries, head %s\n"), (long long)count,
			hex.buf);
	else
		say(_("The audit log does not hold, from entry %lld on: %s\n"),
			(long long)v->first_bad, v->reason);
	say(_("%zu checkpoints, %zu of them signed\n"), v->n_checkpoints, is_signed);
	for (size_t i = 0; i < v->n_checkpoints; i++)
		if (!v->checkpoints[i].ok)
			say(_("checkpoint over %lld entries: %s\n"),
				(long long)v->checkpoints[i].size,
				v->checkpoints[i].reason);
	strbuf_release(&hex);
}

int cmd_audit_verify(struct cmd *c)
{
	struct verdict v;
	struct arena a;
	struct err e = ERR_INIT;
	int code;

	arena_init(&a);
	if (audit_verify(&v, &a, c->store, &e)) {
		code = cmd_fail(&e);
	} else {
		int64_t count = audit_count(c->store);

		code = v.ok ? EXIT_FINE : EXIT_FINDING;
		if (!c->json)
			verdict_say(&v, count);
		else if (verdict_json(&v, count))
			code = EXIT_INTERNAL;
	}
	err_release(&e);
	arena_release(&a);
	return code;
}

/* --- export, checkpoint --- */

static int export_page(const struct audit_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct json *j = entry_json(&list->items[i]);
		struct strbuf line = STRBUF_INIT;
		bool ok;

		json_canonical(&line, j);
		strbuf_addc(&line, '\n');
		ok = fwrite(line.buf, 1, line.len, stdout) == line.len;
		strbuf_release(&line);
		json_free(j);
		if (!ok)
			return -1;
	}
	return 0;
}

/* JSON lines, the oldest first; the export itself is an entry, and the last line. */
int cmd_audit_export(struct cmd *c)
{
	const struct audit_event ev = {.kind = "audit.exported", .step = NONE_INT};
	struct audit_list list = {0};
	struct arena a;
	struct err e = ERR_INIT;
	int64_t from = 1;
	int code = EXIT_FINE;

	if (audit_write(c->store, NULL, &ev, NULL, &e))
		return cmd_fail(&e);
	arena_init(&a);
	do {
		arena_reset(&a);
		if (audit_list(&list, &a, c->store, from, PAGE, &e))
			code = cmd_fail(&e);
		else if (export_page(&list))
			code = EXIT_INTERNAL;
		else if (list.n)
			from = list.items[list.n - 1].seq + 1;
	} while (code == EXIT_FINE && list.more);
	if (fflush(stdout))
		code = EXIT_INTERNAL;
	err_release(&e);
	arena_release(&a);
	return code;
}

int cmd_audit_checkpoint(struct cmd *c)
{
	bool sign = cmd_has(c, "sign") ||
		(c->config.audit_sign && !strcmp(c->config.audit_sign, "ssh-agent"));
	struct err e = ERR_INIT;
	char *why = NULL;
	int code = EXIT_FINE;

	if (checkpoint_write(
		    c->store, sign ? CHECKPOINT_AGENT : CHECKPOINT_UNSIGNED, &why, &e))
		code = cmd_fail(&e);
	else if (why)
		say(_("The checkpoint is unsigned: %s\n"), why);
	else
		say(sign ? _("The checkpoint is signed\n")
			 : _("The checkpoint is unsigned\n"));
	free(why);
	err_release(&e);
	return code;
}
