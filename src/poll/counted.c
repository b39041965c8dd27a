#include "config.h"

#include "poll/counted.h"

#include <math.h>
#include <string.h>

#include "core/i18n.h"
#include "core/json.h"
#include "core/log.h"
#include "core/mem.h"
#include "poll/slos.h"

/* More boundaries than this no histogram has. */
enum { MOST_BOUNDS = 1000 };

static int part_parse(
	struct counter_expr *out, struct arena *a, const char *promql, struct err *e)
{
	return promql ? counter_parse(out, a, promql, e) : 0;
}

/* Every term asks for the group's labels besides. */
static void group_demand(struct counter_expr *c, struct arena *a, const char *group)
{
	struct json *labels = NULL;
	struct err e = ERR_INIT;

	if (json_parse(&labels, group, strlen(group), &e) < 0)
		log_warn("%s: %s", __func__, e.what);
	for (size_t i = 0; i < c->n; i++) {
		struct counter_term *t = &c->terms[i];

		json_each (item, labels)
			*arena_push(a, t->matchers, t->n, t->cap) =
				(struct counter_matcher){
					.name = arena_strdup(a, json_key(item)),
					.value = arena_strdup(a, json_text(item)),
					.op = MATCH_EQUAL,
				};
	}
	json_free(labels);
	err_release(&e);
}

int counted_init(struct counted *c, struct arena *a, const struct sli *sli,
	const char *group, const struct latency *latency, struct err *e)
{
	const char *const parts[COUNTED_PARTS] = {sli->good, sli->bad, sli->total};

	*c = (struct counted){0};
	if (sli->kind != SLI_RATIO || (!sli->total && !(sli->good && sli->bad)))
		return err_set(e, ERR_INPUT, _("it is no ratio of counters"));
	for (int part = 0; part < COUNTED_PARTS; part++) {
		if (part_parse(&c->parts[part], a, parts[part], e) < 0) {
			counted_release(c);
			return -1;
		}
		if (group)
			group_demand(&c->parts[part], a, group);
	}
	c->latency = latency && part_parse(&c->buckets, a, latency->buckets, e) == 0;
	c->learning = c->latency;
	c->usable = true;
	return 0;
}

void counted_release(struct counted *c)
{
	for (int part = 0; part < COUNTED_PARTS; part++)
		counter_release(&c->parts[part]);
	counter_release(&c->buckets);
	*c = (struct counted){0};
}

static bool any_matches(const struct counter_expr *c, const char *name,
	const struct metric_label *labels, size_t n)
{
	for (size_t i = 0; i < c->n; i++) {
		if (counter_matches(&c->terms[i], name, labels, n))
			return true;
	}
	return false;
}

bool counted_takes(const struct counted *c, const char *name,
	const struct metric_label *labels, size_t n)
{
	for (int part = 0; part < COUNTED_PARTS; part++) {
		if (any_matches(&c->parts[part], name, labels, n))
			return true;
	}
	/* The one that will be chosen has to begin with the others. */
	return c->learning && any_matches(&c->buckets, name, labels, n);
}

double counted_weight(const struct counted *c, enum counted_part part, const char *name,
	const struct metric_label *labels, size_t n)
{
	const struct counter_expr *expr = &c->parts[part];
	double weight = 0;

	for (size_t i = 0; i < expr->n; i++) {
		if (counter_matches(&expr->terms[i], name, labels, n))
			weight += expr->terms[i].sign;
	}
	return weight;
}

void counted_look(struct counted *c, struct arena *a, const char *name,
	const struct metric_label *labels, size_t n)
{
	double bound = NAN;

	if (!c->latency || !any_matches(&c->buckets, name, labels, n))
		return;
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(labels[i].name, "le"))
			bound = latency_bound(labels[i].value);
	}
	for (size_t i = 0; i < c->n_bounds; i++) {
		if (!(c->bounds[i] < bound) && !(c->bounds[i] > bound))
			return;
	}
	if (isnan(bound) || c->n_bounds == MOST_BOUNDS)
		return;
	*arena_push(a, c->bounds, c->n_bounds, c->cap_bounds) = bound;
	c->news = true;
}

const char *counted_group(struct arena *a, const char *grouping,
	const struct metric_label *labels, size_t n)
{
	struct json *all = json_object();
	const char *key;

	for (size_t i = 0; i < n; i++)
		json_add_text(all, labels[i].name, labels[i].value);
	key = slo_group_key(a, all, grouping);
	json_free(all);
	return key;
}
