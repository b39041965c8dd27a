/*
 * case_server.h - a server that gives the answers of one case, and remembers what was asked
 *
 * It runs in a process of its own, because actions block.
 */
#ifndef TOCSIN_UNIT_CASE_SERVER_H
#define TOCSIN_UNIT_CASE_SERVER_H

#include <stdbool.h>

#include "core/json.h"

struct case_server;

/* answers: the case's list, see connector_cases.c; borrowed. */
struct case_server *case_server_new(const struct json *answers);
void case_server_free(struct case_server *s);
const char *case_server_url(const struct case_server *s);

/* The caller frees: {method, target, headers, body, answered} for each request so far. */
struct json *case_server_log(const struct case_server *s);

/*
 * "/path?a=b" fits "/path" and "/path?a=b": paths as they are sent, byte by byte; of the query
 * what the pattern names, in any order.
 */
bool case_target_fits(const char *target, const char *pattern);

/* s with "{server}" replaced by the server's URL.  The caller frees. */
char *case_text(const char *s, const char *url);

#endif
