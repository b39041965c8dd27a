#include "config.h"

#include "net/auth_token.h"

#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/number.h"
#include "core/text.h"
#include "net/url.h"

enum { WORDS_MAX = 200 };

/* A life that is not stated ends with the first 401; a year stands for it. */
#define LIFE_UNKNOWN_NS (365 * NS_PER_DAY)
#define LIFE_MIN_NS (5 * NS_PER_S)
#define EARLY_NS (60 * NS_PER_S)

int token_check(const char *token, const char *host, struct err *e)
{
	size_t n = token ? strlen(token) : 0;

	if (!n)
		return err_set(
			e, ERR_AUTH, _("the login at %s answered without a token"), host);
	if (n > TOKEN_MAX_BYTES)
		return err_set(e, ERR_AUTH,
			_("the login at %s answered with a token that is too long"),
			host);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)token[i];

		if (c <= ' ' || c >= 0x7f)
			return err_set(e, ERR_AUTH,
				_("the token from the login at %s holds characters "
				  "that no header can carry"),
				host);
	}
	return 0;
}

int64_t token_life(const struct json *value, int64_t now)
{
	double seconds = json_real(value);
	struct err ignored = ERR_INIT;
	int64_t at = NONE_INT;

	if (seconds >= 0 && seconds < 1e9)
		return (int64_t)(seconds * (double)NS_PER_S);
	if (json_type(value) == JSON_STRING &&
		time_parse(&at, json_text(value), &ignored) < 0)
		at = NONE_INT;
	err_release(&ignored);
	if (at == NONE_INT)
		return NONE_INT;
	return at > now ? at - now : 0;
}

int64_t token_jwt_life(const char *token, int64_t now)
{
	const char *from = strchr(token, '.');
	const char *to = from ? strchr(from + 1, '.') : NULL;
	struct strbuf payload = STRBUF_INIT;
	struct json *claims = NULL;
	struct err ignored = ERR_INIT;
	int64_t life = NONE_INT;
	double at = -1;

	if (to && !base64_decode(&payload, from + 1, (size_t)(to - from) - 1, &ignored) &&
		!json_parse(&claims, payload.buf, payload.len, &ignored))
		at = json_real(json_get(claims, "exp"));
	if (at > 0 && at < 9e9) {
		life = (int64_t)at * NS_PER_S - now;
		life = life < 0 ? 0 : life;
	}
	json_wipe(claims);
	err_release(&ignored);
	secret_release(&payload);
	return life;
}

void token_keep(struct auth_job *job, int64_t life_ns)
{
	int64_t early;

	if (life_ns == NONE_INT || life_ns > LIFE_UNKNOWN_NS)
		life_ns = LIFE_UNKNOWN_NS;
	early = life_ns / 5 < EARLY_NS ? life_ns / 5 : EARLY_NS;
	/* One that has ended already serves who asked for it: the clocks may differ. */
	auth_job_made(job, life_ns - early < LIFE_MIN_NS ? LIFE_MIN_NS : life_ns - early,
		life_ns);
}

/* --- what the server says --- */

static const char *said_in(const struct json *j)
{
	static const char *const places[] = {"error_description", "error.message",
		"errors.0.message", "message", "detail", "error", "reason"};

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const char *text = json_text_at(j, places[i]);

		if (text && *text)
			return text;
	}
	return NULL;
}

static bool is_echo(const char *said, const struct strbuf *secret)
{
	struct strbuf coded = STRBUF_INIT;
	bool echo;

	if (!secret->len)
		return false;
	url_encode(&coded, secret->buf);
	echo = strstr(said, secret->buf) || strstr(said, coded.buf);
	secret_release(&coded);
	return echo;
}

/* The server's words as a part of our sentence; nothing when they would give the secret away. */
static void words_of(
	struct strbuf *out, const struct auth_job *job, const struct http_answer *answer)
{
	const char *body = answer->body.buf;
	struct json *j = NULL;
	struct err ignored = ERR_INIT;
	const char *said = NULL;

	if (!json_parse(&j, body, answer->body.len, &ignored))
		said = said_in(j);
	else if (http_answer_is(answer, "text/plain") && *body != '<')
		said = body;
	if (said && *said && !is_echo(said, &job->told)) {
		size_t n = strcspn(said, "\r\n");

		text_safe(out, said, n < WORDS_MAX ? n : WORDS_MAX, false);
	}
	err_release(&ignored);
	json_wipe(j);
}

int token_status(const struct auth_job *job, const char *url,
	const struct http_answer *answer, struct err *e)
{
	struct strbuf host = STRBUF_INIT, words = STRBUF_INIT;

	if (answer->status / 100 == 2)
		return 0;
	url_host(&host, url);
	words_of(&words, job, answer);
	if (words.len)
		err_set(e, ERR_AUTH, _("the login at %s failed with status %d: %s"),
			host.buf, answer->status, words.buf);
	else
		err_set(e, ERR_AUTH, _("the login at %s failed with status %d"), host.buf,
			answer->status);
	err_retry(e, RETRY_LATER);
	strbuf_release(&host);
	strbuf_release(&words);
	return -1;
}

int token_json(struct json **out, const struct auth_job *job, const char *url,
	const struct http_answer *answer, struct err *e)
{
	struct strbuf host = STRBUF_INIT;
	struct err inner = ERR_INIT;
	int rc = token_status(job, url, answer, e);

	if (rc == 0 && json_parse(out, answer->body.buf, answer->body.len, &inner) < 0) {
		url_host(&host, url);
		rc = err_set(e, ERR_AUTH,
			_("the login at %s answered with something other than JSON"),
			host.buf);
		err_hint(e, _("a login page in front of it? Check its URL"));
	}
	err_release(&inner);
	strbuf_release(&host);
	return rc;
}
