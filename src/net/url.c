#include "config.h"

#include "net/url.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "core/i18n.h"

static const char UNIX_SCHEME[] = "http+unix://";

/* The parts of scheme://authority/rest, as a view. */
struct url_view {
	size_t scheme_n; /* with "://" */
	const char *host; /* after any user:password@ */
	size_t host_n; /* with the port */
	const char *rest;
};

static bool is_unreserved(unsigned char c)
{
	return isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static int hex_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void url_split(struct url_view *v, const char *url)
{
	const char *mark = strstr(url, "://");
	const char *at;
	size_t n;

	v->scheme_n = mark ? (size_t)(mark - url) + 3 : 0;
	v->host = url + v->scheme_n;
	n = strcspn(v->host, "/?#");
	v->rest = v->host + n;
	/* The last @ of the authority ends user and password, which may hold one themselves. */
	for (at = v->host + n; at > v->host && at[-1] != '@'; at--)
		;
	v->host_n = (size_t)(v->rest - at);
	v->host = at;
}

void url_encode(struct strbuf *out, const char *s)
{
	for (; *s; s++) {
		if (is_unreserved((unsigned char)*s))
			strbuf_addc(out, *s);
		else
			strbuf_addf(out, "%%%02X", (unsigned)(unsigned char)*s);
	}
}

void url_decode(struct strbuf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int high = i + 2 < n && s[i] == '%' ? hex_value((unsigned char)s[i + 1])
						    : -1;
		int low = high >= 0 ? hex_value((unsigned char)s[i + 2]) : -1;

		if (low >= 0) {
			strbuf_addc(out, (char)(high * 16 + low));
			i += 2;
		} else {
			strbuf_addc(out, s[i]);
		}
	}
}

void url_join(struct strbuf *out, const char *base, const char *path)
{
	size_t n = strcspn(base, "?#");

	while (n > 0 && base[n - 1] == '/')
		n--;
	strbuf_add(out, base, n);
	if (!path || !*path)
		return;
	if (*path != '/')
		strbuf_addc(out, '/');
	strbuf_adds(out, path);
}

int url_segment(struct strbuf *url, const char *segment, struct err *e)
{
	if (!*segment || !strcmp(segment, ".") || !strcmp(segment, ".."))
		return err_set(e, ERR_INPUT, _("'%s' cannot stand in a path"), segment);
	strbuf_addc(url, '/');
	url_encode(url, segment);
	return 0;
}

void url_query(struct strbuf *url, const char *name, const char *value)
{
	if (!value)
		return;
	strbuf_addc(url, strchr(url->buf, '?') ? '&' : '?');
	url_encode(url, name);
	strbuf_addc(url, '=');
	url_encode(url, value);
}

void url_form(struct strbuf *body, const char *name, const char *value)
{
	if (!value)
		return;
	if (body->len)
		strbuf_addc(body, '&');
	url_encode(body, name);
	strbuf_addc(body, '=');
	url_encode(body, value);
}

int url_check(const char *url, struct err *e)
{
	static const char *const schemes[] = {"http://", "https://", UNIX_SCHEME};
	struct url_view v;

	for (const char *p = url; *p; p++) {
		if ((unsigned char)*p <= ' ' || *p == 0x7f) {
			err_set(e, ERR_INPUT,
				_("the URL holds a space or a control character"));
			return err_hint(e, _("write such characters as %%20 and so on"));
		}
	}
	url_split(&v, url);
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		if (v.scheme_n != strlen(schemes[i]) ||
			strncasecmp(url, schemes[i], v.scheme_n))
			continue;
		if (v.host_n && *v.host != ':')
			return 0;
		return err_set(e, ERR_INPUT, _("the URL names no host"));
	}
	err_set(e, ERR_INPUT, _("the URL does not begin with http:// or https://"));
	return err_hint(
		e, _("a unix socket is written http+unix://%%2Frun%%2Fname.sock"));
}

void url_shown(struct strbuf *out, const char *url)
{
	struct url_view v;

	url_split(&v, url);
	strbuf_add(out, url, v.scheme_n);
	strbuf_add(out, v.host, v.host_n);
	strbuf_add(out, v.rest, strcspn(v.rest, "?#"));
}

/* What servers put into links of their own; a page's token is none of them. */
static bool is_secret_parameter(const char *name, size_t n)
{
	static const char *const names[] = {"access_token", "api_key", "api-key",
		"apikey", "client_secret", "password", "secret", "sig", "signature",
		"x-amz-credential", "x-amz-security-token", "x-amz-signature",
		"x-goog-credential", "x-goog-signature"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strlen(names[i]) == n && !strncasecmp(names[i], name, n))
			return true;
	return false;
}

void url_shown_query(struct strbuf *out, const char *url)
{
	const char *s = strchr(url, '?');

	url_shown(out, url);
	for (; s && *s; s += strcspn(s, "&")) {
		const char *name = s + 1;
		size_t n = strcspn(name, "=&");
		bool hide = name[n] == '=' && is_secret_parameter(name, n);

		strbuf_addc(out, *s);
		s = name;
		strbuf_add(out, s, hide ? n + 1 : strcspn(s, "&"));
		strbuf_adds(out, hide ? "****" : "");
	}
}

void url_host(struct strbuf *out, const char *url)
{
	struct url_view v;

	url_split(&v, url);
	url_decode(out, v.host, v.host_n);
}

bool url_is_loopback(const char *url)
{
	struct url_view v;
	size_t n;

	url_split(&v, url);
	if (v.scheme_n == strlen(UNIX_SCHEME) &&
		!strncasecmp(url, UNIX_SCHEME, v.scheme_n))
		return true;
	if (v.host_n >= 5 && !strncmp(v.host, "[::1]", 5))
		return v.host_n == 5 || v.host[5] == ':';
	n = strcspn(v.host, ":/?#");
	if (n > v.host_n)
		n = v.host_n;
	if (n == 9 && !strncasecmp(v.host, "localhost", n))
		return true;
	/* 127.x.y.z written as numbers only: "127.evil.example" is a name. */
	return n > 4 && !strncmp(v.host, "127.", 4) && strspn(v.host, "0123456789.") >= n;
}
