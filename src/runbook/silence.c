#include "config.h"
#include "runbook/silence.h"

#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "store/observe.h"
#include "store/source.h"

static bool is_place(const struct source_conf *s)
{
	return !strcmp(s->type, "alertmanager") || !strcmp(s->type, "grafana");
}

/* True when the source holds the alert. */
static int holds(bool *out, struct arena *a, struct store *st, const char *source,
	const struct alert *alert, struct err *e)
{
	struct observed_list list;

	*out = !alert;
	if (!alert || !st)
		return 0;
	if (observed_at(
		    &list, a, st, REC_ALERT, source, alert->fingerprint, AT_NOW, 10, e))
		return -1;
	for (size_t i = 0; i < list.n; i++)
		*out |= !strcmp(((const struct alert *)list.items[i].record)->fingerprint,
			alert->fingerprint);
	return 0;
}

static bool answers(struct arena *a, struct store *st, const char *source)
{
	struct source_row row;
	struct err ignored = ERR_INIT;
	bool ok = !st || source_find(&row, a, st, source, &ignored) ||
		row.state == SRC_OK || row.state == SRC_PARTIAL || row.state == SRC_NEVER;

	err_release(&ignored);
	return ok;
}

/* The names of the peers that it told of; NULL: it stands alone, or was not asked. */
static char *cluster_of(struct store *st, const char *source)
{
	char *key = mem_format("cluster:%s", source);
	char *names = st ? store_get(st, key) : NULL;

	free(key);
	if (names && !*names) {
		free(names);
		names = NULL;
	}
	return names;
}

/* The place of the same cluster among those that were found; out->n: none. */
static size_t same_cluster(
	const struct silence_places *out, struct store *st, const char *source)
{
	char *mine = cluster_of(st, source);
	size_t i = 0;

	for (; mine && i < out->n; i++) {
		char *other = cluster_of(st, out->sources[i]);
		bool same = other && !strcmp(mine, other);

		free(other);
		if (same)
			break;
	}
	if (!mine)
		i = out->n;
	free(mine);
	return i;
}

static int collect(struct silence_places *out, struct arena *a, const struct config *c,
	const struct context_conf *context, struct store *st, const struct alert *alert,
	struct err *e)
{
	out->sources = arena_alloc(a, c->n_sources + 1, sizeof(*out->sources));
	for (size_t i = 0; i < c->n_sources; i++) {
		const struct source_conf *s = &c->sources[i];
		bool held = false;
		size_t at;

		if (!is_place(s) || (context && !context_has_source(context, s->name)))
			continue;
		if (holds(&held, a, st, s->name, alert, e))
			return -1;
		if (!held)
			continue;
		at = same_cluster(out, st, s->name);
		if (at == out->n)
			out->sources[out->n++] = s->name;
		else if (!answers(a, st, out->sources[at]) && answers(a, st, s->name))
			out->sources[at] = s->name;
	}
	return 0;
}

int silence_places(struct silence_places *out, struct arena *a, const struct config *c,
	const struct context_conf *context, struct store *st, const struct alert *alert,
	struct err *e)
{
	*out = (struct silence_places){0};
	if (collect(out, a, c, context, st, alert, e))
		return -1;
	/* One that only Prometheus knows may reach any of them yet. */
	if (!out->n && alert)
		return collect(out, a, c, context, st, NULL, e);
	return 0;
}

static bool is_private(const char *name)
{
	return name[0] == '_' && name[1] == '_';
}

void silence_matchers(struct strbuf *out, const struct alert *alert)
{
	struct err ignored = ERR_INIT;
	struct json *labels = NULL;
	const char *separator = "";

	if (alert->labels)
		(void)json_parse(&labels, alert->labels, strlen(alert->labels), &ignored);
	/* What people look for stands first. */
	for (int rest = 0; rest < 2; rest++) {
		json_each (label, labels) {
			bool is_name = !strcmp(json_key(label), "alertname");

			if (is_name == (rest == 1) || is_private(json_key(label)) ||
				!json_text(label))
				continue;
			strbuf_addf(out, "%s%s=", separator, json_key(label));
			json_quote(out, json_text(label));
			separator = ",";
		}
	}
	json_free(labels);
	err_release(&ignored);
}

void silence_matcher(struct strbuf *out, const char *word)
{
	if (strpbrk(word, "=!~{")) {
		strbuf_adds(out, word);
	} else {
		strbuf_adds(out, "alertname=");
		json_quote(out, word);
	}
}
