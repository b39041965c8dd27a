#include "config.h"
#include "lab/rollout.h"

#include <math.h>
#include <string.h>

#include "core/i18n.h"

struct variant *rollout_variant(struct rollout *r, int64_t version)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->variants[i].version == version)
			return &r->variants[i];
	return NULL;
}

bool rollout_moving(const struct rollout *r)
{
	return r->next || r->wanted != r->target;
}

int64_t rollout_main(const struct rollout *r)
{
	const struct variant *best = NULL;

	for (size_t i = 0; i < r->n; i++)
		if (!best || r->variants[i].traffic > best->traffic)
			best = &r->variants[i];
	return best ? best->version : 0;
}

void rollout_begin(struct rollout *r, int64_t version, int64_t at)
{
	*r = (struct rollout){.n = 1, .wanted = version, .target = version};
	r->variants[0] = (struct variant){
		.version = version, .traffic = 1, .ready = true, .changed = at};
}

static struct variant *add(struct rollout *r, int64_t version, int64_t now)
{
	struct variant *v;

	if (r->n == ROLLOUT_VARIANTS) {
		size_t oldest = r->n;

		for (size_t i = 0; i < r->n; i++)
			if (r->variants[i].traffic <= 0 &&
				(oldest == r->n ||
					r->variants[i].changed <
						r->variants[oldest].changed))
				oldest = i;
		if (oldest == r->n)
			return NULL;
		memmove(&r->variants[oldest], &r->variants[oldest + 1],
			(r->n - oldest - 1) * sizeof(r->variants[0]));
		r->n--;
	}
	v = &r->variants[r->n++];
	*v = (struct variant){.version = version, .changed = now};
	return v;
}

static void give(struct variant *v, double traffic, int64_t now)
{
	if (traffic < 1e-9)
		traffic = 0;
	if (fabs(v->traffic - traffic) < 1e-9)
		return;
	v->traffic = traffic;
	v->changed = now;
}

/* The one that takes the rest when nobody else has traffic: ready, not held, served last. */
static struct variant *stand_in(struct rollout *r, const struct variant *besides)
{
	struct variant *best = NULL;

	for (size_t i = 0; i < r->n; i++) {
		struct variant *v = &r->variants[i];

		if (v == besides || !v->ready || v->held)
			continue;
		if (!best || v->version == r->target ||
			(best->version != r->target && v->changed > best->changed))
			best = v;
	}
	return best;
}

/* v takes the share, the others what is left, in the proportions they have. */
static bool share_out(struct rollout *r, struct variant *v, double traffic, int64_t now)
{
	double others = 0;
	struct variant *rest;

	for (size_t i = 0; i < r->n; i++)
		if (&r->variants[i] != v)
			others += r->variants[i].traffic;
	rest = others > 1e-9 ? NULL : stand_in(r, v);
	if (traffic < 1 - 1e-9 && others <= 1e-9 && !rest)
		return false;
	for (size_t i = 0; i < r->n; i++)
		if (&r->variants[i] != v && others > 1e-9)
			give(&r->variants[i],
				r->variants[i].traffic / others * (1 - traffic), now);
	if (rest)
		give(rest, 1 - traffic, now);
	give(v, traffic, now);
	return true;
}

/* One stage of the rollout is due. */
static void advance(struct rollout *r, const struct rollout_plan *plan)
{
	struct variant *v = rollout_variant(r, r->target);
	int64_t due = r->next;

	if (!v)
		v = add(r, r->target, due);
	if (!v || v->held) {
		r->next = 0;
		return;
	}
	if (!v->ready) {
		v->ready = true;
		v->changed = due;
	}
	if (plan->stages[r->stage] > v->traffic)
		share_out(r, v, plan->stages[r->stage], due);
	r->stage++;
	r->next = r->stage < plan->n_stages ? due + plan->stage_ns : 0;
	if (v->traffic >= 1 - 1e-9)
		r->next = 0;
}

void rollout_follow(
	struct rollout *r, const struct rollout_plan *plan, int64_t alias, int64_t now)
{
	if (alias && alias != r->wanted) {
		r->wanted = alias;
		r->since = now;
	}
	if (r->wanted != r->target && now >= r->since + plan->follow_ns) {
		r->target = r->wanted;
		r->stage = 0;
		r->next = r->since + plan->follow_ns;
		if (!rollout_variant(r, r->target))
			add(r, r->target, r->next);
	}
	while (r->next && now >= r->next)
		advance(r, plan);
}

int rollout_set(
	struct rollout *r, int64_t version, double traffic, int64_t now, struct err *e)
{
	struct variant *v = rollout_variant(r, version);

	if (!v)
		return err_set(e, ERR_NOT_FOUND, _("version %lld does not run here"),
			(long long)version);
	if (!(traffic >= 0 && traffic <= 1))
		return err_set(e, ERR_INPUT, _("traffic is a share from 0 to 1"));
	if (traffic > 0 && !v->ready)
		return err_set(e, ERR_CONFLICT, _("version %lld is not ready"),
			(long long)version);
	if (!share_out(r, v, traffic, now))
		return err_set(e, ERR_CONFLICT,
			_("nothing else is ready to take what version %lld gives up"),
			(long long)version);
	v->held = traffic <= 0;
	r->next = 0; /* weights set by hand end a rollout that is under way */
	return 0;
}
