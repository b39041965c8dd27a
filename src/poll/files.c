/* files.c - drift checks of files: CSV, JSON lines, and Evidently's reports */
#include "config.h"

#include "poll/reader.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/path.h"
#include "poll/drift_files.h"
#include "signal/evidently.h"

/* Kept for one source as long as the collector lives. */
struct files {
	bool ready;
	struct drift_set set;
};

/* One round: a check in each turn of the loop. */
struct looking {
	unsigned timer;
};

static void end(struct round *r, const struct err *e)
{
	round_end(r, e);
}

/* --- reports --- */

/* The newest of the files that the patterns name; NULL: none.  The caller frees. */
static char *newest_report(const struct drift_check *c, int64_t *changed)
{
	char *newest = NULL;

	for (size_t i = 0; i < c->reports.n; i++) {
		glob_t found = {0};

		if (glob(c->reports.items[i], GLOB_NOSORT, NULL, &found) == 0)
			for (size_t k = 0; k < found.gl_pathc; k++) {
				struct strbuf ignored = STRBUF_INIT;
				int64_t at;
				bool there = drift_file_stamp(
					&ignored, found.gl_pathv[k], &at);

				strbuf_release(&ignored);
				if (!there || (newest && at <= *changed))
					continue;
				free(newest);
				newest = mem_strdup(found.gl_pathv[k]);
				*changed = at;
			}
		globfree(&found);
	}
	return newest;
}

static int report_take(struct drift_entry *entry, struct round *r, const char *file,
	int64_t at, struct err *e)
{
	struct evidently_report report;
	struct strbuf text = STRBUF_INIT;
	struct err own = ERR_INIT;
	int rc = 0;

	if (path_read(&text, file, EVIDENTLY_MAX_BYTES, &own) < 0 ||
		evidently_parse(&report, r->arena, text.buf, text.len, &own) < 0) {
		round_partial(r, "%s: %s", file, own.what);
		report.n = 0;
	}
	for (size_t i = 0; i < report.n; i++) {
		report.items[i].computed = at < r->now ? at : r->now;
		report.items[i].window = arena_strdup(r->arena, file);
	}
	rc = drift_entry_take(entry, r, report.items, report.n, e);
	strbuf_release(&text);
	err_release(&own);
	return rc;
}

static int reports_look(struct drift_entry *entry, struct round *r, struct err *e)
{
	struct strbuf stamp = STRBUF_INIT;
	int64_t changed = 0;
	char *file = newest_report(&entry->check, &changed);
	bool known;
	int rc = 0;

	if (file)
		(void)drift_file_stamp(&stamp, file, &changed);
	else
		round_partial(r, _("%s: there is no report"), entry->check.dataset);
	known = entry->told && entry->seen && !strcmp(entry->seen, stamp.buf);
	free(entry->seen);
	entry->seen = strbuf_detach(&stamp, NULL);
	if (!known && file)
		rc = report_take(entry, r, file, changed, e);
	else if (!file)
		rc = drift_entry_take(entry, r, NULL, 0, e);
	free(file);
	return rc;
}

/* --- a round --- */

static void on_turn(void *ctx)
{
	struct round *r = ctx;
	struct files *kept = r->state;
	struct looking *g = r->scratch;
	struct drift_entry *entry = drift_set_next(&kept->set, r);
	struct err e = ERR_INIT;
	int rc = 0;

	g->timer = 0;
	if (!entry)
		rc = drift_set_write(&kept->set, r, &e);
	else if (entry->check.n)
		rc = drift_files_evaluate(entry, r, &e);
	else
		rc = reports_look(entry, r, &e);
	if (rc < 0)
		end(r, &e);
	else if (!entry)
		end(r, NULL);
	else
		g->timer = loop_after(r->loop, 0, on_turn, r);
	err_release(&e);
}

static void begin(struct round *r)
{
	struct files *kept = r->state;
	struct looking *g = arena_alloc(r->arena, 1, sizeof(*g));

	r->scratch = g;
	if (!kept->ready)
		drift_set_init(&kept->set);
	if (r->reason == ROUND_FULL || !kept->ready)
		drift_set_load(&kept->set, r);
	kept->ready = true;
	g->timer = loop_after(r->loop, 0, on_turn, r);
}

static void cancel(struct round *r)
{
	struct looking *g = r->scratch;

	if (g->timer)
		loop_cancel(r->loop, g->timer);
}

static void forget(void *state)
{
	struct files *kept = state;

	if (kept->ready)
		drift_set_release(&kept->set);
}

static int probe(
	struct probe *out, const struct source_conf *conf, struct arena *a, struct err *e)
{
	(void)conf;
	(void)a;
	(void)e;
	out->latency_ns = 0;
	return 0;
}

const struct reader reader_files = {
	.type = "files",
	.size = sizeof(struct files),
	.begin = begin,
	.cancel = cancel,
	.forget = forget,
	.probe = probe,
	.reads = N_("drift checks of CSV and JSON-lines files, and Evidently's reports"),
};
