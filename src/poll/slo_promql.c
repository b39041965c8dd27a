#include "config.h"

#include "poll/slo_promql.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "signal/slo_query.h"

#define RECORDED_MOST_NS (5 * NS_PER_MIN)

int64_t asks_interval(int64_t window_ns, int64_t every_ns, bool recorded)
{
	int64_t interval = window_ns / 60;

	/* What a rule has computed costs the server nothing. */
	if (recorded && interval > RECORDED_MOST_NS)
		interval = RECORDED_MOST_NS;
	return interval < every_ns ? every_ns : interval;
}

static char *text_or_null(struct strbuf *sb, bool there)
{
	if (!there) {
		strbuf_release(sb);
		return NULL;
	}
	return strbuf_detach(sb, NULL);
}

/* Both parts when they count events or slices; of a raw ratio all events perhaps. */
static bool promql_counts(
	struct slo_promql *out, const struct slo *slo, int64_t window_ns)
{
	struct strbuf total = STRBUF_INIT, bad = STRBUF_INIT;

	out->total = text_or_null(&total, slo_total_query(&total, slo, window_ns));
	out->bad = text_or_null(&bad, slo_bad_query(&bad, slo, window_ns));
	out->counted = out->total != NULL;
	if (out->total && out->bad)
		return true;
	free(out->bad);
	out->bad = NULL;
	return false;
}

/* Both parts of a ratio of which only the quotient means anything. */
static bool promql_parts(struct slo_promql *out, const struct slo *slo, int64_t window_ns)
{
	struct strbuf total = STRBUF_INIT, bad = STRBUF_INIT;
	bool there = slo_parts_query(&total, &bad, slo, window_ns);

	if (there) {
		free(out->total);
		out->counted = false;
	}
	out->total = there ? strbuf_detach(&total, NULL) : out->total;
	out->bad = text_or_null(&bad, there);
	strbuf_release(&total);
	return there;
}

/* Behind the metric in "metric:burnrate{{.window}}"; NULL: it is not named so. */
static const char *recorded_suffix(const struct slo *slo)
{
	return slo->sli.recorded_as ? strrchr(slo->sli.recorded_as, ':') : NULL;
}

/* One query for all: Sloth's series have one name, Pyrra's one ending, and say whose they are. */
static void promql_of_all(
	struct slo_promql *out, const struct slo *slo, int64_t window_ns)
{
	const char *suffix = recorded_suffix(slo);
	struct strbuf name = STRBUF_INIT, all = STRBUF_INIT;

	if (!slo->sli.recorded_as) {
		out->recorded = true;
		out->ratio[strcspn(out->ratio, "{")] = '\0';
		return;
	}
	slo_template(&name, slo->sli.recorded_as, window_ns);
	strbuf_addc(&name, '{');
	/* A window that nobody records is asked of the objective alone; so are groups. */
	if (suffix && !slo->sli.grouping && !strncmp(out->ratio, name.buf, name.len)) {
		strbuf_adds(&all, "{__name__=~\".+");
		slo_template(&all, suffix, window_ns);
		strbuf_adds(&all, "\",slo!=\"\"}");
		free(out->ratio);
		out->ratio = strbuf_detach(&all, NULL);
		out->recorded = true;
	}
	strbuf_release(&name);
	strbuf_release(&all);
}

void slo_promql(struct slo_promql *out, const struct slo *slo, int64_t window_ns)
{
	struct strbuf ratio = STRBUF_INIT;

	*out = (struct slo_promql){0};
	if (window_ns < NS_PER_S)
		return;
	if (promql_counts(out, slo, window_ns) || promql_parts(out, slo, window_ns))
		return;
	out->ratio = text_or_null(&ratio, slo_query(&ratio, slo, window_ns));
	if (out->ratio && slo->sli.kind == SLI_RECORDED)
		promql_of_all(out, slo, window_ns);
}

void slo_promql_release(struct slo_promql *q)
{
	free(q->total);
	free(q->bad);
	free(q->ratio);
	*q = (struct slo_promql){0};
}

char *slo_recorded_key(const struct slo *slo)
{
	const char *suffix = recorded_suffix(slo);

	if (!suffix)
		return mem_format("%s\n%s", slo->service, slo->name);
	return mem_format("%.*s\n%s", (int)(suffix - slo->sli.recorded_as),
		slo->sli.recorded_as, slo->name);
}

char *slo_recorded_key_of(const struct json *labels)
{
	const char *service = json_text(json_get(labels, "sloth_service"));
	const char *name = json_text(json_get(labels, "sloth_slo"));
	const char *series = json_text(json_get(labels, "__name__"));
	const char *suffix = series ? strrchr(series, ':') : NULL;

	if (service && name)
		return mem_format("%s\n%s", service, name);
	name = json_text(json_get(labels, "slo"));
	if (!name || !suffix)
		return NULL;
	return mem_format("%.*s\n%s", (int)(suffix - series), series, name);
}

bool slo_is_recorded_as(const struct slo *slo, const struct json *labels)
{
	char *key = slo_recorded_key(slo), *other = slo_recorded_key_of(labels);
	bool same = other && !strcmp(key, other);

	free(key);
	free(other);
	return same;
}
