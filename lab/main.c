#include "config.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/i18n.h"
#include "core/loop.h"
#include "lab/options.h"
#include "lab/server.h"

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_WRONG_USAGE = 2 };

static int fail(struct err *e, int code)
{
	char *text = err_text(e);

	fprintf(stderr, "tocsin-lab: %s\n", text);
	free(text);
	err_release(e);
	return code;
}

static const char *from_environment(const char *name, const char *otherwise)
{
	const char *v = getenv(name);

	return v && *v ? v : otherwise;
}

/* The line that says where everything is. */
static int say_ready(const struct lab *lab, int fd, struct err *e)
{
	static const struct {
		const char *name, *path;
	} urls[] = {
		{"url", ""},
		{"metrics", "/metrics"},
		{"mlflow", "/mlflow"},
		{"langfuse", "/langfuse"},
		{"alertmanager", "/alertmanager"},
		{"serving", "/serving"},
		{"pipelines", "/pipelines"},
	};
	struct json *j = json_object();
	struct strbuf line = STRBUF_INIT;
	ssize_t n;

	json_add_int(j, "pid", getpid());
	json_add_text(j, "scenario", lab->platform->sc->name);
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		char *url = mem_format("%s%s", lab->url, urls[i].path);

		json_add_text(j, urls[i].name, url);
		free(url);
	}
	json_format(&line, j, false);
	strbuf_addc(&line, '\n');
	json_free(j);
	n = write(fd, line.buf, line.len);
	if (n != (ssize_t)line.len)
		err_errno(e, errno, _("cannot say where the lab is"));
	n -= (ssize_t)line.len;
	strbuf_release(&line);
	return n ? -1 : 0;
}

static void on_signal(void *ctx, int signal_number)
{
	(void)signal_number;
	loop_stop(ctx);
}

static void on_stdin(void *ctx, int fd, unsigned events)
{
	char buf[256];
	ssize_t n = read(fd, buf, sizeof(buf));

	(void)events;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		loop_stop(ctx);
}

static int serve(struct lab *lab, const struct options *o, struct err *e)
{
	struct loop *loop = loop_new();
	struct server *server = NULL;
	int r = server_new(&server, loop, lab, o->port, e);

	loop_signal(loop, SIGTERM, on_signal, loop);
	loop_signal(loop, SIGINT, on_signal, loop);
	if (o->until_eof)
		loop_watch(loop, STDIN_FILENO, LOOP_READ | LOOP_HANGUP, on_stdin, loop);
	if (!r)
		r = say_ready(lab, o->ready_fd, e);
	if (!r)
		loop_run(loop);
	server_free(server);
	loop_free(loop);
	return r;
}

static int run(const struct options *o, struct err *e)
{
	struct scenario sc;
	struct problems p;
	struct lab lab = {.manual = o->manual,
		.langfuse = o->langfuse,
		.token = from_environment("LAB_TOKEN", NULL),
		.public_key = from_environment("LAB_PUBLIC_KEY", "pk-lf-lab"),
		.secret_key = from_environment("LAB_SECRET_KEY", "sk-lf-lab")};
	struct platform_conf conf = {.scenario = &sc,
		.cause = o->cause,
		.seed = o->seed,
		.speed = o->speed,
		.start = o->now ? o->now : clock_now(),
		.elapsed_ns = o->elapsed_ns,
		.history_ns = o->history_ns};
	int r;

	problems_init(&p, o->scenario);
	r = scenario_load(&sc, o->scenario, &p, e);
	for (size_t i = 0; !r && i < o->n_faults; i++)
		r = faults_add(&lab.faults, o->faults[i], e);
	if (!r)
		r = platform_new(&lab.platform, &conf, e);
	if (!r)
		r = serve(&lab, o, e);
	platform_free(lab.platform);
	faults_release(&lab.faults);
	scenario_release(&sc);
	problems_release(&p);
	return r;
}

int main(int argc, char **argv)
{
	struct options o;
	struct err e = ERR_INIT;
	int r;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C"); /* numbers go into JSON and expositions */
	bindtextdomain(PACKAGE, LOCALEDIR);
	textdomain(PACKAGE);
	signal(SIGPIPE, SIG_IGN);
	r = options_parse(&o, argc, (const char *const *)argv, &e);
	if (r) {
		options_release(&o);
		return fail(&e, EXIT_WRONG_USAGE);
	}
	if (o.help)
		options_help();
	else if (o.version)
		printf("tocsin-lab %s\n", PACKAGE_VERSION);
	else
		r = run(&o, &e);
	options_release(&o);
	return r ? fail(&e, e.code == ERR_INPUT ? EXIT_WRONG_USAGE : EXIT_FAILED)
		 : EXIT_FINE;
}
