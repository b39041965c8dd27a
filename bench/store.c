/* store.c - what the store costs; prints a JSON line for each figure, with its budget */
#include "config.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "bench/figure.h"
#include "core/clock.h"
#include "core/digest.h"
#include "model/record.h"
#include "model/registry.h"
#include "store/inside.h"
#include "store/journal.h"
#include "store/observe.h"
#include "store/sessions.h"

#define RECORDS 100000
#define SESSIONS 100000
#define SPANS 20000
#define ENTRIES 300
#define ENTRY_BYTES 600

struct bench {
	char *dir;
	struct store *st;
	struct arena a;
	struct err e;
};

static void must(struct bench *b, int r)
{
	if (r < 0) {
		fprintf(stderr, "bench/store: %s\n", b->e.what ? b->e.what : "failed");
		exit(1);
	}
}

static double seconds_since(int64_t began)
{
	return (double)(clock_mono() - began) / (double)NS_PER_S;
}

/* --- records --- */

static void round_of_versions(struct bench *b, int64_t now)
{
	struct observe *ob;

	must(b,
		observe_begin(
			&ob, b->st, "bench", 1, REC_MODEL_VERSION, now, false, &b->e));
	for (int i = 0; i < RECORDS; i++) {
		char model[32], version[32];
		struct model_version v = {.source = "bench",
			.model = model,
			.version = version,
			.aliases = "[\"production\"]",
			.stage = "None",
			.status = "READY",
			.run = "9b1d3f0a6f0e4c0c9a4f0c1d2e3f4a5b",
			.author = "someone",
			.created = NS_PER_S,
			.updated = NS_PER_S,
			.tags = "{\"team\":\"risk\"}"};

		snprintf(model, sizeof(model), "model-%d", i / 20);
		snprintf(version, sizeof(version), "%d", i % 20);
		must(b, observe_put(ob, &v, &b->e));
	}
	must(b, observe_end(ob, true, &b->e));
}

static void records(struct bench *b)
{
	int64_t began, now = clock_now();

	must(b,
		db_exec(&b->st->seen,
			"INSERT INTO source (name, every_ns, added, generation)"
			" VALUES ('bench', 15000000000, 0, 1)",
			&b->e));
	began = clock_mono();
	round_of_versions(b, now);
	figure(0, "store_records_new", RECORDS / seconds_since(began), "1/s", NO_BUDGET);
	began = clock_mono();
	round_of_versions(b, now + NS_PER_S);
	figure(0, "store_records_unchanged", RECORDS / seconds_since(began), "1/s",
		NO_BUDGET);
}

/* --- sessions --- */

static void put_sessions(struct bench *b)
{
	struct session *s = record_new(&b->a, REC_SESSION);

	for (int i = 0; i < SESSIONS; i++) {
		char id[40], agent[16];

		if (i % 2000 == 0)
			must(b, store_begin(b->st, &b->e));
		snprintf(id, sizeof(id), "%08x-session", (unsigned)i * 2654435761u);
		snprintf(agent, sizeof(agent), "agent-%d", i % 7);
		s->source = "bench";
		s->id = id;
		s->agent = agent;
		s->started = i * NS_PER_S;
		s->errors = i % 50 == 0;
		s->cost_usd = 0.01;
		s->tags = "[]";
		must(b, session_put(b->st, s, &b->e));
		if (i % 2000 == 1999)
			must(b, store_commit(b->st, &b->e));
	}
}

static void time_pages(struct bench *b, const char *name, struct session_query q)
{
	double ms[200];
	struct session_list list;

	for (size_t i = 0; i < ARRAY_LEN(ms); i++) {
		int64_t began = clock_mono();

		arena_reset(&b->a);
		must(b, session_list(&list, &b->a, b->st, &q, &b->e));
		ms[i] = 1e3 * seconds_since(began);
	}
	figure(0, name, at_share(ms, ARRAY_LEN(ms), 0.5), "ms", 5);
}

static void sessions(struct bench *b)
{
	struct session_query q = {.to = AT_NOW, .limit = 200, .after = {.at = AT_NOW}};
	struct session_stats stats;
	int64_t began = clock_mono();

	put_sessions(b);
	figure(0, "store_sessions_new", SESSIONS / seconds_since(began), "1/s",
		NO_BUDGET);
	time_pages(b, "store_sessions_page", q);
	q.after = (struct session_place){
		.at = SESSIONS / 2 * NS_PER_S, .source = "", .id = ""};
	time_pages(b, "store_sessions_middle_page", q);
	q.failed_only = true;
	time_pages(b, "store_sessions_failed_page", q);
	q.agent = "agent-3";
	q.failed_only = false;
	time_pages(b, "store_sessions_agent_page", q);
	began = clock_mono();
	must(b, session_stats(&stats, b->st, 0, AT_NOW, &b->e));
	figure(0, "store_sessions_sum_of_all", 1e3 * seconds_since(began), "ms",
		NO_BUDGET);
}

static void spans(struct bench *b)
{
	struct span *s = record_new(&b->a, REC_SPAN);
	char *input = mem_new(2001, 1);
	int64_t began = clock_mono();

	for (int i = 0; i < 2000; i++)
		input[i] = "the quick brown fox jumps over the lazy dog "[i * 7 % 44];
	for (int i = 0; i < SPANS; i++) {
		char trace[40], id[24];

		if (i % 1000 == 0)
			must(b, store_begin(b->st, &b->e));
		snprintf(trace, sizeof(trace), "%032x", i / 10);
		snprintf(id, sizeof(id), "%016x", i);
		s->source = "bench";
		s->trace = trace;
		s->id = id;
		s->started = i * NS_PER_MS;
		s->input = input;
		s->output = "yes";
		must(b, span_put(b->st, s, &b->e));
		if (i % 1000 == 999)
			must(b, store_commit(b->st, &b->e));
	}
	figure(0, "store_spans_new", SPANS / seconds_since(began), "1/s", NO_BUDGET);
	free(input);
}

/* --- the audit log against a bare insert of the same bytes --- */

static int make(void *ctx, const struct audit_row *last, struct audit_row *next,
	struct arena *a, struct err *e)
{
	(void)e;
	next->at = clock_now();
	next->entry = arena_format(a, "%s%lld", (const char *)ctx, (long long)next->seq);
	next->prev = last->hash;
	next->hash = digest_of2(
		last->hash.bytes, DIGEST_BYTES, next->entry, strlen(next->entry));
	return 0;
}

static sqlite3 *bare_open(struct bench *b, sqlite3_stmt **insert)
{
	char *path = mem_format("%s/bare.db", b->dir);
	sqlite3 *db = NULL;

	if (sqlite3_open(path, &db) != SQLITE_OK ||
		sqlite3_exec(db,
			"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE "
			"t (seq"
			" INTEGER PRIMARY KEY, at INTEGER, entry TEXT, prev BLOB, hash "
			"BLOB) STRICT",
			NULL, NULL, NULL) != SQLITE_OK ||
		sqlite3_prepare_v2(db,
			"INSERT INTO t (at, entry, prev, hash) VALUES (?,?,?,?)", -1,
			insert, NULL) != SQLITE_OK)
		exit(1);
	free(path);
	return db;
}

static void bare_insert(sqlite3_stmt *s, const char *entry)
{
	struct digest d = {{0}};

	sqlite3_bind_int64(s, 1, clock_now());
	sqlite3_bind_text(s, 2, entry, -1, SQLITE_STATIC);
	sqlite3_bind_blob(s, 3, d.bytes, DIGEST_BYTES, SQLITE_STATIC);
	sqlite3_bind_blob(s, 4, d.bytes, DIGEST_BYTES, SQLITE_STATIC);
	if (sqlite3_step(s) != SQLITE_DONE)
		exit(1);
	sqlite3_reset(s);
}

/* Turn about, so that both meet the same moods of the disk. */
static void audit(struct bench *b)
{
	double ours[ENTRIES], bare[ENTRIES], sum_ours = 0, sum_bare = 0;
	char entry[ENTRY_BYTES + 1];
	sqlite3_stmt *insert;
	sqlite3 *db = bare_open(b, &insert);

	memset(entry, 'x', ENTRY_BYTES);
	entry[ENTRY_BYTES] = '\0';
	for (int i = 0; i < ENTRIES; i++) {
		int64_t began = clock_mono();

		must(b, audit_append(b->st, make, entry, NULL, &b->e));
		sum_ours += ours[i] = 1e3 * seconds_since(began);
		began = clock_mono();
		bare_insert(insert, entry);
		sum_bare += bare[i] = 1e3 * seconds_since(began);
	}
	sqlite3_finalize(insert);
	sqlite3_close(db);
	figure(0, "store_audit_append", at_share(ours, ENTRIES, 0.5), "ms", NO_BUDGET);
	figure(0, "store_bare_full_insert", at_share(bare, ENTRIES, 0.5), "ms",
		NO_BUDGET);
	figure_least(
		0, "store_audit_append_per_s_of_bare", sum_bare / sum_ours, "ratio", 0.8);
}

static void opening(struct bench *b)
{
	double ms[50];

	store_free(b->st);
	for (size_t i = 0; i < ARRAY_LEN(ms); i++) {
		int64_t began = clock_mono();

		must(b, store_open(&b->st, b->dir, STORE_WRITE, &b->e));
		ms[i] = 1e3 * seconds_since(began);
		if (i + 1 < ARRAY_LEN(ms))
			store_free(b->st);
	}
	figure(0, "store_open", at_share(ms, ARRAY_LEN(ms), 0.5), "ms", NO_BUDGET);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int main(void)
{
	const char *tmp = getenv("TMPDIR");
	struct bench b = {
		.dir = mem_format("%s/tocsin-bench-XXXXXX", tmp ? tmp : "/var/tmp")};

	if (!mkdtemp(b.dir))
		return 1;
	arena_init(&b.a);
	must(&b, store_open(&b.st, b.dir, STORE_WRITE, &b.e));
	records(&b);
	sessions(&b);
	spans(&b);
	audit(&b);
	opening(&b);
	store_free(b.st);
	arena_release(&b.a);
	nftw(b.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(b.dir);
	return 0;
}
