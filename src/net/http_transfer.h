/* http_transfer.h - a request from http_start() to its callback; for http*.c alone */
#ifndef TOCSIN_NET_HTTP_TRANSFER_H
#define TOCSIN_NET_HTTP_TRANSFER_H

#include <curl/curl.h>

#include "net/http.h"

struct transfer {
	struct transfer *next;
	struct http *http;
	unsigned handle;
	CURL *easy;
	struct curl_slist *headers, *connect_to;
	const struct source_conf *source;
	enum http_method method;
	struct strbuf url; /* without the credential's parameter */
	struct strbuf body;
	struct strbuf own_headers; /* "name\0value\0" */
	char *content_type, *accept;
	struct credential credential;
	struct auth_ask ask; /* source NULL: the credential was given, or there is none */
	struct http_answer answer;
	struct err early; /* what failed before curl began */
	int64_t timeout_ns, max_bytes;
	int64_t held; /* bytes of the body that count in http->held */
	int64_t began_mono;
	unsigned soon; /* timer of an early failure */
	int redirects;
	bool resolving, running, too_large, too_many;
	http_fn *fn;
	void *ctx;
	char tls_words[CURL_ERROR_SIZE];
};

struct http {
	struct loop *loop;
	struct auth *auth;
	CURLM *multi;
	unsigned timer;
	unsigned last_handle;
	struct transfer *transfers;
	size_t n;
	int64_t held, max_held; /* bytes of the bodies of all transfers */
};

/* curl's options are variadic: each gets exactly the type that it wants. */
void http_set_text(CURL *easy, CURLoption option, const char *value);
void http_set_long(CURL *easy, CURLoption option, long value);

/* Everything that curl has to know, with the credential. */
int http_setup(struct transfer *t, struct err *e);
void http_headers_wipe(struct curl_slist *list);

#endif
