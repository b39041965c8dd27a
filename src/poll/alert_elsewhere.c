#include "config.h"

#include "poll/alert_elsewhere.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "core/clock.h"
#include "store/observe.h"

enum { KNOWN_LIMIT = 5000 };

struct lacking {
	UT_hash_handle hh;
	char *fingerprint; /* owned */
	int64_t since; /* of being unknown */
	bool seen; /* in this round */
};

struct alert_lacking {
	struct lacking *by_fingerprint;
};

/* The Alertmanagers' alerts, parsed once. */
struct known {
	struct json **labels;
	size_t n;
	bool any; /* there is an Alertmanager */
};

struct alert_lacking *alert_lacking_new(void)
{
	return mem_new(1, sizeof(struct alert_lacking));
}

static void lacking_drop(struct alert_lacking *l, struct lacking *one)
{
	HASH_DEL(l->by_fingerprint, one);
	free(one->fingerprint);
	free(one);
}

void alert_lacking_free(struct alert_lacking *l)
{
	struct lacking *one, *next;

	if (!l)
		return;
	HASH_ITER (hh, l->by_fingerprint, one, next)
		lacking_drop(l, one);
	free(l);
}

bool alert_labels_within(const struct json *labels, const struct json *known)
{
	json_each (label, labels) {
		const char *here = json_text(label);
		const char *there = json_text(json_get(known, json_key(label)));

		if (!here || !there || strcmp(here, there))
			return false;
	}
	return json_count(labels) > 0;
}

/* --- what is known --- */

static int known_add(
	struct known *k, const struct round *r, const char *source, struct err *e)
{
	struct observed_list list;
	struct json **grown;

	if (observed_at(&list, r->arena, r->store, REC_ALERT, source, NULL, AT_NOW,
		    KNOWN_LIMIT, e) < 0)
		return -1;
	grown = arena_alloc(r->arena, k->n + list.n + 1, sizeof(struct json *));
	if (k->n)
		memcpy(grown, k->labels, k->n * sizeof(struct json *));
	k->labels = grown;
	for (size_t i = 0; i < list.n; i++) {
		const struct alert *alert = list.items[i].record;
		struct err ignored = ERR_INIT;

		if (alert->labels &&
			json_parse(&k->labels[k->n], alert->labels, strlen(alert->labels),
				&ignored) == 0)
			k->n++;
		err_release(&ignored);
	}
	return 0;
}

static int known_read(struct known *k, const struct round *r, struct err *e)
{
	for (size_t i = 0; i < r->config->n_sources; i++) {
		const struct source_conf *s = &r->config->sources[i];

		if (strcmp(s->type, "alertmanager") ||
			(r->context && !context_has_source(r->context, s->name)))
			continue;
		k->any = true;
		if (known_add(k, r, s->name, e) < 0)
			return -1;
	}
	return 0;
}

static void known_release(struct known *k)
{
	for (size_t i = 0; i < k->n; i++)
		json_free(k->labels[i]);
}

static bool is_known(const struct known *k, const struct alert *alert)
{
	struct json *labels = NULL;
	struct err ignored = ERR_INIT;
	bool found = false;

	if (json_parse(&labels, alert->labels, strlen(alert->labels), &ignored) == 0) {
		for (size_t i = 0; i < k->n && !found; i++)
			found = alert_labels_within(labels, k->labels[i]);
	}
	json_free(labels);
	err_release(&ignored);
	return found;
}

/* --- since when it is not --- */

static bool may_still_reach(struct alert_lacking *l, const char *fingerprint, int64_t now)
{
	struct lacking *one;

	HASH_FIND_STR(l->by_fingerprint, fingerprint, one);
	if (!one) {
		one = mem_new(1, sizeof(*one));
		one->fingerprint = mem_strdup(fingerprint);
		one->since = now;
		HASH_ADD_KEYPTR(hh, l->by_fingerprint, one->fingerprint,
			strlen(fingerprint), one);
	}
	one->seen = true;
	return now - one->since < ALERT_REACHES_NS;
}

static void unseen_drop(struct alert_lacking *l)
{
	struct lacking *one, *next;

	HASH_ITER (hh, l->by_fingerprint, one, next) {
		if (!one->seen)
			lacking_drop(l, one);
		else
			one->seen = false;
	}
}

int alert_lacking_filter(struct alert_lacking *l, struct alert_list *list,
	const struct round *r, struct err *e)
{
	struct known known = {0};
	int rc = known_read(&known, r, e);
	size_t kept = 0;

	for (size_t i = 0; i < list->n && rc == 0 && known.any; i++) {
		const struct alert *alert = &list->items[i];
		bool fires = !strcmp(alert->state, "firing");

		if (fires &&
			(is_known(&known, alert) ||
				may_still_reach(l, alert->fingerprint, r->now)))
			continue;
		list->items[kept++] = *alert;
	}
	if (rc == 0 && known.any) {
		list->n = kept;
		unseen_drop(l);
	}
	known_release(&known);
	return rc;
}
