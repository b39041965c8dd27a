/* connector_request.h - what a connector's file says about one request and its pages */
#ifndef TOCSIN_CONNECTOR_REQUEST_H
#define TOCSIN_CONNECTOR_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "net/http.h"

/* A program, and the line of the file where it begins.  text NULL: none. */
struct jq {
	const char	*text;
	int		line;
};

/* A literal, or "$name" or "$name.field": a variable's value, left out when that is null. */
struct pair {
	const char	*name, *value;
	int		line;
};

struct pairs {
	struct pair	*items;
	size_t		n;
};

struct statuses {
	int	*items;
	size_t	n;
};

bool statuses_have(const struct statuses *s, int status);

enum request_body {
	BODY_NONE,
	BODY_JSON,	/* program: the document */
	BODY_FORM,	/* form: the fields */
	BODY_GRAPHQL,	/* text: the query; program, which may be absent: its variables */
	BODY_RPC,	/* JSON-RPC 2.0; text: the method; program, which may be absent: its params */
};

struct connector_request {
	enum http_method	method;
	const char		*path;		/* a pattern, see below; NULL: no request */
	struct pairs		query, headers;
	enum request_body	body;
	struct jq		program;
	struct pairs		form;
	const char		*text;
	const char		*content_type;	/* instead of what the body implies */
	struct statuses		ok_status;	/* fine besides 2xx */
	struct jq		ok;		/* answer -> false or null: it failed */
	bool			plain;		/* the answer is text, not JSON */
	int			line;
};

enum page_kind {
	PAGE_NONE,
	PAGE_CURSOR,	/* value: answer -> cursor */
	PAGE_HEADER,	/* header: holds the cursor */
	PAGE_LINK,	/* Link: <...>; rel="next" */
	PAGE_NEXT,	/* value: answer -> the next URL */
	PAGE_OFFSET,	/* query: of the first item; items: answer -> the list or its length */
	PAGE_NUMBER,	/* query: the page's number */
	PAGE_CONTINUE,	/* as cursor; at status restart it begins anew, once */
};

struct connector_page {
	enum page_kind	kind;
	struct jq	value;
	const char	*header;
	const char	*query;		/* the parameter; NULL: $cursor in the body */
	const char	*variable;	/* the GraphQL variable that takes the cursor; or NULL */
	const char	*limit;		/* the parameter that takes size; or NULL */
	int64_t		first, size;	/* size 0: the server's own */
	struct jq	items, total;	/* total: of items, or of pages (PAGE_NUMBER) */
	int		restart;
	int64_t		max;		/* pages at the most */
};

/*
 * Path patterns: "{name}" and "{name.field}" are one encoded part of a segment, "{name...}" keeps
 * its slashes, "{name|twice}" is encoded twice, "[...]" is left out when a value inside is null or
 * "".  A segment that would be "", "." or ".." by its values is refused.  A stage whose whole path
 * is "[/...]" makes no request when that is left out: its answer is null then.
 */
int path_pattern_check(const char *pattern, struct err *e);
bool path_pattern_is_left_out(const char *pattern, const struct json *values);
int path_pattern_make(struct strbuf *out, const char *pattern, const struct json *values,
	struct err *e);

/* Text for a URL, a header or a form: as it is, numbers in JSON's form; NULL for null and others. */
const char *pair_value(const struct pair *p, const struct json *values, struct strbuf *scratch);

#endif
