/* request.h - one request and its answer, without sockets */
#ifndef LAB_REQUEST_H
#define LAB_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "lab/fault.h"
#include "lab/platform.h"

struct param {
	const char	*name, *value;
};

struct params {
	struct param	*items;
	size_t		n, cap;
};

#define REQUEST_SEGMENTS 8

struct request {
	const char	*method;	/* "GET" */
	const char	*path;		/* as it came, still encoded */
	struct params	query;		/* decoded, in order, names may repeat */
	const char	*authorization, *content_type;	/* headers, or NULL */
	const char	*body;
	size_t		body_n;
	const char	*segments[REQUEST_SEGMENTS];	/* what "{}" matched, decoded */
	struct arena	*arena;		/* of this request */
};

struct answer {
	int		status;
	const char	*type;		/* a content type, static */
	const char	*challenge;	/* WWW-Authenticate, or NULL */
	struct strbuf	body;
};

/* What the whole program is about; the routes see it and nothing else. */
struct lab {
	struct platform	*platform;
	int64_t		now;		/* of this request; the platform's is that of its last step */
	struct faults	faults;
	const char	*token;		/* MLflow's bearer token, or NULL: open */
	const char	*public_key, *secret_key;	/* Langfuse's */
	int		langfuse;	/* generations: 1 first only, 2 second only, 3 both */
	bool		manual;		/* time goes by POST /lab/advance only */
	const char	*url;		/* "http://127.0.0.1:4711" */
};

/* Fill a (initialised) for q: what every path goes through, but for the faults. */
void lab_answer(struct answer *a, struct lab *lab, struct request *q);

const char *request_query(const struct request *q, const char *name);	/* first; NULL */
int64_t request_query_int(const struct request *q, const char *name, int64_t otherwise,
	int64_t low, int64_t high);	/* out of bounds or no number: clamped, otherwise */

/* False when absent; *ok is cleared when it is no time. */
bool request_query_time(int64_t *out, bool *ok, const struct request *q, const char *name);

/* The body as an object; NULL when it is none.  The caller frees. */
struct json *request_json(const struct request *q);
bool request_is_json(const struct request *q);	/* by its content type */

/* "%2F" to "/"; in the arena. */
char *request_decode(struct arena *a, const char *s, size_t n);

/* user:password of Basic, the token of Bearer. */
bool request_has_basic(const struct request *q, const char *user, const char *password);
bool request_has_bearer(const struct request *q, const char *token);

void answer_json_take(struct answer *a, int status, struct json *j);
void answer_text(struct answer *a, int status, const char *text);

/* One area of paths; each file api_*.c and page_metrics.c has one table, ended by method NULL. */
typedef void route_fn(struct answer *a, struct lab *lab, struct request *q);
struct route {
	const char	*method, *pattern;	/* "{}" matches one segment, "{*}" the rest */
	route_fn	*fn;
};
extern const struct route mlflow_routes[], langfuse_routes[], alertmanager_routes[],
	serving_routes[], pipeline_routes[], metrics_routes[], admin_routes[];

/* Says so in the area's own words. */
typedef void refuse_fn(struct answer *a, struct request *q, int status);
refuse_fn mlflow_refuse, langfuse_refuse, alertmanager_refuse, plain_refuse;

/* True when the credentials will do; else a says what is missing. */
typedef bool allow_fn(struct answer *a, const struct lab *lab, const struct request *q);
allow_fn mlflow_allow, langfuse_allow;

#endif
