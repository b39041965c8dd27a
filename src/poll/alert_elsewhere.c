#include "config.h"

#include "poll/alert_elsewhere.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "core/clock.h"
#include "store/alerts.h"

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

/* An Alertmanager's alert, its labels parsed once. */
struct known_one {
	const struct alert *alert; /* arena */
	struct json *labels; /* owned */
};

struct known {
	struct known_one *items;
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
	struct known_one *grown;

	if (observed_at(&list, r->arena, r->store, REC_ALERT, source, NULL, AT_NOW,
		    KNOWN_LIMIT, e) < 0)
		return -1;
	grown = arena_alloc(r->arena, k->n + list.n + 1, sizeof(*grown));
	if (k->n)
		memcpy(grown, k->items, k->n * sizeof(*grown));
	k->items = grown;
	for (size_t i = 0; i < list.n; i++) {
		struct known_one *one = &k->items[k->n];
		struct err ignored = ERR_INIT;

		one->alert = list.items[i].record;
		if (one->alert->labels &&
			json_parse(&one->labels, one->alert->labels,
				strlen(one->alert->labels), &ignored) == 0)
			k->n++;
		err_release(&ignored);
	}
	return 0;
}

/* Who holds alerts for those whom they concern. */
static bool is_holder(const struct source_conf *s)
{
	return !strcmp(s->type, "alertmanager") || !strcmp(s->type, "grafana");
}

static int known_read(struct known *k, const struct round *r, struct err *e)
{
	for (size_t i = 0; i < r->config->n_sources; i++) {
		const struct source_conf *s = &r->config->sources[i];

		if (!is_holder(s) ||
			(r->context && !context_has_source(r->context, s->name)))
			continue;
		k->any |= !strcmp(s->type, "alertmanager");
		if (known_add(k, r, s->name, e) < 0)
			return -1;
	}
	return 0;
}

static void known_release(struct known *k)
{
	for (size_t i = 0; i < k->n; i++)
		json_free(k->items[i].labels);
}

static bool is_absent(const struct alert *alert)
{
	return alert->state && !strcmp(alert->state, "absent");
}

static bool same_name(const struct alert *a, const struct alert *b)
{
	return !a->name || !b->name || !strcmp(a->name, b->name);
}

/*
 * Tell each Alertmanager's alert that is this one since when its condition is true; its number of
 * them.
 */
static int tell_known(const struct known *k, const struct round *r,
	const struct alert *alert, size_t *found, struct err *e)
{
	struct json *labels = NULL;
	struct err ignored = ERR_INIT;
	int rc = 0;

	*found = 0;
	if (json_parse(&labels, alert->labels, strlen(alert->labels), &ignored) < 0) {
		err_release(&ignored);
		return 0;
	}
	for (size_t i = 0; i < k->n && rc == 0; i++) {
		const struct alert *theirs = k->items[i].alert;
		const struct alert_onset o = {.source = theirs->source,
			.fingerprint = theirs->fingerprint,
			.onset = alert->onset,
			.value = alert->value};

		if (!same_name(alert, theirs) || is_absent(theirs) ||
			!alert_labels_within(labels, k->items[i].labels))
			continue;
		++*found;
		if (theirs->onset != o.onset || theirs->value != o.value)
			rc = alert_onset_put(r->store, &o, e);
	}
	json_free(labels);
	return rc;
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

static int filter(struct alert_lacking *l, const struct known *known,
	struct alert_list *list, const struct round *r, struct err *e)
{
	size_t kept = 0, found;

	for (size_t i = 0; i < list->n; i++) {
		const struct alert alert = list->items[i];

		if (!strcmp(alert.state, "firing")) {
			if (tell_known(known, r, &alert, &found, e) < 0)
				return -1;
			if (found || may_still_reach(l, alert.fingerprint, r->now))
				continue;
		}
		list->items[kept++] = alert;
	}
	list->n = kept;
	unseen_drop(l);
	return 0;
}

int alert_lacking_filter(struct alert_lacking *l, struct alert_list *list,
	const struct round *r, struct err *e)
{
	struct known known = {0};
	int rc = known_read(&known, r, e);

	if (rc == 0 && known.any) {
		rc = store_begin(r->store, e);
		if (rc == 0) {
			rc = source_check(r->store, r->source_id, r->generation, e);
			if (rc == 0)
				rc = filter(l, &known, list, r, e);
			if (rc == 0)
				rc = store_commit(r->store, e);
			else
				store_rollback(r->store);
		}
	}
	known_release(&known);
	return rc;
}
