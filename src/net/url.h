/*
 * url.h - building URLs and form bodies from parts that are data
 *
 * Pure.  Whatever comes from outside is percent-encoded: nothing is spliced.
 */
#ifndef TOCSIN_NET_URL_H
#define TOCSIN_NET_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/strbuf.h"

/* Append s with all but RFC 3986's unreserved characters as %XX. */
void url_encode(struct strbuf *out, const char *s);

/* Append the decoded form of s[0..n-1]; a malformed escape is kept as it is. */
void url_decode(struct strbuf *out, const char *s, size_t n);

/*
 * Append base and path with one slash between; base keeps its own path prefix and loses its
 * query and fragment.  path is literal, from us or a connector ("/api/v1/query"), not encoded.
 */
void url_join(struct strbuf *out, const char *base, const char *path);

/*
 * Append "/" and the segment, encoded.  Refuses "", "." and "..": servers resolve them, encoded or
 * not, and another object would answer.
 */
int url_segment(struct strbuf *url, const char *segment, struct err *e);

/* Append "?name=value" or "&name=value", both encoded; value NULL adds nothing. */
void url_query(struct strbuf *url, const char *name, const char *value);

/* The same for an application/x-www-form-urlencoded body. */
void url_form(struct strbuf *body, const char *name, const char *value);

/* http, https or http+unix with a host; else ERR_INPUT with a hint. */
int url_check(const char *url, struct err *e);

/* Append url without user, password, query and fragment: for people and logs. */
void url_shown(struct strbuf *out, const char *url);

/* The same with the query, where the values of secrets (password=, X-Amz-Signature=) are stars. */
void url_shown_query(struct strbuf *out, const char *url);

/* Append the host with its port as the URL says it: "h:9090"; of a unix socket its path. */
void url_host(struct strbuf *out, const char *url);

/* True when the host is localhost, 127.0.0.0/8 or ::1, or a unix socket. */
bool url_is_loopback(const char *url);

#endif
