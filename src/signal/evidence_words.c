#include "config.h"

#include "signal/evidence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "core/strbuf.h"
#include "core/text.h"

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static const char *span_text(struct arena *a, int64_t ns)
{
	struct strbuf sb = STRBUF_INIT;
	const char *out;

	duration_human(&sb, ns < 0 ? -ns : ns);
	out = arena_strdup(a, sb.buf);
	strbuf_release(&sb);
	return out;
}

/* A value on the line: digests by their first digits. */
static const char *value_text(struct arena *a, const char *value)
{
	struct strbuf sb = STRBUF_INIT;
	const char *out;

	text_short(&sb, value);
	out = arena_strdup(a, sb.buf);
	strbuf_release(&sb);
	return out;
}

/* "tool-schema/agent/tool": the type in words, and the name. */
static const char *definition_text(struct arena *a, const struct change *c)
{
	static const struct {
		const char *type, *title;
	} titles[] = {
		{"agent-graph", N_("agent graph")},
		{"tool-schema", N_("tool schema")},
		{"feature", N_("feature")},
		{"data-snapshot", N_("data snapshot")},
		{"configuration", N_("configuration")},
		{"deployment", N_("deployment")},
	};
	const char *object = c->object ? c->object : "";
	const char *slash = strchr(object, '/');
	const char *name = slash ? slash + 1 : object;

	for (size_t i = 0; slash && i < ARRAY_LEN(titles); i++)
		if (strlen(titles[i].type) == (size_t)(slash - object) &&
			!strncmp(titles[i].type, object, (size_t)(slash - object)))
			/* TRANSLATORS: "tool schema" of "checkout-agent/refund" */
			return arena_format(a, _("%s of %s"), _(titles[i].title), name);
	return object;
}

static const char *definition_what(struct arena *a, const struct change *c)
{
	const char *what = definition_text(a, c);

	/* Digests of what is before and after say nothing to a person. */
	if (same(c->field, "digest"))
		return arena_format(a, _("%s changed"), what);
	if (c->field && c->before && c->after)
		return arena_format(
			a, _("%s went from %s to %s"), what, c->before, c->after);
	if (c->field)
		return arena_format(
			a, _("%s became %s"), what, c->after ? c->after : "-");
	return arena_format(
		a, c->before && !c->after ? _("%s went away") : _("%s appeared"), what);
}

static const char *what_text(struct arena *a, const struct change *c)
{
	const struct record_def *def = record_def(c->kind);
	const char *title = def ? _(def->title) : "";
	const char *object = c->object ? c->object : "";
	const char *what;
	struct strbuf entries = STRBUF_INIT;

	if (c->kind == REC_DEFINITION)
		return definition_what(a, c);
	if (c->field && c->before && c->after && change_entries(&entries, c)) {
		what = arena_format(a, _("%s of %s %s changed"), c->field, title, object);
		what = arena_format(a, "%s (%s)", what, entries.buf);
		strbuf_release(&entries);
		return what;
	}
	strbuf_release(&entries);
	if (c->field && c->before && c->after)
		return arena_format(a, _("%s of %s %s went from %s to %s"), c->field,
			title, object, value_text(a, c->before), value_text(a, c->after));
	if (c->field && c->after)
		return arena_format(a, _("%s of %s %s became %s"), c->field, title,
			object, value_text(a, c->after));
	if (c->field)
		return arena_format(a, _("%s of %s %s changed"), c->field, title, object);
	if (c->before && !c->after)
		return arena_format(a, _("%s %s went away"), title, object);
	return arena_format(a, _("%s %s appeared"), title, object);
}

static const char *when_text(struct arena *a, const char *what, const struct evidence *ev)
{
	const char *late = span_text(a, ev->before_ns);
	const char *early = span_text(a, ev->earliest_ns);

	if (ev->earliest_ns == ev->before_ns)
		return arena_format(a,
			ev->before_ns >= 0
				/* TRANSLATORS: what changed; how long before */
				? _("%s, %s before the burn began")
				: _("%s, %s after the burn began"),
			what, late);
	if (ev->before_ns >= 0)
		/* TRANSLATORS: what changed; "40m"; "10m" */
		return arena_format(a, _("%s, between %s and %s before the burn began"),
			what, early, late);
	if (ev->earliest_ns >= 0)
		return arena_format(a,
			_("%s, between %s before the burn began and %s after it"), what,
			early, late);
	return arena_format(
		a, _("%s, between %s and %s after the burn began"), what, early, late);
}

static const char *relation_text(enum relation r)
{
	static const char *const texts[RELATIONS] = {
		[REL_NONE] = "",
		[REL_OWN] = N_("it belongs to the service"),
		[REL_NAMED] = N_("its name is the service's"),
		[REL_BLANK] = N_("the service is not configured"),
		[REL_OPEN] = N_("no service is configured with it"),
		[REL_SIBLING] = N_("the service does not follow this name of its model"),
		[REL_NOBODY] = N_("nothing ties it to the service"),
		[REL_OTHER] = N_("it belongs to another service"),
	};

	return *texts[r] ? _(texts[r]) : "";
}

static const char *traffic_text(struct arena *a, const struct suspect *s)
{
	const struct change *c = s->change;

	if (s->taken_up) {
		const char *after = span_text(a, s->taken_up->at - c->at);

		if (isnan(s->taken_up->weight))
			return arena_format(a, _("serving took it up %s later"), after);
		/* TRANSLATORS: "40s"; a percentage */
		return arena_format(a,
			_("serving took it up %s later, first with %.3g%% of the "
			  "traffic"),
			after, s->taken_up->weight * 100);
	}
	if (c->kind != REC_SERVING || isnan(c->weight))
		return NULL;
	return arena_format(a, _("it took %.3g%% of the traffic"), c->weight * 100);
}

static void clause(struct strbuf *out, const char *text)
{
	if (!text || !*text)
		return;
	if (out->len)
		strbuf_adds(out, _("; "));
	strbuf_adds(out, text);
}

const char *evidence_words(
	struct arena *a, const struct suspect *s, const struct evidence *ev)
{
	struct strbuf sb = STRBUF_INIT;
	const char *out;

	clause(&sb, when_text(a, what_text(a, s->change), ev));
	clause(&sb, relation_text(ev->relation));
	clause(&sb, traffic_text(a, s));
	if (ev->kind < 0.1)
		clause(&sb, _("such a change breaks nothing"));
	if (s->change->gap)
		clause(&sb, _("nobody watched then"));
	if (s->change->from_history)
		clause(&sb, _("known from the source's own history"));
	out = arena_strdup(a, sb.buf);
	strbuf_release(&sb);
	return out;
}

/* --- none --- */

enum doubt {
	DOUBT_OTHER,
	DOUBT_UNTIED,
	DOUBT_KIND,
	DOUBT_TRAFFIC,
	DOUBT_AFTER,
	DOUBT_LONG_AGO,
	DOUBTS,
};

/* The factor that speaks most against it. */
static enum doubt doubt_of(const struct evidence *ev)
{
	double lowest = ev->time;
	enum doubt d = ev->earliest_ns < 0 ? DOUBT_AFTER : DOUBT_LONG_AGO;

	if (ev->relation == REL_OTHER)
		return DOUBT_OTHER;
	if (ev->traffic < lowest) {
		lowest = ev->traffic;
		d = DOUBT_TRAFFIC;
	}
	if (ev->kind < lowest) {
		lowest = ev->kind;
		d = DOUBT_KIND;
	}
	if (ev->relation >= REL_SIBLING && lowest > 0.15)
		d = DOUBT_UNTIED;
	return d;
}

static const char *count_text(struct arena *a, enum doubt d, size_t n)
{
	unsigned long k = n;

	switch (d) {
	case DOUBT_OTHER:
		return arena_format(a,
			ngettext("%zu belongs to another service",
				"%zu belong to other services", k),
			n);
	case DOUBT_UNTIED:
		return arena_format(a,
			ngettext("nothing ties %zu to this one",
				"nothing ties %zu to this one", k),
			n);
	case DOUBT_KIND:
		return arena_format(a,
			ngettext("%zu changes nothing that answers requests",
				"%zu change nothing that answers requests", k),
			n);
	case DOUBT_TRAFFIC:
		return arena_format(a,
			ngettext("%zu took too little traffic",
				"%zu took too little traffic", k),
			n);
	case DOUBT_AFTER:
		return arena_format(a,
			ngettext("%zu came after the onset", "%zu came after the onset",
				k),
			n);
	case DOUBT_LONG_AGO:
		return arena_format(
			a, ngettext("%zu was long before", "%zu were long before", k), n);
	case DOUBTS: break;
	}
	return "";
}

const char *evidence_none(
	struct arena *a, const struct evidence *evidence, size_t n, const char *service)
{
	size_t counts[DOUBTS] = {0};
	struct strbuf sb = STRBUF_INIT;
	const char *out;

	if (!n)
		return arena_format(a,
			_("nothing was seen to change in the day before '%s' began to "
			  "burn"),
			service);
	for (size_t i = 0; i < n; i++)
		counts[doubt_of(&evidence[i])]++;
	for (int d = 0; d < DOUBTS; d++)
		if (counts[d])
			clause(&sb, count_text(a, (enum doubt)d, counts[d]));
	/* TRANSLATORS: a count; reasons with their counts, separated by ";" */
	out = arena_format(a,
		ngettext("%zu change, and it does not fit: %s",
			"none of %zu changes fits: %s", (unsigned long)n),
		n, sb.buf);
	strbuf_release(&sb);
	return out;
}
