/*
 * console.c - what the console costs: time, bytes on the line, wake-ups, memory
 *
 * The real program on a pty of ours, as a person far away has it.  Medians, since the machine is
 * shared.
 */
#include "config.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/figure.h"
#include "core/clock.h"
#include "core/digest.h"
#include "store/sessions.h"
#include "tests/pty/stage.h"
#include "tests/screen/harness.h"
#include "tui/panes/panes.h"

#define STARTS 9
#define KEYS 200
#define REPAINTS 7
#define IDLE_S 5
#define SESSIONS 100000
#define GIGABYTE INT64_C(1000000000)
#define QUIET_MS 120

static const char page_down[] = "\033[6~";

static void must(bool fine, const char *what)
{
	if (fine)
		return;
	(void)fprintf(stderr, "bench/console: %s\n", what);
	exit(1);
}

static double ms_of(int64_t ns)
{
	return (double)ns / (double)NS_PER_MS;
}

/* Nothing to wait for on an empty store but the top bar. */
static struct pty *started(
	const struct stage *at, int rows, int cols, const char *const *words)
{
	struct pty *p =
		stage_watch(at, &(struct pty_conf){.rows = rows, .cols = cols}, words);

	must(pty_wait(p, "Overview"), "the console does not show");
	must(pty_settle(p, QUIET_MS), "the console does not come to rest");
	return p;
}

/* Bytes that a key costs: what comes until nothing does. */
static size_t key_bytes(struct pty *p, const char *key)
{
	pty_clear(p);
	pty_send(p, key);
	must(pty_settle(p, QUIET_MS), "no end of output");
	return pty_sent(p)->len;
}

/* The median, so that a tick of the clock in between does not count. */
static double each_key_bytes(struct pty *p, const char *key, int n)
{
	double bytes[32];

	for (int i = 0; i < n; i++)
		bytes[i] = (double)key_bytes(p, key);
	return at_share(bytes, (size_t)n, 0.5);
}

/* --- the store of somebody with many agents --- */

static void put_sessions(struct stage *at)
{
	int64_t now = clock_now();
	struct err e = ERR_INIT;

	for (int i = 0; i < SESSIONS; i++) {
		char id[24];
		struct session s = {
			.source = "langfuse",
			.id = id,
			.agent = i % 3 ? "checkout-agent" : "support-agent",
			.user = "u-1093",
			.started = now - (i + 1) * (NS_PER_DAY / SESSIONS),
			.ended = now - i * (NS_PER_DAY / SESSIONS),
			.traces = 1,
			.spans = 6,
			.errors = i % 7 == 0,
			.input_tokens = 1624,
			.output_tokens = 128,
			.cost_usd = 0.0042,
			.tags = "[\"web\"]",
		};

		(void)snprintf(id, sizeof(id), "bench-%06d", i);
		if (i % 5000 == 0)
			must(store_begin(at->st, &e) == 0, "store");
		must(session_put(at->st, &s, &e) >= 0, "store");
		if (i % 5000 == 4999)
			must(store_commit(at->st, &e) == 0, "store");
	}
}

/* Spans with content that does not compress, until the store is as large as is asked. */
static void put_payloads(struct stage *at, int64_t bytes)
{
	static uint8_t raw[12288];
	int64_t now = clock_now();
	struct strbuf text = STRBUF_INIT;
	struct err e = ERR_INIT;
	char id[24], session[24];

	for (int i = 0; i % 500 || store_bytes(at->st) < bytes; i++) {
		struct span s = {.source = "langfuse",
			.trace = id,
			.id = id,
			.session = session,
			.kind = "llm",
			.name = "chat",
			.status = "ok",
			.cost_usd = 0.0042};

		(void)snprintf(id, sizeof(id), "span-%07d", i);
		(void)snprintf(session, sizeof(session), "bench-%06d", i % SESSIONS);
		random_bytes(raw, sizeof(raw));
		strbuf_reset(&text);
		base64_encode(&text, raw, sizeof(raw));
		s.input = text.buf;
		s.started = s.ended = now - i;
		s.input_tokens = s.output_tokens = s.cached_tokens = s.reasoning_tokens =
			s.first_token_ns = NONE_INT;
		if (i % 500 == 0)
			must(store_begin(at->st, &e) == 0, "store");
		must(span_put(at->st, &s, &e) >= 0, "store");
		if (i % 500 == 499)
			must(store_commit(at->st, &e) == 0, "store");
	}
	strbuf_release(&text);
}

/* --- bars 1 and 13: start and memory --- */

static void start(const struct stage *at, const char *name, double budget)
{
	double ms[STARTS], cpu[STARTS];
	char *cpu_name = mem_format("%s_cpu", name);

	for (int i = 0; i < STARTS; i++) {
		int64_t began = clock_mono();
		struct pty *p = started(at, 24, 80, NULL);

		ms[i] = ms_of(pty_last_ns(p) - began);
		cpu[i] = ms_of(pty_proc(p, "schedstat", ""));
		pty_free(p);
	}
	figure(1, name, at_share(ms, STARTS, 0.5), "ms", budget);
	figure(1, cpu_name, at_share(cpu, STARTS, 0.5), "ms", NO_BUDGET);
	free(cpu_name);
}

static void memory(const struct stage *at, const char *name, double budget)
{
	struct pty *p = started(at, 24, 80, NULL);
	char *pss = mem_format("%s_pss", name);
	double private;

	for (const char *key = "234567"; *key; key++)
		key_bytes(p, (char[]){*key, '\0'});
	key_bytes(p, "5");
	key_bytes(p, page_down);
	private = (double)(pty_proc(p, "smaps_rollup", "Private_Dirty:") +
		pty_proc(p, "smaps_rollup", "Private_Clean:"));
	figure(13, name, private / 1024, "MiB", budget);
	figure(13, pss, (double)pty_proc(p, "smaps_rollup", "Pss:") / 1024, "MiB",
		NO_BUDGET);
	free(pss);
	pty_free(p);
}

/* --- bars 2, 3 and 4: nobody at the keyboard --- */

static void idle(const struct stage *at)
{
	struct pty *p = started(at, 24, 80, NULL);
	int64_t woken, ran;

	pty_clear(p);
	woken = pty_proc(p, "status", "voluntary_ctxt_switches:");
	ran = pty_proc(p, "schedstat", "");
	pty_read(p, IDLE_S * 1000);
	figure(2, "idle_clock_ticking", (double)pty_sent(p)->len / IDLE_S, "bytes/s", 20);
	woken = pty_proc(p, "status", "voluntary_ctxt_switches:") - woken;
	figure(4, "idle_wakeups", (double)woken / IDLE_S, "1/s", 5);
	ran = pty_proc(p, "schedstat", "") - ran;
	figure(0, "idle_cpu", (double)ran / (1e9 * IDLE_S) * 100, "% of a core", 0.3);
	pty_free(p);
}

/* With --low-bandwidth the clock moves rarely: between two of its movements nothing is sent. */
static void idle_without_clock(const struct stage *at)
{
	static const char *const words[] = {"--low-bandwidth", NULL};
	struct pty *p = started(at, 24, 80, words);
	double least = INFINITY;

	for (int i = 0; i < 4; i++) {
		pty_clear(p);
		pty_read(p, 3000);
		least = fmin(least, (double)pty_sent(p)->len / 3);
	}
	figure(2, "idle_clock_off", least, "bytes/s", 0);
	pty_free(p);
}

static void live(struct stage *at, const char *name, int rows, int cols, double budget)
{
	struct pty *p = started(at, rows, cols, NULL);
	const int rounds = 3, every_s = 5;

	stage_burn(at, 0, 14);
	stage_burn(at, 1, 3);
	pty_settle(p, QUIET_MS);
	pty_clear(p);
	for (int i = 0; i < rounds; i++) {
		stage_burn(at, 0, 14.1 + i * 0.3);
		stage_burn(at, 1, 3.1 + i * 0.2);
		pty_read(p, every_s * 1000);
	}
	figure(3, name, (double)pty_sent(p)->len / (rounds * every_s), "bytes/s", budget);
	pty_free(p);
}

/* --- bars 5 to 8: what a frame costs --- */

static void frames(const struct stage *at, int rows, int cols, double full_budget)
{
	struct pty *p = started(at, rows, cols, NULL);
	double sent[REPAINTS], pieces[REPAINTS];
	char name[64];
	size_t bytes, printed;

	for (int i = 0; i < REPAINTS; i++) {
		sent[i] = (double)key_bytes(p, "\f");
		pieces[i] = pty_pieces(p);
	}
	(void)snprintf(name, sizeof(name), "full_repaint_%dx%d", cols, rows);
	figure(8, name, at_share(sent, REPAINTS, 0.5), "bytes", full_budget);
	(void)snprintf(name, sizeof(name), "pieces_of_a_repaint_%dx%d", cols, rows);
	figure(5, name, at_share(pieces, REPAINTS, 0.5), "reads", 1);
	key_bytes(p, "5");
	for (int i = 0; i < 3; i++)
		key_bytes(p, page_down);
	bytes = (size_t)each_key_bytes(p, page_down, 5);
	printed = pty_printed(p);
	(void)snprintf(name, sizeof(name), "page_down_%dx%d", cols, rows);
	figure(7, name, (double)bytes / (double)printed, "bytes/printed", 1.2);
	pty_free(p);
}

static void rows(const struct stage *at)
{
	struct pty *p = started(at, 24, 80, NULL);

	key_bytes(p, "5");
	figure(6, "row_down", each_key_bytes(p, "j", 9), "bytes", 150);
	for (int i = 0; i < 20; i++)
		key_bytes(p, "j");
	figure(6, "row_down_scrolled", each_key_bytes(p, "j", 15), "bytes", 350);
	pty_free(p);
}

/* Seen from inside: how often the terminal is written to for one key. */
static void writes(void)
{
	static const char *const keys[] = {
		"2", "j", "G", "g", "5", "j", "<PgDn>", "1", "?", "<Esc>", "<C-l>"};
	struct screen *s = screen_open(&(struct screen_conf){.rows = 60, .cols = 200});
	int most = 0;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		screen_sent_clear(s);
		screen_keys(s, keys[i]);
		if (screen_frames(s) > most)
			most = screen_frames(s);
	}
	figure(5, "writes_per_key", most, "writes", 1);
	screen_close(s);
}

/* Bar 22: the cursor is the last thing of a frame, on the selected row. */
static void cursors(void)
{
	int lists = 0, right = 0;

	for (int i = 0; pane_table[i]; i++) {
		struct screen *s;
		const struct row **r;
		int y, x;

		if (pane_table[i]->hidden)
			continue;
		s = screen_open(&(struct screen_conf){0});
		console_go(screen_console(s), pane_table[i]->name, NULL);
		screen_run(s);
		screen_cursor(s, &y, &x);
		if (pane_visible(console_front_pane(screen_console(s)), &r)) {
			lists++;
			right += screen_reverse_at(s, y, x);
		}
		screen_close(s);
	}
	figure_least(
		22, "cursor_on_selected_row", 100.0 * right / lists, "% of panes", 100);
}

/* --- bar 9: keys --- */

static pid_t change_all_the_time(const struct stage *at)
{
	pid_t pid = fork();
	struct stage mine = *at;
	struct err e = ERR_INIT;

	if (pid)
		return pid;
	/* A child may not use its parent's connection. */
	if (store_open(&mine.st, at->config.store_path, STORE_WRITE, &e))
		_exit(1);
	for (int i = 0;; i++) {
		stage_burn(&mine, i, 1 + i % 17);
		usleep(20000);
	}
}

static void keys(const struct stage *at, const char *name, bool busy)
{
	struct pty *p = started(at, 24, 80, NULL);
	pid_t writer = busy ? change_all_the_time(at) : 0;
	double ms[KEYS], cpu[KEYS];
	char full[64];

	key_bytes(p, "5");
	for (int i = 0; i < KEYS; i++) {
		int64_t began = clock_mono(), ran = pty_proc(p, "schedstat", "");

		pty_clear(p);
		began = clock_mono();
		pty_send(p, i % 20 < 10 ? "j" : "k");
		while (pty_read(p, 4) > 0 || !pty_first_ns(p))
			if (clock_mono() - began > NS_PER_S)
				break;
		ms[i] = ms_of(pty_last_ns(p) - began);
		cpu[i] = ms_of(pty_proc(p, "schedstat", "") - ran);
	}
	(void)snprintf(full, sizeof(full), "%s_p50", name);
	figure(9, full, at_share(ms, KEYS, 0.5), "ms", 1);
	(void)snprintf(full, sizeof(full), "%s_p99", name);
	figure(9, full, at_share(ms, KEYS, 0.99), "ms", 8);
	(void)snprintf(full, sizeof(full), "%s_cpu_p99", name);
	figure(9, full, at_share(cpu, KEYS, 0.99), "ms", 5);
	if (writer > 0) {
		kill(writer, SIGKILL);
		waitpid(writer, NULL, 0);
	}
	pty_free(p);
}

/* --- bars 10, 12, 15, 16: bad lines, and the end --- */

static void slow_line(struct stage *at)
{
	struct pty *p = stage_watch(at, &(struct pty_conf){.bytes_per_s = 2400}, NULL);
	double worst = 0;

	must(pty_wait(p, "checkout-assistant"), "nothing on a slow line");
	for (int i = 0; i < 8; i++) {
		int64_t began;

		for (int k = 0; k < 5; k++) {
			stage_burn(at, k, 1 + (i * 5 + k) % 13);
			pty_read(p, 100);
		}
		began = clock_mono();
		pty_send(p, i % 2 ? "1" : "2");
		must(pty_wait(p, i % 2 ? "Changes" : "Gone in"),
			"no answer on a slow line");
		worst = fmax(worst, ms_of(clock_mono() - began));
	}
	figure(10, "key_at_2400_bytes_s_worst", worst, "ms", 2000);
	pty_free(p);
}

static void storm(const struct stage *at)
{
	struct pty *p = started(at, 24, 80, NULL);
	double full = (double)key_bytes(p, "\f");

	for (int i = 0; i < 20; i++) {
		pty_resize(p, 20 + i % 7, 70 + i % 11);
		pty_read(p, 20);
	}
	pty_clear(p);
	pty_resize(p, 24, 80);
	pty_settle(p, 200);
	figure(12, "after_20_sizes", (double)pty_sent(p)->len / full, "full frames", 2);
	pty_free(p);
}

static void stop_and_end(const struct stage *at)
{
	struct pty *p = started(at, 24, 80, NULL);
	double full = (double)key_bytes(p, "\f");
	int64_t began;
	int status;

	pty_signal(p, SIGTSTP);
	must(pty_wait_stopped(p), "it does not stop");
	pty_clear(p);
	pty_signal(p, SIGCONT);
	pty_settle(p, QUIET_MS);
	figure(15, "back_after_stopping", (double)pty_sent(p)->len / full, "full frames",
		1.2);
	began = clock_mono();
	pty_hang_up(p);
	must(pty_wait_end(p, 5000, &status), "it does not end");
	figure(16, "gone_after_hang_up", ms_of(clock_mono() - began), "ms", 200);
	pty_free(p);
}

/* --- bar 17: how many kinds of terminal are painted on --- */
static void kinds(const struct stage *at)
{
	static const char *const names[] = {"vt100", "ansi", "linux", "xterm",
		"xterm-256color", "screen", "screen-256color", "tmux-256color",
		"xterm-direct", "nobody-knows-this"};
	int painted = 0;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *term = mem_format("TERM=%s", names[i]);
		const char *const env[] = {term, NULL};
		struct pty *p = stage_watch(at, &(struct pty_conf){.env = env}, NULL);

		painted += pty_wait(p, "checkout-assistant");
		pty_free(p);
		free(term);
	}
	figure_least(17, "terminals_painted", painted, "kinds of 10",
		(double)ARRAY_LEN(names));
}

int main(void)
{
	struct stage empty, at;

	stage_open(&empty, true);
	start(&empty, "start_empty", 20);
	memory(&empty, "memory_empty", 6);
	stage_close(&empty);

	stage_open(&at, false);
	start(&at, "start_with_an_incident", 20);
	idle(&at);
	idle_without_clock(&at);
	kinds(&at);
	storm(&at);
	stop_and_end(&at);
	put_sessions(&at);
	start(&at, "start_100000_sessions", 50);
	memory(&at, "memory_100000_sessions", 25);
	put_payloads(&at, GIGABYTE);
	start(&at, "start_1_GB", 50);
	rows(&at);
	frames(&at, 24, 80, 4096);
	frames(&at, 60, 200, 16384);
	keys(&at, "key_quiet", false);
	keys(&at, "key_busy", true);
	live(&at, "live_overview_80x24", 24, 80, 120);
	live(&at, "live_overview_200x60", 60, 200, 300);
	slow_line(&at);
	stage_close(&at);
	writes();
	cursors();
	return 0;
}
