#include "config.h"

#include "signal/sync.h"

#include <math.h>
#include <string.h>

#include "core/i18n.h"

/* What the variants say, counted. */
struct tally {
	size_t active, equal, unknown; /* of those that take traffic */
	bool pending; /* one that takes none yet is the expected version */
	double share, equal_share; /* of traffic; NAN: a variant does not say */
	const char *running, *other_model;
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

enum match { MATCH_UNKNOWN, MATCH_NO, MATCH_YES };

/* "sha256:..." against "sha256:..."; "md5:..." or an "etag:..." of the same content is another text. */
static enum match match_digests(const char *a, const char *b)
{
	size_t n = a ? strcspn(a, ":") : 0;

	if (!a || !b || !*a || !*b || strcspn(b, ":") != n || !a[n] != !b[n] ||
		(a[n] && strncmp(a, b, n) != 0))
		return MATCH_UNKNOWN;
	return strcmp(a, b) == 0 ? MATCH_YES : MATCH_NO;
}

/* "main.ml.ranker" and "team/ranker" end in what others call it by. */
static const char *last_name(const char *model)
{
	const char *slash = strrchr(model, '/'), *dot = strrchr(model, '.');

	if (slash)
		return slash + 1;
	return dot ? dot + 1 : model;
}

static bool same_model(const char *a, const char *b)
{
	return !a || !b || !*a || !*b || strcmp(a, b) == 0 ||
		strcmp(last_name(a), last_name(b)) == 0;
}

static enum match match_of(const struct serving *v, const struct sync_input *in)
{
	const struct pointer *p = in->pointer;
	const struct model_version *version = find_version(in, p->version);
	enum match by_digest = match_digests(v->digest, p->digest);

	if (by_digest == MATCH_UNKNOWN && version)
		by_digest = match_digests(v->digest, version->digest);
	if (by_digest != MATCH_UNKNOWN)
		return by_digest;
	if (same(v->version, p->digest) || (version && same(v->version, version->digest)))
		return MATCH_YES;
	if (!v->version || !*v->version)
		return MATCH_UNKNOWN;
	if (!same(v->version, p->version))
		return MATCH_NO;
	/* Version 8 of another model is not this one's. */
	return same_model(v->model, p->model) ? MATCH_YES : MATCH_NO;
}

static struct tally count(const struct sync_input *in)
{
	struct tally t = {.running_share = -1};

	for (size_t i = 0; i < in->n_variants; i++) {
		const struct serving *v = &in->variants[i];
		enum match match = match_of(v, in);
		const char *name = v->version && *v->version ? v->version : v->digest;

		if (v->ready == 0 || v->traffic <= 0) {
			t.pending = t.pending || match == MATCH_YES;
			continue;
		}
		t.active++;
		t.equal += match == MATCH_YES;
		t.unknown += match == MATCH_UNKNOWN;
		t.share += v->traffic;
		t.equal_share += match == MATCH_YES ? v->traffic : 0;
		if (name && (isnan(v->traffic) || v->traffic > t.running_share)) {
			t.running = name;
			t.other_model = same_model(v->model, in->pointer->model)
				? NULL
				: v->model;
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
		return in->pointer->digest && *in->pointer->digest ? SYNC_NONE
								   : SYNC_DANGLING;
	if (in->n_versions > 0 && !find_version(in, in->pointer->version))
		return SYNC_DANGLING;
	return SYNC_NONE;
}

static enum sync_state state_of_serving(
	const struct sync_input *in, const struct tally *t)
{
	if (!in->serving_ok || in->n_variants == 0)
		return SYNC_SERVING_UNKNOWN;
	/* What is not known is not in sync, and may be no canary either. */
	if (t->active > 0 && t->unknown + t->equal == t->active && t->unknown > 0)
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
		if (r->other_model)
			return arena_format(a,
				_("the pointer says version %s of '%s', serving runs %s "
				  "of "
				  "'%s'"),
				r->expected, in->pointer->model, r->running,
				r->other_model);
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
	else if (in->pointer && in->pointer->digest && *in->pointer->digest)
		out->expected = in->pointer->digest;
	if (out->state == SYNC_NONE) {
		struct tally t = count(in);

		out->state = state_of_serving(in, &t);
		out->running = t.running;
		out->other_model = t.other_model;
		if (t.share > 0)
			out->share = t.equal_share / t.share;
	}
	out->note = note_of(a, out, in);
}
