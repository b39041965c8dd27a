/* alert_group.c - what Alertmanager tells together, and its silences */
#include "config.h"
#include "poll/alert_answer.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "model/record.h"
#include "poll/alert_route.h"

static const char *text_or_null(const struct json *j, const char *key)
{
	const char *text = json_text(json_get(j, key));

	return text && *text ? text : NULL;
}

static int64_t time_or_none(const struct json *j, const char *key)
{
	const char *text = text_or_null(j, key);
	struct err ignored = ERR_INIT;
	int64_t at = NONE_INT;

	if (text && strncmp(text, "0001-", 5) && time_parse(&at, text, &ignored) < 0)
		at = NONE_INT;
	err_release(&ignored);
	return at;
}

/* --- groups --- */

/* An alert of a group. */
struct place {
	const char *fingerprint; /* borrowed: from the document */
	const struct json *group;
};

struct places {
	struct place *items; /* arena */
	size_t n, cap;
};

static int by_fingerprint(const void *a, const void *b)
{
	return strcmp(((const struct place *)a)->fingerprint,
		((const struct place *)b)->fingerprint);
}

static void list_places(struct places *out, struct arena *a, const struct json *groups)
{
	json_each (group, groups) {
		json_each (alert, json_get(group, "alerts")) {
			const char *fingerprint = text_or_null(alert, "fingerprint");

			if (fingerprint)
				*arena_push(a, out->items, out->n, out->cap) =
					(struct place){fingerprint, group};
		}
	}
	if (out->n)
		qsort(out->items, out->n, sizeof(*out->items), by_fingerprint);
}

static void add_group(
	struct json *to, const struct json *group, const struct route_tree *routes)
{
	const char *receiver = json_text_at(group, "receiver.name");
	const struct json *labels = json_get(group, "labels");
	struct json *one = json_add_object(to, NULL);
	struct strbuf key = STRBUF_INIT;

	json_add_text(one, "receiver", receiver);
	json_add(one, "labels",
		json_type(labels) == JSON_OBJECT ? json_copy(labels) : json_object());
	if (route_dedup_key(&key, routes, receiver, labels))
		json_add_text(one, "key", key.buf);
	strbuf_release(&key);
}

static size_t first_place(const struct places *places, const char *fingerprint)
{
	size_t low = 0, high = places->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(places->items[mid].fingerprint, fingerprint) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void alerts_parse_groups(struct alert_list *list, struct arena *a,
	const struct json *groups, const char *config)
{
	struct places places = {0};
	struct route_tree *routes = route_tree_parse(config);

	list_places(&places, a, groups);
	for (size_t i = 0; i < list->n && places.n; i++) {
		struct alert *alert = &list->items[i];
		struct json *own = json_array();
		struct strbuf text = STRBUF_INIT;

		for (size_t k = first_place(&places, alert->fingerprint); k < places.n &&
			!strcmp(places.items[k].fingerprint, alert->fingerprint);
			k++)
			add_group(own, places.items[k].group, routes);
		if (json_count(own)) {
			json_canonical(&text, own);
			alert->groups = arena_strdup(a, text.buf);
		}
		strbuf_release(&text);
		json_free(own);
	}
	route_tree_free(routes);
}

/* --- silences --- */

static const char *operator_of(const struct json *m)
{
	bool equal = json_bool(json_get(m, "isEqual"), true);

	if (json_bool(json_get(m, "isRegex"), false))
		return equal ? "=~" : "!~";
	return equal ? "=" : "!=";
}

static const char *matchers_text(struct arena *a, const struct json *list)
{
	struct strbuf text = STRBUF_INIT;
	const char *out;

	json_each (m, list) {
		const char *name = json_text(json_get(m, "name"));
		const char *value = json_text(json_get(m, "value"));

		strbuf_addf(&text, "%s%s%s", text.len ? "," : "", name ? name : "",
			operator_of(m));
		json_quote(&text, value ? value : "");
	}
	out = arena_strdup(a, text.buf);
	strbuf_release(&text);
	return out;
}

static int64_t count_alerts(const struct json *alerts, const char *id)
{
	int64_t n = 0;

	json_each (alert, alerts) {
		json_each (by, json_at(alert, "status.silencedBy"))
			n += json_text(by) && !strcmp(json_text(by), id);
	}
	return n;
}

void silences_parse(struct silence_list *out, struct arena *a, const char *source,
	const char *url, const struct json *silences, const struct json *alerts)
{
	*out = (struct silence_list){0};
	json_each (item, silences) {
		const char *id = text_or_null(item, "id");
		const char *state = json_text_at(item, "status.state");
		struct silence *s;

		if (!id || !state || !strcmp(state, "expired"))
			continue;
		s = arena_push(a, out->items, out->n, out->cap);
		*s = (struct silence){
			.source = source,
			.id = arena_strdup(a, id),
			.state = arena_strdup(a, state),
			.matchers = matchers_text(a, json_get(item, "matchers")),
			.comment = arena_strdup(a, text_or_null(item, "comment")),
			.created_by = arena_strdup(a, text_or_null(item, "createdBy")),
			.starts = time_or_none(item, "startsAt"),
			.ends = time_or_none(item, "endsAt"),
			.updated = time_or_none(item, "updatedAt"),
			.alerts = count_alerts(alerts, id),
			.url = arena_format(a, "%s/#/silences/%s", url, id),
		};
	}
}
