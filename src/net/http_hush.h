/* http_hush.h - an error that repeats what we sent does not give our secrets away (for http.c) */
#ifndef TOCSIN_NET_HTTP_HUSH_H
#define TOCSIN_NET_HTTP_HUSH_H

#include "net/http_transfer.h"

/*
 * Stars in the place of the credential, as it was sent and as it was given, and of other headers
 * that are secret, wherever the answer's body holds them.  What backends say to an error is shown,
 * logged and stored; some say which key they did not like.
 */
void http_hush(struct transfer *t);

#endif
