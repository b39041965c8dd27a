#include "config.h"

#include "cmd/check_connect.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "model/record.h"
#include "net/connector.h"
#include "poll/poll.h"

struct connection {
	const struct source_conf *conf;
	struct probe probe;
	struct yaml_texts reads, actions;
	const char *error, *hint; /* NULL: it answers */
};

/* --- what can be read and done --- */

static void text_add(struct yaml_texts *to, struct arena *a, const char *text)
{
	const char **grown = arena_alloc(a, to->n + 1, sizeof(*grown));

	for (size_t i = 0; i < to->n; i++) {
		if (!strcmp(to->items[i], text))
			return;
		grown[i] = to->items[i];
	}
	grown[to->n] = arena_strdup(a, text);
	to->items = grown;
	to->n++;
}

static void abilities_find(
	struct connection *out, struct arena *a, const struct config *c)
{
	const struct reader *reader = reader_for(out->conf->type);
	struct connector connector = {0};
	struct err ignored = ERR_INIT;

	if (reader->type) {
		text_add(&out->reads, a, _(reader->reads));
		return;
	}
	if (connector_load(&connector, c, out->conf->type, &ignored) == 0) {
		for (size_t i = 0; i < connector.n_reads; i++)
			text_add(&out->reads, a,
				_(record_def(connector.reads[i].emits)->title));
		for (size_t i = 0; i < connector.n_actions; i++)
			text_add(&out->actions, a, connector.actions[i].name);
		connector_release(&connector);
	}
	err_release(&ignored);
}

static void connection_ask(struct connection *out, struct arena *a,
	const struct config *c, const struct source_conf *conf)
{
	struct err e = ERR_INIT;

	out->conf = conf;
	abilities_find(out, a, c);
	if (poll_probe(&out->probe, conf, a, &e) < 0) {
		out->error = arena_strdup(a, e.what);
		out->hint = arena_strdup(a, e.hint);
	}
	err_release(&e);
}

void connections_ask(struct connections *out, const struct config *c,
	const struct context_conf *context)
{
	*out = (struct connections){0};
	arena_init(&out->arena);
	out->items = arena_alloc(&out->arena, c->n_sources + 1, sizeof(*out->items));
	for (size_t i = 0; i < c->n_sources; i++) {
		if (context && !context_has_source(context, c->sources[i].name))
			continue;
		connection_ask(&out->items[out->n], &out->arena, c, &c->sources[i]);
		out->failed += out->items[out->n++].error != NULL;
	}
}

void connections_release(struct connections *c)
{
	arena_release(&c->arena);
}

/* --- for people and for programs --- */

static void cell_texts(struct cmd_table *t, const struct yaml_texts *texts)
{
	struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < texts->n; i++)
		strbuf_addf(&sb, "%s%s", i ? ", " : "", texts->items[i]);
	cmd_table_cell(t, sb.len ? sb.buf : NULL);
	strbuf_release(&sb);
}

static void cell_answer(struct cmd_table *t, const struct connection *c)
{
	struct strbuf sb = STRBUF_INIT;

	if (c->error) {
		strbuf_addf(&sb, "%s%s%s", c->error, c->hint ? "; " : "",
			c->hint ? c->hint : "");
	} else {
		strbuf_adds(&sb, c->probe.version);
		if (c->probe.detail)
			strbuf_addf(&sb, "%s%s", sb.len ? ", " : "", c->probe.detail);
	}
	cmd_table_cell(t, sb.len ? sb.buf : NULL);
	strbuf_release(&sb);
}

void connections_print(const struct connections *c)
{
	const char *const headings[] = {
		_("SOURCE"),
		_("TYPE"),
		_("ANSWERS"),
		_("TOOK"),
		_("READS"),
		_("ACTIONS"),
		_("SAYS"),
		NULL
	};
	struct cmd_table *t = cmd_table_new("lllrlll", headings);

	for (size_t i = 0; i < c->n; i++) {
		const struct connection *one = &c->items[i];
		struct strbuf took = STRBUF_INIT;

		if (one->probe.latency_ns)
			duration_human(&took, one->probe.latency_ns);
		cmd_table_cell(t, one->conf->name);
		cmd_table_cell(t, one->conf->type);
		cmd_table_cell(t, one->error ? _("no") : _("yes"));
		cmd_table_cell(t, took.len ? took.buf : NULL);
		cell_texts(t, &one->reads);
		cell_texts(t, &one->actions);
		cell_answer(t, one);
		strbuf_release(&took);
	}
	cmd_table_print(t);
}

static void json_texts(struct json *to, const char *key, const struct yaml_texts *texts)
{
	struct json *list = json_add_array(to, key);

	for (size_t i = 0; i < texts->n; i++)
		json_add_text(list, NULL, texts->items[i]);
}

void connections_json(struct json *to, const struct connections *c)
{
	struct json *list = json_add_array(to, "connections");

	for (size_t i = 0; i < c->n; i++) {
		const struct connection *from = &c->items[i];
		struct json *one = json_add_object(list, NULL);

		json_add_text(one, "source", from->conf->name);
		json_add_bool(one, "ok", !from->error);
		json_add_text(one, "version", from->probe.version);
		json_add_text(one, "detail", from->probe.detail);
		json_add_real(
			one, "latency_ms", (double)from->probe.latency_ns / NS_PER_MS);
		json_texts(one, "reads", &from->reads);
		json_texts(one, "actions", &from->actions);
		json_add_text(one, "error", from->error);
		json_add_text(one, "hint", from->hint);
	}
}
