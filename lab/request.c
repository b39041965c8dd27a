#include "config.h"
#include "lab/request.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/digest.h"
#include "core/duration.h"

const char *request_query(const struct request *q, const char *name)
{
	for (size_t i = 0; i < q->query.n; i++)
		if (!strcmp(q->query.items[i].name, name))
			return q->query.items[i].value;
	return NULL;
}

int64_t request_query_int(const struct request *q, const char *name, int64_t otherwise,
	int64_t low, int64_t high)
{
	const char *s = request_query(q, name);
	char *end;
	long long v;

	if (!s || !*s)
		return otherwise;
	v = strtoll(s, &end, 10);
	if (*end)
		return otherwise;
	return v < low ? low : v > high ? high : v;
}

bool request_query_time(int64_t *out, bool *ok, const struct request *q, const char *name)
{
	const char *s = request_query(q, name);
	struct err e = ERR_INIT;

	if (!s || !*s)
		return false;
	if (time_parse(out, s, &e)) {
		*ok = false;
		err_release(&e);
		return false;
	}
	return true;
}

struct json *request_json(const struct request *q)
{
	struct json *j = NULL;
	struct err e = ERR_INIT;

	if (json_parse(&j, q->body ? q->body : "", q->body_n, &e)) {
		err_release(&e);
		return NULL;
	}
	if (json_type(j) != JSON_OBJECT) {
		json_free(j);
		return NULL;
	}
	return j;
}

bool request_is_json(const struct request *q)
{
	return q->content_type && !strncasecmp(q->content_type, "application/json", 16);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *request_decode(struct arena *a, const char *s, size_t n)
{
	char *out = arena_strndup(a, s, n), *to = out;

	for (size_t i = 0; i < n; i++) {
		int high = s[i] == '%' && i + 2 < n ? hex_digit(s[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(s[i + 2]) : -1;

		if (low >= 0 && (high || low)) {
			*to++ = (char)(high * 16 + low);
			i += 2;
		} else {
			*to++ = s[i];
		}
	}
	*to = 0;
	return out;
}

bool request_has_basic(const struct request *q, const char *user, const char *password)
{
	struct strbuf given = STRBUF_INIT, wanted = STRBUF_INIT;
	struct err e = ERR_INIT;
	bool same = false;

	if (!q->authorization || strncasecmp(q->authorization, "Basic ", 6) != 0)
		return false;
	strbuf_addf(&wanted, "%s:%s", user, password);
	if (!base64_decode(
		    &given, q->authorization + 6, strlen(q->authorization + 6), &e))
		same = given.len == wanted.len &&
			!memcmp(given.buf, wanted.buf, given.len);
	err_release(&e);
	strbuf_release(&given);
	strbuf_release(&wanted);
	return same;
}

bool request_has_bearer(const struct request *q, const char *token)
{
	return q->authorization && !strncasecmp(q->authorization, "Bearer ", 7) &&
		!strcmp(q->authorization + 7, token);
}

void answer_json_take(struct answer *a, int status, struct json *j)
{
	a->status = status;
	a->type = "application/json";
	strbuf_reset(&a->body);
	json_format(&a->body, j, false);
	json_free(j);
}

void answer_text(struct answer *a, int status, const char *text)
{
	a->status = status;
	a->type = "text/plain; charset=utf-8";
	strbuf_reset(&a->body);
	strbuf_adds(&a->body, text);
}
