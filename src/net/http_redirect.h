/* http_redirect.h - where credentials may be taken along (for http.c) */
#ifndef TOCSIN_NET_HTTP_REDIRECT_H
#define TOCSIN_NET_HTTP_REDIRECT_H

#include <stdbool.h>

/* The same scheme, host and port; or the same host, from http to https. */
bool http_may_follow(const char *from, const char *to);

#endif
