#include "config.h"

#include "cmd/commands.h"
#include "cmd/say.h"
#include "cmd/slo_find.h"
#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/text.h"
#include "model/record.h"
#include "signal/slo_words.h"

enum { COLUMNS = 76 };

static void add_window(struct json *to, const char *key, int64_t ns)
{
	struct strbuf text = STRBUF_INIT;

	duration_format(&text, ns);
	json_add_text(to, key, text.buf);
	strbuf_release(&text);
}

static void add_seconds(struct json *to, const char *key, int64_t ns)
{
	if (ns == NONE_INT)
		json_add_null(to, key);
	else
		json_add_real(to, key, (double)ns / (double)NS_PER_S);
}

/* What of a row can be counted: when everything fails. */
static void add_rows(struct json *to, const struct slo *slo, struct arena *a)
{
	size_t n;
	const struct burn_alert *rows = burn_alerts(slo, a, &n);
	struct json *list = json_add_array(to, "alerting");

	for (size_t i = 0; i < n; i++) {
		const struct burn_alert *row = &rows[i];
		struct json *one = json_add_object(list, NULL);

		json_add_text(one, "severity", severity_name(row->severity));
		add_window(one, "short", row->short_ns);
		add_window(one, "long", row->long_ns);
		json_add_real(one, "factor", row->factor);
		json_add_real(one, "ratio", row->factor * (1 - slo->objective));
		json_add_bool(one, "reachable", !burn_unreachable(row, slo->objective));
		add_seconds(one, "detected_after_s",
			burn_detection_ns(row, slo->objective, 1));
		add_seconds(one, "over_after_s", burn_reset_ns(row, slo->objective, 1));
		json_add_real(one, "budget_spent",
			row->factor * (double)row->long_ns / (double)slo->window_ns);
	}
}

static const char *part_name(enum slo_words_part part)
{
	static const char *const names[SLO_WORDS_PARTS] = {
		[SLO_WORDS_NONE] = "none",
		[SLO_WORDS_GOAL] = "goal",
		[SLO_WORDS_BUDGET] = "budget",
		[SLO_WORDS_MEASURE] = "measure",
		[SLO_WORDS_QUERIES] = "queries",
		[SLO_WORDS_ALERTS] = "alerts",
		[SLO_WORDS_STATE] = "state",
	};

	return names[part];
}

static void add_words(struct json *to, const struct slo_words *words)
{
	struct json *list = json_add_array(to, "words");

	for (size_t i = 0; i < words->n; i++) {
		const struct slo_words_line *line = &words->items[i];
		struct json *one = json_add_object(list, NULL);

		json_add_text(one, "part", part_name(line->part));
		json_add_text(one, "text", line->text);
		json_add_text(one, "label", line->label);
		json_add_text(one, "query", line->query);
		json_add_bool(one, "warns", line->warns);
	}
}

static struct json *explain_json(struct slo_found *f, int64_t now)
{
	struct json *doc = json_object(), *list;

	json_add_text(doc, "schema", "tocsin.slo-explain/1");
	json_add_time(doc, "at", now);
	list = json_add_array(doc, "slos");
	for (size_t i = 0; i < f->slos.n; i++) {
		const struct slo *slo = &f->slos.items[i];
		struct json *one = json_add_object(list, NULL);
		struct slo_words words = {0};

		json_add_text(one, "service", slo->service);
		json_add_text(one, "name", slo->name);
		json_add_real(one, "objective", slo->objective);
		add_window(one, "window", slo->window_ns);
		add_seconds(one, "budget_s",
			budget_outage_ns(slo->objective, slo->window_ns));
		json_add_real(one, "burn_most", 1 / (1 - slo->objective));
		add_rows(one, slo, &f->arena);
		slo_words(&words, &f->arena, slo, slo_found_state(f, slo), now, false);
		add_words(one, &words);
	}
	slo_problems_json(doc, &f->problems);
	return doc;
}

struct indent {
	const char *first, *rest;
};

static void print_line(void *ctx, const char *line, size_t bytes)
{
	struct indent *indent = ctx;

	say("%s%.*s\n", indent->first, (int)bytes, line);
	indent->first = indent->rest;
}

static void print_words(const struct slo_words *words)
{
	enum slo_words_part part = SLO_WORDS_NONE;

	for (size_t i = 0; i < words->n; i++) {
		const struct slo_words_line *line = &words->items[i];
		struct indent plain = {"  ", "  "}, row = {"  * ", "    "};
		struct indent warning = {"  ! ", "    "};

		if (line->part != part)
			say("\n%s\n", slo_words_title(line->part));
		part = line->part;
		if (line->query)
			say("  %-5s %s\n", line->label ? line->label : "", line->query);
		if (line->text)
			text_wrap(line->text, COLUMNS, print_line,
				line->warns                          ? &warning
					: line->severity != SEV_NONE ? &row
								     : &plain);
	}
}

static void explain_print(struct slo_found *f, int64_t now)
{
	for (size_t i = 0; i < f->slos.n; i++) {
		const struct slo *slo = &f->slos.items[i];
		struct slo_words words = {0};

		slo_words(&words, &f->arena, slo, slo_found_state(f, slo), now, false);
		say("%s%s/%s%s%s\n", i ? "\n" : "", slo->service, slo->name,
			slo->title ? ": " : "", slo->title ? slo->title : "");
		print_words(&words);
	}
}

int cmd_slo_explain(struct cmd *c)
{
	struct slo_found f;
	int code;

	if (c->n_operands != 1)
		return cmd_usage(c, "%s", _("name one file, or SERVICE/NAME"));
	code = slo_find(&f, c, c->operands[0]);
	if (code > EXIT_FINDING) {
		slo_found_release(&f);
		return code;
	}
	if (!c->json) {
		explain_print(&f, clock_now());
		cmd_problems(&f.problems);
	} else if (cmd_print_json(explain_json(&f, clock_now()))) {
		code = EXIT_INTERNAL;
	}
	slo_found_release(&f);
	return code;
}
