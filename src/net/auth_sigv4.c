#include "config.h"

#include "net/auth_sigv4.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/clock.h"
#include "core/digest.h"
#include "core/i18n.h"
#include "net/url.h"

#define SCOPE_END "aws4_request"

/* --- the URL --- */

static void encode_again(struct strbuf *out, const char *s, size_t n)
{
	struct strbuf plain = STRBUF_INIT;

	url_decode(&plain, s, n);
	for (size_t i = 0; i < plain.len; i++) {
		char one[2] = {plain.buf[i], '\0'};

		if (one[0])
			url_encode(out, one);
		else
			strbuf_adds(out, "%00");
	}
	strbuf_release(&plain);
}

static void encode_path(struct strbuf *out, const char *s, size_t n)
{
	while (n) {
		const char *slash = memchr(s, '/', n);
		size_t part = slash ? (size_t)(slash - s) : n;

		encode_again(out, s, part);
		if (slash) {
			strbuf_addc(out, '/');
			part++;
		}
		s += part;
		n -= part;
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "name=value", both encoded; sorted by name, then value.  '=' sorts as 0x01: below all else. */
static char *pair_of(const char *s, size_t n)
{
	const char *equals = memchr(s, '=', n);
	size_t name_n = equals ? (size_t)(equals - s) : n;
	struct strbuf out = STRBUF_INIT;

	encode_again(&out, s, name_n);
	strbuf_addc(&out, '\x01');
	if (equals)
		encode_again(&out, equals + 1, n - name_n - 1);
	return strbuf_detach(&out, NULL);
}

static void encode_query(struct strbuf *out, const char *s, size_t n)
{
	char **pairs = NULL;
	size_t count = 0, cap = 0;

	while (n) {
		const char *amp = memchr(s, '&', n);
		size_t part = amp ? (size_t)(amp - s) : n;

		if (part)
			*mem_push(pairs, count, cap) = pair_of(s, part);
		part += amp ? 1 : 0;
		s += part;
		n -= part;
	}
	if (count)
		qsort(pairs, count, sizeof(*pairs), by_text);
	for (size_t i = 0; i < count; i++) {
		*strchr(pairs[i], '\x01') = '=';
		strbuf_addc(out, i ? '&' : '?');
		strbuf_adds(out, pairs[i]);
		free(pairs[i]);
	}
	free(pairs);
}

/* The parts of an absolute URL. */
struct parts {
	const char *host, *path, *query;
	size_t host_n, path_n, query_n;
};

static struct parts parts_of(const char *url)
{
	const char *mark = strstr(url, "://");
	struct parts p = {.host = mark ? mark + 3 : url};

	p.host_n = strcspn(p.host, "/?#");
	p.path = p.host + p.host_n;
	p.path_n = strcspn(p.path, "?#");
	p.query = p.path + p.path_n;
	if (*p.query == '?')
		p.query++;
	p.query_n = strcspn(p.query, "#");
	return p;
}

void sigv4_url(struct strbuf *url)
{
	struct parts p = parts_of(url->buf);
	struct strbuf out = STRBUF_INIT;

	for (const char *s = url->buf; s < p.path; s++)
		strbuf_addc(&out, (char)tolower((unsigned char)*s));
	if (!p.path_n)
		strbuf_addc(&out, '/');
	encode_path(&out, p.path, p.path_n);
	encode_query(&out, p.query, p.query_n);
	strbuf_release(url);
	*url = out;
}

/* --- headers --- */

static bool is_signed(const char *name, size_t n)
{
	return (n == 12 && !strncasecmp(name, "content-type", n)) ||
		(n > 6 && !strncasecmp(name, "x-amz-", 6));
}

/* "name:value" in canonical form: lower case, spaces trimmed and folded. */
static char *canonical_header(const char *name, size_t n, const char *value)
{
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < n; i++)
		strbuf_addc(&out, (char)tolower((unsigned char)name[i]));
	strbuf_addc(&out, '\x01');
	value += strspn(value, " \t");
	for (; *value; value++) {
		if (*value == ' ' || *value == '\t') {
			value += strspn(value, " \t");
			if (!*value)
				break;
			strbuf_addc(&out, ' ');
		}
		strbuf_addc(&out, *value);
	}
	return strbuf_detach(&out, NULL);
}

struct header_list {
	char **lines;
	size_t n, cap;
};

static void headers_add(struct header_list *list, const char *name, const char *value)
{
	*mem_push(list->lines, list->n, list->cap) =
		canonical_header(name, strlen(name), value);
}

static void headers_take(struct header_list *list, const struct strbuf *headers)
{
	const char *line = headers->buf;

	for (; line < headers->buf + headers->len; line += strlen(line) + 1) {
		size_t n = strcspn(line, ":;");

		if (line[n] == ':' && is_signed(line, n))
			*mem_push(list->lines, list->n, list->cap) =
				canonical_header(line, n, line + n + 1);
	}
}

/* Their canonical block and the list of names; frees. */
static void headers_end(
	struct header_list *list, struct strbuf *block, struct strbuf *names)
{
	qsort(list->lines, list->n, sizeof(*list->lines), by_text);
	for (size_t i = 0; i < list->n; i++) {
		char *line = list->lines[i];
		size_t n = strcspn(line, "\x01");

		if (i)
			strbuf_addc(names, ';');
		strbuf_add(names, line, n);
		line[n] = ':';
		strbuf_adds(block, line);
		strbuf_addc(block, '\n');
		mem_wipe(line, strlen(line));
		free(line);
	}
	free(list->lines);
}

/* The Host header as curl sends it: without the scheme's own port. */
static void host_of(struct strbuf *out, const char *url, const struct parts *p)
{
	const char *own = !strncmp(url, "https://", 8) ? ":443" : ":80";
	size_t n = strlen(own);

	strbuf_add(out, p->host, p->host_n);
	if (out->len > n && !strcmp(out->buf + out->len - n, own))
		strbuf_truncate(out, out->len - n);
}

/* --- the signature --- */

struct signing {
	char date[9], stamp[17];
	struct strbuf scope, block, names, payload;
};

static void hex_of(struct strbuf *out, const void *data, size_t n)
{
	struct digest d = digest_of(data, n);

	digest_hex(out, &d);
}

static void times_set(struct signing *s, int64_t now)
{
	time_t at = (time_t)(now / NS_PER_S);
	struct tm tm;

	gmtime_r(&at, &tm);
	strftime(s->date, sizeof(s->date), "%Y%m%d", &tm);
	strftime(s->stamp, sizeof(s->stamp), "%Y%m%dT%H%M%SZ", &tm);
}

/* Every service but S3 wants the path as it is sent encoded once more, and slashes only once. */
static void canonical_path(struct strbuf *out, const struct parts *p, bool s3)
{
	for (size_t i = 0; i < p->path_n; i++) {
		if (!s3 && p->path[i] == '/' && i && p->path[i - 1] == '/')
			continue;
		if (!s3 && p->path[i] == '%')
			strbuf_adds(out, "%25");
		else
			strbuf_addc(out, p->path[i]);
	}
	if (!p->path_n)
		strbuf_addc(out, '/');
}

static struct digest signature_of(
	const struct sigv4_request *r, const struct signing *s, const char *request)
{
	const struct credential *c = r->credential;
	const char *region = credential_text(c, CREDENTIAL_REGION);
	const char *service = credential_text(c, CREDENTIAL_SERVICE);
	struct strbuf text = STRBUF_INIT, key = STRBUF_INIT;
	struct digest k;

	strbuf_room(&key, c->part[CREDENTIAL_SECRET_KEY].len + 8);
	strbuf_adds(&key, "AWS4");
	strbuf_adds(&key, credential_text(c, CREDENTIAL_SECRET_KEY));
	strbuf_addf(&text, "AWS4-HMAC-SHA256\n%s\n%s\n", s->stamp, s->scope.buf);
	hex_of(&text, request, strlen(request));
	k = digest_hmac(key.buf, key.len, s->date, strlen(s->date));
	k = digest_hmac(k.bytes, sizeof(k.bytes), region, strlen(region));
	k = digest_hmac(k.bytes, sizeof(k.bytes), service, strlen(service));
	k = digest_hmac(k.bytes, sizeof(k.bytes), SCOPE_END, strlen(SCOPE_END));
	k = digest_hmac(k.bytes, sizeof(k.bytes), text.buf, text.len);
	secret_release(&key);
	strbuf_release(&text);
	return k;
}

static void canonical_request(struct strbuf *out, const struct sigv4_request *r,
	const struct signing *s, const struct parts *p, bool s3)
{
	strbuf_addf(out, "%s\n", r->method);
	canonical_path(out, p, s3);
	strbuf_addc(out, '\n');
	strbuf_add(out, p->query, p->query_n);
	strbuf_addf(out, "\n%s\n%s\n%s", s->block.buf, s->names.buf, s->payload.buf);
}

static void header_out(struct strbuf *out, const char *name, const char *value)
{
	strbuf_addf(out, "%s: %s", name, value);
	strbuf_addc(out, '\0');
}

static void headers_collect(struct strbuf *out, const struct sigv4_request *r,
	struct signing *s, const struct parts *p, bool s3)
{
	const char *session = credential_text(r->credential, CREDENTIAL_SESSION);
	struct header_list list = {0};
	struct strbuf host = STRBUF_INIT;

	host_of(&host, r->url, p);
	headers_add(&list, "host", host.buf);
	headers_add(&list, "x-amz-date", s->stamp);
	header_out(out, "X-Amz-Date", s->stamp);
	if (s3) {
		headers_add(&list, "x-amz-content-sha256", s->payload.buf);
		header_out(out, "X-Amz-Content-Sha256", s->payload.buf);
	}
	if (*session) {
		headers_add(&list, "x-amz-security-token", session);
		header_out(out, "X-Amz-Security-Token", session);
	}
	headers_take(&list, &r->headers);
	headers_end(&list, &s->block, &s->names);
	strbuf_release(&host);
}

void sigv4_sign(struct strbuf *out, const struct sigv4_request *r)
{
	const struct credential *c = r->credential;
	struct signing s = {.scope = STRBUF_INIT,
		.block = STRBUF_INIT,
		.names = STRBUF_INIT,
		.payload = STRBUF_INIT};
	struct strbuf request = STRBUF_INIT;
	struct parts p = parts_of(r->url);
	bool s3 = !strcmp(credential_text(c, CREDENTIAL_SERVICE), "s3");
	struct digest signature;

	times_set(&s, r->now);
	strbuf_addf(&s.scope, "%s/%s/%s/%s", s.date,
		credential_text(c, CREDENTIAL_REGION),
		credential_text(c, CREDENTIAL_SERVICE), SCOPE_END);
	hex_of(&s.payload, r->body_bytes ? r->body : "", r->body_bytes);
	headers_collect(out, r, &s, &p, s3);
	canonical_request(&request, r, &s, &p, s3);
	signature = signature_of(r, &s, request.buf);
	strbuf_addf(out,
		"Authorization: AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, "
		"Signature=",
		credential_text(c, CREDENTIAL_ACCESS_KEY), s.scope.buf, s.names.buf);
	digest_hex(out, &signature);
	strbuf_addc(out, '\0');
	secret_release(&request);
	secret_release(&s.block);
	strbuf_release(&s.scope);
	strbuf_release(&s.names);
	strbuf_release(&s.payload);
}

/* The example of the AWS General Reference: ListUsers of IAM on 30 August 2015. */
int sigv4_check(struct err *e)
{
	static const char expected[] =
		"5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
	static const char *const parts[CREDENTIAL_PARTS] = {
		[CREDENTIAL_REGION] = "us-east-1",
		[CREDENTIAL_SERVICE] = "iam",
		[CREDENTIAL_ACCESS_KEY] = "AKIDEXAMPLE",
		[CREDENTIAL_SECRET_KEY] = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
	};
	static const char type[] =
		"Content-Type: application/x-www-form-urlencoded; charset=utf-8";
	struct credential c;
	struct sigv4_request r = {.method = "GET",
		.headers = STRBUF_INIT,
		.credential = &c,
		.now = INT64_C(1440938160) * NS_PER_S};
	struct strbuf url = STRBUF_INIT, out = STRBUF_INIT;
	bool right;

	credential_init(&c);
	for (size_t i = 0; i < CREDENTIAL_PARTS; i++)
		if (parts[i])
			credential_set(&c, i, parts[i], strlen(parts[i]));
	strbuf_adds(
		&url, "https://iam.amazonaws.com/?Version=2010-05-08&Action=ListUsers");
	sigv4_url(&url);
	r.url = url.buf;
	strbuf_add(&r.headers, type, sizeof(type));
	sigv4_sign(&out, &r);
	right = out.len > 65 && !strcmp(out.buf + out.len - 65, expected);
	strbuf_release(&r.headers);
	strbuf_release(&url);
	strbuf_release(&out);
	credential_release(&c);
	if (right)
		return 0;
	err_set(e, ERR_SYSTEM, _("a signature for AWS does not come out as published"));
	return err_hint(e, _("this build, or its libcrypto, is broken"));
}
