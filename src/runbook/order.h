/* order.h - a supervisor's order as a document on a pipe, and its answer */
#ifndef TOCSIN_ORDER_H
#define TOCSIN_ORDER_H

#include "core/json.h"
#include "runbook/supervisor.h"

#define ORDER_MAX_BYTES ((size_t)1 << 20)

struct json *order_to_json(const struct order *o);

/* Texts stay the document's.  ERR_INPUT when anything that must be there is not. */
int order_from_json(struct order *out, const struct json *j, struct err *e);

/* "ok", or an error with its code and hint. */
struct json *answer_to_json(const struct err *e);	/* NULL: ok */
int answer_from_json(const struct json *j, struct err *e);

#endif
