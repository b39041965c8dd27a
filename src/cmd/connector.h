/* connector.h - connectors as the commands name them: by type, or by file */
#ifndef TOCSIN_CMD_CONNECTOR_H
#define TOCSIN_CMD_CONNECTOR_H

#include "cmd/cmd.h"
#include "net/connector.h"

/*
 * A word with '/' or ".yaml" in it is a file, another one the type of a source.  What is wrong is
 * printed, with file, line and column; then an exit code, else 0.
 */
int connector_open(struct connector *out, struct cmd *c, const char *word);

/* The method and the path's pattern: "GET /models/{name}".  Appended. */
void connector_request_line(struct strbuf *out, const struct connector_request *req);

/* How it was checked, in words: "documented", "2026-11-20, 3.4.0"; and as a member `verified`. */
void connector_trust(struct strbuf *out, const struct connector *c, int64_t now);
void connector_verified_json(struct json *to, const struct connector *c, int64_t now);

#endif
