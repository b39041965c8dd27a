#include "config.h"

#include "tests/unit/case_server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/loop.h"
#include "core/mem.h"
#include "net/url.h"
#include "tests/unit/web.h"

#define ANSWERS_MAX 256

struct case_server {
	const struct json *answers; /* borrowed */
	int64_t used[ANSWERS_MAX]; /* how often each was given */
	int64_t writes; /* answered so far */
	FILE *log; /* shared by both processes */
	pid_t pid;
	char *url; /* owned */
};

/* --- matching --- */

static char *decoded(const char *s, size_t n)
{
	struct strbuf out = STRBUF_INIT;

	url_decode(&out, s, n);
	return strbuf_detach(&out, NULL);
}

/* The pair s[0..n-1] stands in query, by its meaning. */
static bool query_has(const char *query, const char *s, size_t n)
{
	char *wanted = decoded(s, n);
	bool found = false;

	while (*query && !found) {
		size_t len = strcspn(query, "&");
		char *one = decoded(query, len);

		found = !strcmp(one, wanted);
		free(one);
		query += len + (query[len] == '&');
	}
	free(wanted);
	return found;
}

bool case_target_fits(const char *target, const char *pattern)
{
	size_t path = strcspn(target, "?");
	const char *query = target[path] ? target + path + 1 : "";
	const char *wanted;

	if (strcspn(pattern, "?") != path || strncmp(target, pattern, path) != 0)
		return false;
	for (wanted = pattern + path + (pattern[path] == '?'); *wanted;) {
		size_t n = strcspn(wanted, "&");

		if (!query_has(query, wanted, n))
			return false;
		wanted += n + (wanted[n] == '&');
	}
	return true;
}

char *case_text(const char *s, const char *url)
{
	struct strbuf out = STRBUF_INIT;
	const char *at;

	while ((at = strstr(s, "{server}")) != NULL) {
		strbuf_add(&out, s, (size_t)(at - s));
		strbuf_adds(&out, url);
		s = at + strlen("{server}");
	}
	strbuf_adds(&out, s);
	return strbuf_detach(&out, NULL);
}

/* --- answering: in the child --- */

static const char *text_of(const struct json *j, const char *key, const char *otherwise)
{
	const char *s = json_text(json_get(j, key));

	return s ? s : otherwise;
}

static size_t pairs_in(const char *pattern)
{
	size_t n = 0;

	for (const char *s = strchr(pattern, '?'); s; s = strchr(s + 1, '&'))
		n++;
	return n;
}

struct asked {
	const char *request, *method, *target;
};

static bool answer_fits(
	const struct case_server *s, const struct json *a, const struct asked *q)
{
	const char *asks = json_text(json_get(a, "asks"));
	int64_t after = json_int(json_get(a, "after"));

	return !strcmp(text_of(a, "method", "GET"), q->method) && after <= s->writes &&
		case_target_fits(q->target, text_of(a, "path", "")) &&
		(!asks || strstr(q->request, asks));
}

/* How closely it is meant: what it names of the request, then of what went before. */
static int64_t closeness(const struct json *a)
{
	int64_t after = json_int(json_get(a, "after"));

	return (int64_t)pairs_in(text_of(a, "path", "")) * 10000 +
		(json_get(a, "asks") ? 1000 : 0) + (after > 0 ? after : 0);
}

/* Of the closest that fit the first that has a turn left, else the last. */
static const struct json *answer_for(struct case_server *s, const struct asked *q)
{
	const struct json *found = NULL;
	int64_t *used = NULL, best = -1;
	size_t i = 0;

	json_each (a, s->answers) {
		if (answer_fits(s, a, q) && closeness(a) > best)
			best = closeness(a);
	}
	json_each (a, s->answers) {
		int64_t times = json_int(json_get(a, "times"));

		if (i < ANSWERS_MAX && answer_fits(s, a, q) && closeness(a) == best) {
			found = a;
			used = &s->used[i];
			if (*used < (times > 0 ? times : 1))
				break;
		}
		i++;
	}
	if (used)
		++*used;
	return found;
}

static bool is_write(const struct json *a)
{
	const char *method = text_of(a, "method", "GET");

	return json_bool(json_get(a, "writes"),
		strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0);
}

static void add_headers(
	struct strbuf *out, const struct json *a, const char *body, const char *url)
{
	bool typed = false;

	json_each (h, json_get(a, "headers")) {
		struct strbuf number = STRBUF_INIT;
		char *value;

		if (!json_text(h))
			json_format(&number, h, false);
		value = case_text(json_text(h) ? json_text(h) : number.buf, url);
		strbuf_addf(out, "%s: %s\r\n", json_key(h), value);
		typed |= !strcasecmp(json_key(h), "content-type");
		free(value);
		strbuf_release(&number);
	}
	if (!typed)
		strbuf_addf(out, "Content-Type: %s\r\n",
			*body == '{' || *body == '[' ? "application/json" : "text/plain");
}

static enum web_fault fault_of(const struct json *a)
{
	const char *name = text_of(a, "fault", "");

	if (!strcmp(name, "hang"))
		return WEB_HANG;
	if (!strcmp(name, "reset"))
		return WEB_RESET;
	return !strcmp(name, "truncate") || !strcmp(name, "close") ? WEB_CLOSE : WEB_OK;
}

static enum web_fault give(
	struct strbuf *reply, const struct json *a, const char *method, const char *url)
{
	const char *fault = text_of(a, "fault", "");
	char *body = case_text(text_of(a, "body", ""), url);
	int64_t status = json_int(json_get(a, "status"));
	struct strbuf headers = STRBUF_INIT;
	size_t n = strlen(body), sent = n;

	if (!strcmp(method, "HEAD") || status == 304 || status == 204)
		sent = 0;
	if (!strcmp(fault, "truncate"))
		sent /= 2;
	add_headers(&headers, a, body, url);
	if (strcmp(fault, "hang") != 0 && strcmp(fault, "reset") != 0) {
		strbuf_addf(reply, "HTTP/1.1 %d Words\r\n%s",
			status > 0 ? (int)status : 200, headers.buf);
		if (status != 204)
			strbuf_addf(reply, "Content-Length: %zu\r\n", n);
		strbuf_adds(reply, "\r\n");
		strbuf_add(reply, body, sent);
	}
	strbuf_release(&headers);
	free(body);
	return fault_of(a);
}

static void note(struct case_server *s, const char *request, const char *method,
	const char *target, bool answered)
{
	const char *line = strstr(request, "\r\n"), *end = strstr(request, "\r\n\r\n");
	char *headers = mem_strndup(line, (size_t)(end - line) + 2);
	struct json *j = json_object();
	struct strbuf text = STRBUF_INIT;

	json_add_text(j, "method", method);
	json_add_text(j, "target", target);
	json_add_text(j, "headers", headers);
	json_add_text(j, "body", end + 4);
	json_add_bool(j, "answered", answered);
	json_format(&text, j, false);
	strbuf_addc(&text, '\n');
	if (fwrite(text.buf, 1, text.len, s->log) != text.len || fflush(s->log))
		_exit(1);
	strbuf_release(&text);
	json_free(j);
	free(headers);
}

static enum web_fault serve(void *ctx, const char *request, struct strbuf *reply)
{
	static const char nothing[] = "the case has no answer for this\n";
	struct case_server *s = ctx;
	size_t verb = strcspn(request, " "), rest = strcspn(request + verb + 1, " ");
	char *method = mem_strndup(request, verb);
	char *target = mem_strndup(request + verb + 1, rest);
	const struct json *a = answer_for(s, &(struct asked){request, method, target});
	enum web_fault fault = WEB_CLOSE;

	note(s, request, method, target, a != NULL);
	if (a && is_write(a))
		s->writes++;
	if (a)
		fault = give(reply, a, method, s->url);
	else
		web_reply(reply, 418, NULL, nothing, sizeof(nothing) - 1);
	free(method);
	free(target);
	return fault;
}

static void child(struct case_server *s, int ready)
{
	struct loop *l = loop_new();
	int port = web_port(web_new(l, serve, s));

	s->url = mem_format("http://127.0.0.1:%d", port);
	if (write(ready, &port, sizeof(port)) == sizeof(port))
		loop_run(l);
	_exit(0);
}

/* --- the test's side --- */

struct case_server *case_server_new(const struct json *answers)
{
	struct case_server *s = mem_new(1, sizeof(*s));
	int fds[2], port = 0;

	s->answers = answers;
	s->log = tmpfile();
	if (!s->log || pipe(fds) || (s->pid = fork()) < 0)
		abort();
	if (!s->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that crashes leaves nobody */
		close(fds[0]);
		child(s, fds[1]);
	}
	close(fds[1]);
	if (read(fds[0], &port, sizeof(port)) != sizeof(port))
		abort();
	close(fds[0]);
	s->url = mem_format("http://127.0.0.1:%d", port);
	return s;
}

void case_server_free(struct case_server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	fclose(s->log);
	free(s->url);
	free(s);
}

const char *case_server_url(const struct case_server *s)
{
	return s->url;
}

struct json *case_server_log(const struct case_server *s)
{
	struct json *list = json_array();
	struct strbuf all = STRBUF_INIT;
	char buf[16384];
	ssize_t n;
	off_t at = 0;

	while ((n = pread(fileno(s->log), buf, sizeof(buf), at)) > 0) {
		strbuf_add(&all, buf, (size_t)n);
		at += n;
	}
	for (char *line = all.buf, *end; (end = strchr(line, '\n')); line = end + 1) {
		struct err e = ERR_INIT;

		*end = '\0';
		if (json_add_raw(list, NULL, line, &e))
			abort();
	}
	strbuf_release(&all);
	return list;
}
