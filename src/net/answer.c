#include "config.h"

#include "net/answer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/i18n.h"
#include "core/text.h"
#include "net/url.h"

void http_answer_release(struct http_answer *a)
{
	strbuf_release(&a->body);
	strbuf_release(&a->headers);
}

void http_answer_clear(struct http_answer *a)
{
	strbuf_reset(&a->body);
	strbuf_reset(&a->headers);
	a->status = 0;
	a->bytes = 0;
	a->retry_after_ns = NONE_INT;
}

void http_answer_add(struct http_answer *a, const char *line, size_t n)
{
	const char *colon;
	size_t name_n;

	if (n >= 5 && !strncasecmp(line, "HTTP/", 5)) {
		strbuf_reset(&a->headers);
		return;
	}
	while (n && strchr("\r\n \t", line[n - 1]))
		n--;
	colon = memchr(line, ':', n);
	if (!colon || a->headers.len + n + 2 > HTTP_HEADERS_MAX_BYTES)
		return;
	name_n = (size_t)(colon - line);
	for (size_t i = 0; i < name_n; i++)
		strbuf_addc(&a->headers, (char)tolower((unsigned char)line[i]));
	strbuf_addc(&a->headers, '\0');
	for (colon++; colon < line + n && (*colon == ' ' || *colon == '\t'); colon++)
		;
	for (; colon < line + n; colon++) {
		if (*colon)
			strbuf_addc(&a->headers, *colon);
	}
	strbuf_addc(&a->headers, '\0');
}

const char *http_answer_header(const struct http_answer *a, const char *name)
{
	const char *p = a->headers.buf;
	const char *end = p + a->headers.len;

	while (p < end) {
		const char *value = p + strlen(p) + 1;

		if (!strcasecmp(p, name))
			return value;
		p = value + strlen(value) + 1;
	}
	return NULL;
}

bool http_answer_is(const struct http_answer *a, const char *media_type)
{
	const char *type = http_answer_header(a, "content-type");
	size_t n = strlen(media_type);

	return type && !strncasecmp(type, media_type, n) &&
		(!type[n] || strchr("; \t", type[n]));
}

struct status_row {
	int from, to;
	enum err_code code;
	enum err_retry retry;
	const char *what;
	const char *hint;
};

/* The first row that holds the status. */
static const struct status_row status_rows[] = {
	{300, 399, ERR_BACKEND, RETRY_LATER,
		N_("the server redirects and says not where"), NULL},
	{401, 401, ERR_AUTH, RETRY_LATER,
		N_("the server wants credentials, or refuses ours"),
		N_("check the auth of this source in the configuration")},
	{403, 403, ERR_AUTH, RETRY_LATER, N_("our credentials do not allow this request"),
		N_("ask the owner of the server for the right to do it")},
	{404, 404, ERR_NOT_FOUND, RETRY_LATER,
		N_("the server knows no such path or object"),
		N_("check the URL of this source, its path prefix too")},
	{407, 407, ERR_AUTH, RETRY_LATER, N_("the proxy wants credentials"),
		N_("check the proxy variables of the environment")},
	{408, 408, ERR_BACKEND, RETRY_LATER, N_("the server gave up waiting"), NULL},
	{409, 409, ERR_CONFLICT, RETRY_NEVER, N_("the server sees a conflict"), NULL},
	{410, 410, ERR_NOT_FOUND, RETRY_LATER, N_("the object is gone"), NULL},
	{412, 412, ERR_CONFLICT, RETRY_NEVER, N_("it is no longer what was read before"),
		NULL},
	{425, 425, ERR_BACKEND, RETRY_LATER, N_("the server asks to try again"), NULL},
	{429, 429, ERR_BACKEND, RETRY_LATER, N_("the server asks to slow down"),
		N_("ask it less often: raise 'every' of this source")},
	{400, 499, ERR_BACKEND, RETRY_NEVER, N_("the server refuses the request"), NULL},
	{501, 501, ERR_BACKEND, RETRY_NEVER, N_("the server cannot do this"), NULL},
	{502, 504, ERR_BACKEND, RETRY_LATER, N_("the server is not available"), NULL},
	{500, 599, ERR_BACKEND, RETRY_LATER, N_("the server failed"), NULL},
	{0, 999, ERR_BACKEND, RETRY_LATER,
		N_("the server answered with a status that means nothing"), NULL},
};

static int status_set(struct err *e, int meant, int status)
{
	const struct status_row *row = status_rows;

	while (meant < row->from || meant > row->to)
		row++;
	err_set(e, row->code, "%s (%d)", _(row->what), status);
	if (row->hint)
		err_hint(e, "%s", _(row->hint));
	return err_retry(e, row->retry);
}

int http_status_err(const struct http_answer *a, const char *url, struct err *e)
{
	struct strbuf shown = STRBUF_INIT;

	if ((a->status >= 200 && a->status < 300) || a->status == 304)
		return 0;
	status_set(e, a->status, a->status);
	url_shown(&shown, url);
	err_where(e, "%s", shown.buf);
	strbuf_release(&shown);
	return -1;
}

void http_status_meant(struct err *e, int meant, int status)
{
	char *where = e->where ? mem_strdup(e->where) : NULL;

	if (meant >= 400 && meant < 600)
		status_set(e, meant, status);
	if (where)
		err_where(e, "%s", where);
	free(where);
}

bool http_header_is_secret(const char *name)
{
	static const char *const exact[] = {
		"cookie", "set-cookie", "private-token", "dd-api-key"};
	static const char *const within[] = {"auth", "token", "secret", "password",
		"credential", "api-key", "apikey", "access-key", "signature"};

	for (size_t i = 0; i < ARRAY_LEN(exact); i++) {
		if (!strcasecmp(name, exact[i]))
			return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(within); i++) {
		if (text_has(name, within[i]))
			return true;
	}
	return false;
}
