#include "tests/screen/harness.h"

#include <ftw.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vterm.h>

#include "core/clock.h"
#include "core/path.h"
#include "core/text.h"
#include "tui/input.h"
#include "tui/term.h"

#define TURNS_MAX 500

struct screen {
	char *dir; /* owned */
	char *config_file; /* owned */
	char *data_before; /* owned: TOCSIN_DATADIR */
	struct config config;
	struct store *writer, *reader;
	struct loop *loop;
	struct term *term;
	struct console *console;
	VTerm *vt;
	VTermScreen *vs;
	int rows, cols;
	struct strbuf sent;
	int frames;
	bool stalled;
};

static const char config_text[] =
	"context: prod-eu\n"
	"contexts:\n"
	"  - {name: prod-eu, region: eu-west-1, sources: [prom, am, mlflow, langfuse]}\n"
	"  - {name: staging, region: eu-west-1, read_only: true, sources: [prom]}\n"
	"sources:\n"
	"  - {name: prom, type: prometheus, url: 'http://127.0.0.1:9090', every: 15s}\n"
	"  - {name: am, type: alertmanager, url: 'http://127.0.0.1:9093', every: 15s}\n"
	"  - {name: mlflow, type: mlflow, url: 'http://127.0.0.1:5000', every: 60s}\n"
	"  - {name: langfuse, type: langfuse, url: 'http://127.0.0.1:3000', every: 60s}\n"
	"services:\n"
	"  - name: checkout-assistant\n"
	"    owner: team-llm\n"
	"    model: {source: mlflow, name: checkout-ranker, alias: production}\n"
	"    serving: {source: prom, name: checkout}\n"
	"    agents: {source: langfuse, match: {name: checkout-agent}}\n"
	"    runbooks: [bad-model-version]\n"
	"    drift: [drift.yaml]\n"
	"  - {name: fraud-scorer, owner: team-risk}\n";

/* Its pipeline is the registry's: what is tested is the way there. */
static const char drift_text[] =
	"drift: checkout-inputs\n"
	"reference: {offset: 7d}\n"
	"current: {window: 1h}\n"
	"every: 5m\n"
	"features:\n"
	"  - {name: prompt_length, histogram: 'prompt_tokens_bucket', method: psi}\n"
	"retrain: {source: mlflow, do: point, with: {model: checkout-ranker, alias: next,"
	" version: '13'}}\n";

/* --- the writer --- */

static ssize_t into_vterm(void *ctx, const void *data, size_t n)
{
	struct screen *s = ctx;

	if (s->stalled)
		return 0;
	strbuf_add(&s->sent, data, n);
	vterm_input_write(s->vt, data, n);
	s->frames++;
	return (ssize_t)n;
}

static void open_vterm(struct screen *s)
{
	s->vt = vterm_new(s->rows, s->cols);
	vterm_set_utf8(s->vt, 1);
	s->vs = vterm_obtain_screen(s->vt);
	vterm_screen_enable_altscreen(s->vs, 1);
	vterm_screen_reset(s->vs, 1);
}

/* --- opening --- */

static void open_config(struct screen *s, const struct screen_conf *conf)
{
	char *file = path_join(s->dir, "config.yaml");
	char *drift = path_join(s->dir, "drift.yaml");
	char *text = mem_format("%s%s", conf->empty ? "" : config_text,
		conf->quiet           ? "notify: {bell: off}\n"
			: conf->empty ? "{}\n"
				      : "");
	struct problems problems;
	struct err e = ERR_INIT;

	problems_init(&problems, file);
	assert_int_equal(path_write(file, text, strlen(text), 0600, &e), 0);
	assert_int_equal(path_write(drift, drift_text, strlen(drift_text), 0600, &e), 0);
	free(drift);
	if (config_load(&s->config, file, &problems, &e))
		fail_msg("config: %s", problems.n ? problems.items[0].message : e.what);
	problems_release(&problems);
	s->config_file = file;
	free(text);
}

static void open_store(struct screen *s, const struct screen_conf *conf)
{
	char *dir = path_join(s->dir, "store");
	struct err e = ERR_INIT;

	if (store_open(&s->writer, dir, STORE_WRITE, &e) ||
		store_open(&s->reader, dir, STORE_WRITE, &e))
		fail_msg("store: %s", e.what);
	if (!conf->empty)
		fixture_fill(s->writer, &s->config, conf->hostile);
	free(dir);
}

static void open_term(struct screen *s, const struct screen_conf *conf)
{
	struct err e = ERR_INIT;
	struct term_conf term = {
		.name = conf->term ? conf->term : "xterm-256color",
		.rows = s->rows,
		.cols = s->cols,
		.no_color = conf->no_color,
		.mouse = true,
		.title = true,
		.write = into_vterm,
		.ctx = s,
	};

	if (term_open(&s->term, &term, &e))
		fail_msg("term: %s", e.what);
}

static void open_console(struct screen *s, const struct screen_conf *conf)
{
	struct theme theme;
	struct problems problems;
	struct err e = ERR_INIT;
	struct console_conf console = {
		.loop = s->loop,
		.store = s->reader,
		.config = &s->config,
		.config_file = s->config_file,
		.context = conf->read_only ? "staging" : NULL,
		.term = s->term,
		.theme = &theme,
		.rows = s->rows,
		.cols = s->cols,
		.plain = conf->plain,
		.mouse = true,
	};

	theme_builtin(&theme);
	problems_init(&problems, NULL);
	if (conf->theme && theme_load(&theme, conf->theme, &problems, &e))
		fail_msg("theme %s: %s", conf->theme, e.what);
	problems_release(&problems);
	s->console = console_new(&console);
}

/* A hundred stores are made: in memory where that can be had. */
static const char *store_place(void)
{
	const char *tmp = getenv("TMPDIR");

	if (tmp)
		return tmp;
	return access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
}

static const char drain_and_wait[] =
	"---\n"
	"title: Take the traffic away and wait\n"
	"applies: {alerts: [ScorerLatencyHigh]}\n"
	"vars: {TO: {ask: 'Which version?', choices: ['11', '12']}}\n"
	"---\n"
	"## Contain\n"
	"```sh {name=drain risk=change undo=undrain}\n"
	"echo \"weight of $TO is 0\"\n"
	"```\n"
	"## Verify\n"
	"```gate {name=burn-ok}\n"
	"slo: availability\n"
	"service: checkout-assistant\n"
	"burn: '< 1'\n"
	"window: 5m\n"
	"within: 5m\n"
	"```\n"
	"## Restore\n"
	"```sh {name=undrain risk=change when=undo}\n"
	"echo 'given back'\n"
	"```\n";

static const char bad_model_version[] =
	"---\n"
	"title: Roll back a bad model version\n"
	"applies: {alerts: [ModelErrorBudgetBurn], changes: [pointer]}\n"
	"vars: {MODEL: {from: service.model.name}}\n"
	"---\n"
	"## Verify\n"
	"- [ ] The burn has stopped\n";

static void put_file(const char *dir, const char *name, const char *text)
{
	char *file = path_join(dir, name);
	struct err e = ERR_INIT;

	assert_int_equal(path_write(file, text, strlen(text), 0600, &e), 0);
	free(file);
}

static void link_to(const char *dir, const char *top, const char *name)
{
	char *from = path_join(dir, name), *to = path_join(top, name);

	assert_int_equal(symlink(to, from), 0);
	free(from);
	free(to);
}

/* Runbooks, and what is remembered beside the store: the test's, not of whoever runs it. */
static void isolate(struct screen *s)
{
	const char *top = getenv("TOCSIN_TOP"), *before = getenv("TOCSIN_DATADIR");
	char *real = realpath(top ? top : ".", NULL), *data = path_join(s->dir, "data"),
	     *books = path_join(data, "runbooks");
	struct err e = ERR_INIT;

	s->data_before = mem_strdup(before);
	setenv("XDG_STATE_HOME", s->dir, 1);
	setenv("XDG_CONFIG_HOME", s->dir, 1);
	setenv("TOCSIN_DATADIR", data, 1);
	assert_int_equal(path_make_dir(books, 0700, &e), 0);
	link_to(data, real, "themes");
	link_to(data, real, "connectors");
	put_file(books, "bad-model-version.md", bad_model_version);
	put_file(books, "drain-and-wait.md", drain_and_wait);
	put_file(books, "destroy.patterns", "");
	free(real);
	free(data);
	free(books);
}

struct screen *screen_open(const struct screen_conf *conf)
{
	const char *tmp = store_place();
	const char *locale = conf->ascii ? "C" : conf->locale ? conf->locale : "C.UTF-8";
	struct screen *s = mem_new(1, sizeof(*s));

	if (!setlocale(LC_ALL, locale)) {
		free(s);
		return NULL;
	}
	text_locale(!conf->ascii);
	clock_freeze(SCREEN_NOW, NS_PER_DAY);
	s->rows = conf->rows ? conf->rows : 24;
	s->cols = conf->cols ? conf->cols : 80;
	s->dir = mem_format("%s/tocsin-screen-XXXXXX", tmp);
	assert_non_null(mkdtemp(s->dir));
	isolate(s);
	strbuf_init(&s->sent);
	open_config(s, conf);
	open_store(s, conf);
	s->loop = loop_new();
	open_vterm(s);
	open_term(s, conf);
	open_console(s, conf);
	screen_run(s);
	return s;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

void screen_close(struct screen *s)
{
	console_free(s->console);
	loop_free(s->loop);
	s->stalled = false;
	term_close(s->term);
	vterm_free(s->vt);
	store_free(s->reader);
	store_free(s->writer);
	config_release(&s->config);
	strbuf_release(&s->sent);
	if (s->data_before)
		setenv("TOCSIN_DATADIR", s->data_before, 1);
	free(s->data_before);
	free(s->config_file);
	nftw(s->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(s->dir);
	free(s);
	clock_real();
}

struct console *screen_console(struct screen *s)
{
	return s->console;
}

struct store *screen_store(struct screen *s)
{
	return s->writer;
}

void screen_stall(struct screen *s, bool stalled)
{
	s->stalled = stalled;
	if (!stalled)
		console_writable(s->console);
}

/* --- running --- */

void screen_run(struct screen *s)
{
	for (int i = 0; i < TURNS_MAX; i++)
		if (!loop_turn(s->loop, 0) && (console_idle(s->console) || s->stalled))
			return;
	fail_msg("the console does not come to rest");
}

void screen_advance(struct screen *s, int64_t ns)
{
	const int64_t step = 50 * NS_PER_MS;

	for (; ns > 0; ns -= step) {
		clock_advance(ns < step ? ns : step);
		screen_run(s);
	}
}

void screen_bytes(struct screen *s, const void *bytes, size_t n)
{
	console_input(s->console, bytes, n);
	screen_run(s);
}

/* clang-format off */
static const struct { uint32_t key; const char *bytes; } key_bytes[] = {
	{K_UP, "\033OA"}, {K_DOWN, "\033OB"}, {K_RIGHT, "\033OC"}, {K_LEFT, "\033OD"},
	{K_HOME, "\033OH"}, {K_END, "\033OF"}, {K_PAGE_UP, "\033[5~"}, {K_PAGE_DOWN, "\033[6~"},
	{K_DELETE, "\033[3~"}, {K_BACKTAB, "\033[Z"}, {K_F1, "\033OP"},
};
/* clang-format on */

static void send_key(struct screen *s, uint32_t key)
{
	struct strbuf one = STRBUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(key_bytes); i++)
		if (key_bytes[i].key == key)
			strbuf_adds(&one, key_bytes[i].bytes);
	if (!one.len)
		text_encode(&one, key);
	screen_bytes(s, one.buf, one.len);
	if (key == K_ESC)
		screen_advance(s, 60 * NS_PER_MS);
	strbuf_release(&one);
}

void screen_keys(struct screen *s, const char *keys)
{
	while (*keys) {
		const char *end = *keys == '<' ? strchr(keys, '>') : NULL;
		size_t n = end ? (size_t)(end - keys) + 1 : 1;
		unsigned mods;
		uint32_t key = key_parse(keys, n, &mods);

		if (!key)
			fail_msg("'%s' begins with no key", keys);
		send_key(s, key);
		keys += n;
	}
}

void screen_resize(struct screen *s, int rows, int cols)
{
	s->rows = rows;
	s->cols = cols;
	vterm_set_size(s->vt, rows, cols);
	console_resize(s->console, rows, cols);
	screen_run(s);
}

/* --- looking --- */

static void row_text(struct screen *s, int y, struct strbuf *out)
{
	size_t begin = out->len;

	for (int x = 0; x < s->cols; x++) {
		VTermScreenCell cell;

		vterm_screen_get_cell(s->vs, (VTermPos){.row = y, .col = x}, &cell);
		if (cell.chars[0] == (uint32_t)-1)
			continue;
		if (!cell.chars[0])
			strbuf_addc(out, ' ');
		for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++)
			text_encode(out, cell.chars[i]);
	}
	while (out->len > begin && out->buf[out->len - 1] == ' ')
		strbuf_truncate(out, out->len - 1);
}

void screen_text(struct screen *s, struct strbuf *out)
{
	for (int y = 0; y < s->rows; y++) {
		row_text(s, y, out);
		strbuf_addc(out, '\n');
	}
}

int screen_row_of(struct screen *s, const char *text)
{
	for (int y = 0; y < s->rows; y++) {
		struct strbuf row = STRBUF_INIT;
		bool found;

		row_text(s, y, &row);
		found = strstr(row.buf, text) != NULL;
		strbuf_release(&row);
		if (found)
			return y;
	}
	return -1;
}

bool screen_has(struct screen *s, const char *text)
{
	return screen_row_of(s, text) >= 0;
}

int screen_rows(struct screen *s)
{
	return s->rows;
}

int screen_cols(struct screen *s)
{
	return s->cols;
}

void screen_row(struct screen *s, int y, struct strbuf *out)
{
	row_text(s, y, out);
}

void screen_cursor(struct screen *s, int *y, int *x)
{
	VTermPos pos;

	vterm_state_get_cursorpos(vterm_obtain_state(s->vt), &pos);
	*y = pos.row;
	*x = pos.col;
}

static VTermScreenCell cell_at(struct screen *s, int y, int x)
{
	VTermScreenCell cell;

	vterm_screen_get_cell(s->vs, (VTermPos){.row = y, .col = x}, &cell);
	return cell;
}

bool screen_reverse_at(struct screen *s, int y, int x)
{
	return cell_at(s, y, x).attrs.reverse;
}

bool screen_blank_at(struct screen *s, int y, int x)
{
	uint32_t point = cell_at(s, y, x).chars[0];

	return !point || point == ' ';
}

bool screen_bold_at(struct screen *s, int y, int x)
{
	return cell_at(s, y, x).attrs.bold;
}

const struct strbuf *screen_sent(struct screen *s)
{
	return &s->sent;
}

void screen_sent_clear(struct screen *s)
{
	strbuf_reset(&s->sent);
	s->frames = 0;
}

int screen_frames(struct screen *s)
{
	return s->frames;
}

void screen_golden(struct screen *s, const char *name)
{
	const char *top = getenv("TOCSIN_TOP"), *update = getenv("UPDATE");
	char *file = mem_format("%s/tests/screen/golden/%s.txt", top ? top : ".", name);
	struct strbuf have = STRBUF_INIT, want = STRBUF_INIT;
	struct err e = ERR_INIT;
	bool same;

	screen_text(s, &have);
	if (update && *update == '1')
		assert_int_equal(path_write(file, have.buf, have.len, 0644, &e), 0);
	if (path_read(&want, file, 1 << 20, &e))
		fail_msg("%s: %s; UPDATE=1 writes it", file, e.what);
	same = !strcmp(have.buf, want.buf);
	if (!same)
		fprintf(stderr, "--- expected %s\n%s--- have\n%s", file, want.buf,
			have.buf);
	assert_true(same);
	strbuf_release(&have);
	strbuf_release(&want);
	err_release(&e);
	free(file);
}
