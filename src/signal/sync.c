#include "config.h"

#include "signal/sync.h"

#include <math.h>
#include <string.h>

#include "core/i18n.h"

/* What the variants say, counted. */
struct tally {
	size_t active, equal, named; /* of those that take traffic */
	bool pending; /* one that takes none yet is the expected version */
	double share, equal_share; /* of traffic; NAN: a variant does not say */
	const char *running;
	double running_share;
};

static bool same(const char *a, const char *b)
{
	return a && b && *a && strcmp(a, b) == 0;
}

static const struct model_version *find_version(
	const struct sync_input *in, const char *version)
{
	for (size_t i = 0; i < in->n_versions; i++) {
		if (same(in->versions[i].version, version))
			return &in->versions[i];
	}
	return NULL;
}

static bool is_expected(const struct serving *v, const struct sync_input *in)
{
	const struct model_version *version = find_version(in, in->pointer->version);

	return same(v->version, in->pointer->version) ||
		same(v->version, in->pointer->digest) ||
		(version && same(v->version, version->digest));
}

static struct tally count(const struct sync_input *in)
{
	struct tally t = {.running_share = -1};

	for (size_t i = 0; i < in->n_variants; i++) {
		const struct serving *v = &in->variants[i];
		bool expected = is_expected(v, in);

		if (v->ready == 0 || v->traffic <= 0) {
			t.pending = t.pending || expected;
			continue;
		}
		t.active++;
		t.equal += expected;
		t.named += v->version != NULL;
		t.share += v->traffic;
		t.equal_share += expected ? v->traffic : 0;
		if (v->version && (isnan(v->traffic) || v->traffic > t.running_share)) {
			t.running = v->version;
			t.running_share =
				isnan(v->traffic) ? t.running_share : v->traffic;
		}
	}
	return t;
}

static enum sync_state state_of_registry(const struct sync_input *in)
{
	if (!in->registry_ok)
		return SYNC_REGISTRY_UNREACHABLE;
	if (!in->pointer)
		return SYNC_POINTER_MISSING;
	if (!in->pointer->version || !*in->pointer->version)
		return SYNC_DANGLING;
	if (in->n_versions > 0 && !find_version(in, in->pointer->version))
		return SYNC_DANGLING;
	return SYNC_NONE;
}

static enum sync_state state_of_serving(
	const struct sync_input *in, const struct tally *t)
{
	if (!in->serving_ok || in->n_variants == 0)
		return SYNC_SERVING_UNKNOWN;
	if (t->active > 0 && t->named == 0)
		return SYNC_SERVING_UNKNOWN;
	if (t->active > 0 && t->equal == t->active)
		return SYNC_IN_SYNC;
	if (t->equal > 0)
		return SYNC_CANARY;
	if (t->pending)
		return SYNC_ROLLING_OUT;
	return t->active > 0 ? SYNC_DRIFT : SYNC_SERVING_UNKNOWN;
}

static const char *note_of(
	struct arena *a, const struct sync_result *r, const struct sync_input *in)
{
	switch (r->state) {
	case SYNC_REGISTRY_UNREACHABLE:
		return _("the registry did not answer in its last round");
	case SYNC_POINTER_MISSING:
		return _("the registry has no such alias, tag or stage");
	case SYNC_DANGLING:
		if (!r->expected)
			return _("the pointer names no version");
		return arena_format(a,
			_("the pointer names version %s, which the registry lacks"),
			r->expected);
	case SYNC_SERVING_UNKNOWN:
		if (!in->serving_ok)
			return _("serving did not answer in its last round");
		if (in->n_variants == 0)
			return _("serving reports no variant");
		return _("serving does not say which version takes traffic");
	case SYNC_IN_SYNC:
		return arena_format(a, _("all traffic is on version %s"), r->expected);
	case SYNC_CANARY:
		if (isnan(r->share))
			return arena_format(a, _("part of the traffic is on version %s"),
				r->expected);
		return arena_format(a, _("%.0f%% of the traffic is on version %s"),
			r->share * 100, r->expected);
	case SYNC_ROLLING_OUT:
		return arena_format(a,
			_("version %s is starting and takes no traffic yet"),
			r->expected);
	case SYNC_DRIFT:
		return arena_format(a, _("the pointer says version %s, serving runs %s"),
			r->expected, r->running);
	case SYNC_NONE:
	case SYNC_STATES: break;
	}
	return NULL;
}

void sync_check(struct sync_result *out, struct arena *a, const struct sync_input *in)
{
	*out = (struct sync_result){.state = state_of_registry(in), .share = NAN};
	if (in->pointer && in->pointer->version && *in->pointer->version)
		out->expected = in->pointer->version;
	if (out->state == SYNC_NONE) {
		struct tally t = count(in);

		out->state = state_of_serving(in, &t);
		out->running = t.running;
		if (t.share > 0)
			out->share = t.equal_share / t.share;
	}
	out->note = note_of(a, out, in);
}
