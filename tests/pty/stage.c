#include "config.h"
#include "tests/pty/stage.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/mem.h"
#include "core/path.h"
#include "store/series.h"
#include "tests/screen/harness.h"

#define WORDS_MAX 16

static const char sources_text[] =
	"context: prod-eu\n"
	"contexts:\n"
	"  - {name: prod-eu, region: eu-west-1, sources: [prom, am, mlflow, langfuse]}\n"
	"sources:\n"
	"  - {name: prom, type: prometheus, url: 'http://127.0.0.1:1', every: 15s}\n"
	"  - {name: am, type: alertmanager, url: 'http://127.0.0.1:1', every: 15s}\n"
	"  - {name: mlflow, type: mlflow, url: 'http://127.0.0.1:1', every: 60s}\n"
	"  - {name: langfuse, type: langfuse, url: 'http://127.0.0.1:1', every: 60s}\n"
	"services:\n"
	"  - name: checkout-assistant\n"
	"    owner: team-llm\n"
	"    model: {source: mlflow, name: checkout-ranker, alias: production}\n"
	"    serving: {source: prom, name: checkout}\n"
	"    agents: {source: langfuse, match: {name: checkout-agent}}\n"
	"    runbooks: [bad-model-version]\n"
	"  - {name: fraud-scorer, owner: team-risk}\n";

static void must(int rc, const struct err *e)
{
	if (rc >= 0)
		return;
	(void)fprintf(stderr, "stage: %s\n", e->what ? e->what : "failed");
	exit(1);
}

void stage_open(struct stage *p, bool empty)
{
	const char *tmp = getenv("TMPDIR");
	struct problems problems;
	struct err e = ERR_INIT;
	char *text, *store;

	p->dir = mem_format("%s/tocsin-pty-XXXXXX", tmp ? tmp : "/tmp");
	must(mkdtemp(p->dir) ? 0 : -1, &e);
	store = path_join(p->dir, "store");
	p->config_file = path_join(p->dir, "config.yaml");
	text = mem_format("store: {path: '%s'}\nrunbooks: ['%s/books']\n%s", store,
		p->dir, empty ? "" : sources_text);
	must(path_write(p->config_file, text, strlen(text), 0600, &e), &e);
	problems_init(&problems, p->config_file);
	must(config_load(&p->config, p->config_file, &problems, &e), &e);
	problems_release(&problems);
	must(store_open(&p->st, store, STORE_WRITE, &e), &e);
	if (!empty)
		fixture_fill_at(p->st, &p->config, false, clock_now());
	free(text);
	free(store);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

void stage_close(struct stage *p)
{
	store_free(p->st);
	config_release(&p->config);
	nftw(p->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(p->dir);
	free(p->config_file);
}

void stage_burn(struct stage *p, int n, double burn)
{
	static const char *const names[][2] = {
		{"checkout-assistant", "availability"},
		{"fraud-scorer", "latency"},
		{"checkout-assistant", "latency"},
		{"fraud-scorer", "availability"},
		{"search-embed", "availability"},
		{"support-agent", "success"},
	};
	struct slo_state s = {
		.service = names[n % 6][0],
		.name = names[n % 6][1],
		.at = clock_now(),
		.objective = 0.999,
		.window_ns = 30 * NS_PER_DAY,
		.n_windows = 2,
		.windows_ns = {NS_PER_HOUR, NS_PER_DAY},
		.burn = {burn, burn / 2},
		.window_events = {1000, 20000},
		.events = 182450,
		.budget_left = 0.6,
		.severity = burn > 6 ? SEV_PAGE
			: burn > 1   ? SEV_TICKET
				     : SEV_OK,
		.onset = burn > 1 ? clock_now() : NONE_INT,
		.exhausted_in_s = 30 * 3600,
	};
	struct err e = ERR_INIT;

	must(slo_record(p->st, &s, &e), &e);
	err_release(&e);
}

struct pty *stage_watch(
	const struct stage *p, const struct pty_conf *conf, const char *const *words)
{
	const char *program = getenv("TOCSIN_PROGRAM");
	const char *argv[WORDS_MAX] = {program ? program : "./tocsin", "watch",
		"--no-poll", "--config", p->config_file};
	struct pty_conf mine = *conf;

	for (size_t n = 5; words && *words && n + 1 < WORDS_MAX; n++)
		argv[n] = *words++;
	mine.argv = argv;
	return pty_start(&mine);
}
