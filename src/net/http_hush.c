#include "config.h"

#include "net/http_hush.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/digest.h"
#include "net/url.h"

/* Shorter ones are words like "admin": to hide them would only spoil the sentence. */
#define SECRET_MIN_BYTES ((size_t)6)

static void hide(struct strbuf *body, const char *secret, size_t n)
{
	char *at = body->buf, *end = body->buf + body->len;

	if (n < SECRET_MIN_BYTES)
		return;
	while ((at = memmem(at, (size_t)(end - at), secret, n))) {
		memset(at, '*', n);
		at += n;
	}
}

/* "user:password", which Basic made its value from. */
static void hide_basic(struct strbuf *body, const char *coded)
{
	struct strbuf pair = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	const char *colon;

	strbuf_room(&pair, strlen(coded) + 1);
	if (!base64_decode(&pair, coded, strlen(coded), &ignored)) {
		colon = strchr(pair.buf, ':');
		if (colon)
			hide(body, colon + 1, strlen(colon + 1));
	}
	err_release(&ignored);
	secret_release(&pair);
}

/* "Name: value" or "Name: Scheme value" */
static void hide_header(struct strbuf *body, const char *line)
{
	const char *value = strchr(line, ':'), *space;

	if (!value)
		return;
	value += 1 + strspn(value + 1, " ");
	hide(body, value, strlen(value));
	space = strchr(value, ' ');
	if (!space)
		return;
	hide(body, space + 1, strlen(space + 1));
	if (!strncasecmp(value, "basic ", 6))
		hide_basic(body, space + 1);
}

static bool is_secret(const char *line)
{
	char *name = mem_strndup(line, strcspn(line, ":"));
	bool secret = http_header_is_secret(name);

	free(name);
	return secret;
}

void http_hush(struct transfer *t)
{
	const struct strbuf *lines = &t->credential.part[CREDENTIAL_HEADERS];
	const struct strbuf *value = &t->credential.part[CREDENTIAL_QUERY_VALUE];
	struct strbuf *body = &t->answer.body, coded = STRBUF_INIT;

	for (const char *p = lines->buf; p < lines->buf + lines->len; p += strlen(p) + 1)
		hide_header(body, p);
	for (const struct curl_slist *h = t->headers; h; h = h->next)
		if (is_secret(h->data))
			hide_header(body, h->data);
	strbuf_room(&coded, value->len * 3 + 1);
	url_encode(&coded, value->buf);
	hide(body, value->buf, value->len);
	hide(body, coded.buf, coded.len);
	secret_release(&coded);
}
