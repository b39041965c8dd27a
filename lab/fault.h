/* fault.h - what goes wrong with answers, for tests of who asks */
#ifndef LAB_FAULT_H
#define LAB_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/json.h"

enum fault_kind {
	FAULT_NONE,
	FAULT_SLOW,		/* after `amount` ns */
	FAULT_HANG,		/* never, until the fault is taken away */
	FAULT_500,
	FAULT_TRUNCATE,		/* half of the body, then the connection ends */
	FAULT_WRONG_JSON,	/* status 200 and no JSON, or no exposition */
	FAULT_HUGE,		/* a body of `amount` bytes that begins well */
	FAULT_RESET,		/* the connection is reset before any answer */
	FAULT_KINDS,
};
const char *fault_name(enum fault_kind k);

struct fault {
	enum fault_kind	kind;
	int64_t		amount;
	char		*prefix;	/* owned; of the path; "" all but /lab */
	int64_t		times;		/* requests left; -1: always */
};

struct faults {
	struct fault	*items;	/* owned */
	size_t		n, cap;
};

void faults_release(struct faults *f);

/* "slow=2s@/metrics", "500", "huge=64MB@/mlflow", "reset@/langfuse*3" (three times). */
int faults_add(struct faults *f, const char *spec, struct err *e);
void faults_clear(struct faults *f, const char *prefix);	/* NULL: all */

/* What befalls a request for this path, counting it; the newest that fits. */
struct fault fault_take(struct faults *f, const char *path);	/* prefix is borrowed */

struct json *faults_to_json(const struct faults *f);

#endif
