#include "config.h"

#include "net/http_transfer.h"

#include <string.h>
#include <strings.h>

#include "core/i18n.h"
#include "core/log.h"
#include "net/auth_sigv4.h"
#include "net/url.h"

#define CONNECT_TIMEOUT_NS (10 * NS_PER_S)

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;

	n *= size;
	if (n > (size_t)t->max_bytes || t->answer.body.len > (size_t)t->max_bytes - n) {
		t->too_large = true;
		return CURL_WRITEFUNC_ERROR;
	}
	if ((int64_t)n > t->http->max_held - t->http->held) {
		t->too_many = true;
		return CURL_WRITEFUNC_ERROR;
	}
	t->held += (int64_t)n;
	t->http->held += (int64_t)n;
	strbuf_add(&t->answer.body, data, n);
	return n;
}

static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;

	http_answer_add(&t->answer, data, size * n);
	return size * n;
}

void http_set_text(CURL *easy, CURLoption option, const char *value)
{
	curl_easy_setopt(easy, option, value);
}

void http_set_long(CURL *easy, CURLoption option, long value)
{
	curl_easy_setopt(easy, option, value);
}

static long ns_to_ms(int64_t ns)
{
	int64_t ms = ns / NS_PER_MS;

	return ms < 1 ? 1 : ms > INT32_MAX ? INT32_MAX : (long)ms;
}

void http_headers_wipe(struct curl_slist *list)
{
	for (struct curl_slist *h = list; h; h = h->next)
		mem_wipe(h->data, strlen(h->data));
	curl_slist_free_all(list);
}

static void header_line(struct transfer *t, const char *line)
{
	struct curl_slist *list = curl_slist_append(t->headers, line);

	if (!list)
		bug("curl_slist_append: out of memory");
	t->headers = list;
}

static void header_pair(struct transfer *t, const char *name, const char *value)
{
	struct strbuf line = STRBUF_INIT;

	/* curl sends a header without a value only when a semicolon stands for the colon. */
	if (*value)
		strbuf_addf(&line, "%s: %s", name, value);
	else
		strbuf_addf(&line, "%s;", name);
	header_line(t, line.buf);
	log_debug("%s:   %s: %s", __func__, name,
		http_header_is_secret(name) ? "***" : value);
	secret_release(&line);
}

static bool own_header(const struct transfer *t, const char *name)
{
	const char *p = t->own_headers.buf;

	while (p < t->own_headers.buf + t->own_headers.len) {
		if (!strcasecmp(p, name))
			return true;
		p += strlen(p) + 1;
		p += strlen(p) + 1;
	}
	return false;
}

static void transfer_sign(struct transfer *t, struct strbuf *out)
{
	struct sigv4_request r = {
		.method = http_method_name(t->method),
		.url = t->url.buf,
		.body = t->body.buf,
		.body_bytes = t->body.len,
		.credential = &t->credential,
		.headers = STRBUF_INIT,
		.now = clock_now(),
	};

	for (struct curl_slist *h = t->headers; h; h = h->next)
		strbuf_add(&r.headers, h->data, strlen(h->data) + 1);
	sigv4_sign(out, &r);
	secret_release(&r.headers);
}

static void credential_headers(struct transfer *t)
{
	const struct strbuf *lines = &t->credential.part[CREDENTIAL_HEADERS];
	struct strbuf made = STRBUF_INIT;

	if (t->credential.part[CREDENTIAL_SERVICE].len)
		transfer_sign(t, &made);
	else
		strbuf_add(&made, lines->buf, lines->len);
	for (const char *p = made.buf; p < made.buf + made.len; p += strlen(p) + 1)
		header_line(t, p);
	secret_release(&made);
}

static void headers_build(struct transfer *t)
{
	const struct source_conf *s = t->source;
	const char *p = t->own_headers.buf;

	for (; p < t->own_headers.buf + t->own_headers.len; p += strlen(p) + 1) {
		const char *name = p;

		p += strlen(p) + 1;
		header_pair(t, name, p);
	}
	for (size_t i = 0; s && i < s->n_headers; i++) {
		if (!own_header(t, s->header_names[i]))
			header_pair(t, s->header_names[i], s->header_values[i]);
	}
	if (!own_header(t, "accept"))
		header_pair(t, "Accept", t->accept ? t->accept : "application/json");
	if (t->content_type && !own_header(t, "content-type"))
		header_pair(t, "Content-Type", t->content_type);
	if (t->body.len)
		header_line(t, "Expect:"); /* no round trip to ask whether we may */
	credential_headers(t);
	if (!t->body.len && !t->content_type && !own_header(t, "content-type"))
		header_line(t, "Content-Type:"); /* curl would call nothing a form */
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
}

static void blob_set(CURL *easy, CURLoption option, const struct strbuf *pem)
{
	struct curl_blob blob = {pem->buf, pem->len, CURL_BLOB_COPY};

	if (pem->len)
		curl_easy_setopt(easy, option, &blob);
}

/* The server's certificate is for another name than the one that finds it: connect to the one,
 * ask and verify for the other. */
static void tls_name_set(struct transfer *t, struct strbuf *url)
{
	const char *name = credential_text(&t->credential, CREDENTIAL_TLS_NAME);
	struct strbuf host = STRBUF_INIT, line = STRBUF_INIT;
	const char *authority, *port;
	size_t n;

	if (!*name || strncasecmp(url->buf, "https://", 8))
		return;
	authority = strstr(url->buf, "://") + 3;
	n = strcspn(authority, "/?#");
	strbuf_add(&host, authority, n);
	port = strrchr(host.buf, ':');
	if (port && strchr(port, ']'))
		port = NULL;
	strbuf_addf(&line, "%s%s:%s", name, port ? port : ":443", host.buf);
	if (!port)
		strbuf_adds(&line, ":443");
	t->connect_to = curl_slist_append(NULL, line.buf);
	curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->connect_to);
	strbuf_remove(url, (size_t)(authority - url->buf), n);
	strbuf_insert(url, strlen("https://"), port ? port : "", port ? strlen(port) : 0);
	strbuf_insert(url, strlen("https://"), name, strlen(name));
	header_pair(t, "Host", host.buf);
	strbuf_release(&host);
	strbuf_release(&line);
}

static int tls_set(struct transfer *t, struct err *e)
{
	static const struct tls_conf none = {0};
	const struct tls_conf *tls = t->source ? &t->source->tls : &none;
	const struct credential *c = &t->credential;
	bool insecure = tls->insecure || c->insecure;

	http_set_long(t->easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	if (insecure && !url_is_loopback(t->url.buf)) {
		err_set(e, ERR_DENIED,
			_("a certificate may go unverified on the loopback only"));
		return err_hint(
			e, _("name the authority's certificate with tls: {ca: FILE}"));
	}
	if (insecure) {
		http_set_long(t->easy, CURLOPT_SSL_VERIFYPEER, 0);
		http_set_long(t->easy, CURLOPT_SSL_VERIFYHOST, 0);
	}
	if (tls->ca)
		http_set_text(t->easy, CURLOPT_CAINFO, tls->ca);
	if (tls->cert)
		http_set_text(t->easy, CURLOPT_SSLCERT, tls->cert);
	if (tls->key)
		http_set_text(t->easy, CURLOPT_SSLKEY, tls->key);
	blob_set(t->easy, CURLOPT_CAINFO_BLOB, &c->part[CREDENTIAL_CA]);
	blob_set(t->easy, CURLOPT_SSLCERT_BLOB, &c->part[CREDENTIAL_CERT]);
	blob_set(t->easy, CURLOPT_SSLKEY_BLOB, &c->part[CREDENTIAL_KEY]);
	return 0;
}

static void method_set(struct transfer *t)
{
	bool has_body = t->body.len || t->method == HTTP_POST || t->method == HTTP_PUT ||
		t->method == HTTP_PATCH;

	http_set_long(t->easy, CURLOPT_HTTPGET, 1);
	if (t->method == HTTP_HEAD)
		http_set_long(t->easy, CURLOPT_NOBODY, 1);
	if (has_body) {
		http_set_text(t->easy, CURLOPT_POSTFIELDS, t->body.buf);
		curl_easy_setopt(
			t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.len);
	}
	if (t->method != HTTP_GET && t->method != HTTP_HEAD)
		http_set_text(
			t->easy, CURLOPT_CUSTOMREQUEST, http_method_name(t->method));
}

/* http+unix://%2Frun%2Fx.sock/path goes to http://localhost/path through the socket. */
static void url_set(struct transfer *t)
{
	static const char unix_scheme[] = "http+unix://";
	size_t skip = strlen(unix_scheme);
	struct strbuf url = STRBUF_INIT;
	const char *proxy = credential_text(&t->credential, CREDENTIAL_PROXY);
	const char *parameter = credential_text(&t->credential, CREDENTIAL_QUERY_NAME);
	const struct strbuf *value = &t->credential.part[CREDENTIAL_QUERY_VALUE];

	if (!strncasecmp(t->url.buf, unix_scheme, skip)) {
		size_t n = strcspn(t->url.buf + skip, "/?#");
		struct strbuf path = STRBUF_INIT;

		url_decode(&path, t->url.buf + skip, n);
		http_set_text(t->easy, CURLOPT_UNIX_SOCKET_PATH, path.buf);
		strbuf_release(&path);
		strbuf_addf(&url, "http://localhost%s", t->url.buf + skip + n);
	} else {
		strbuf_room(&url, t->url.len + value->len * 3 + 256);
		strbuf_adds(&url, t->url.buf);
	}
	if (*parameter)
		url_query(&url, parameter, value->buf);
	tls_name_set(t, &url);
	http_set_text(t->easy, CURLOPT_URL, url.buf);
	/* What runs on this machine is not reached through a proxy. */
	if (*proxy || url_is_loopback(t->url.buf))
		http_set_text(t->easy, CURLOPT_PROXY, proxy);
	secret_release(&url);
}

int http_setup(struct transfer *t, struct err *e)
{
	CURL *easy = t->easy;
	int64_t connect_ns =
		t->timeout_ns < CONNECT_TIMEOUT_NS ? t->timeout_ns : CONNECT_TIMEOUT_NS;

	http_set_text(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	http_set_text(easy, CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
	http_set_text(easy, CURLOPT_ACCEPT_ENCODING, "");
	http_set_long(easy, CURLOPT_NOSIGNAL, 1);
	http_set_long(easy, CURLOPT_QUICK_EXIT, 1);
	http_set_long(easy, CURLOPT_PATH_AS_IS, 1);
	http_set_long(easy, CURLOPT_FOLLOWLOCATION, 0);
	http_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1);
	http_set_long(easy, CURLOPT_TIMEOUT_MS, ns_to_ms(t->timeout_ns));
	http_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, ns_to_ms(connect_ns));
	curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->max_bytes);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->tls_words);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
	if (tls_set(t, e) < 0)
		return -1;
	if (t->credential.part[CREDENTIAL_SERVICE].len)
		sigv4_url(&t->url);
	method_set(t);
	url_set(t);
	headers_build(t);
	return 0;
}
