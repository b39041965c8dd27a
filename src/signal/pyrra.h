/* pyrra.h - what Pyrra's files and the rules that it records have in common; for signal/ alone */
#ifndef TOCSIN_PYRRA_H
#define TOCSIN_PYRRA_H

#include "core/json.h"
#include "model/slo.h"
#include "signal/selector.h"

/* The four rows for a window: parts of it, rounded to minutes. */
struct burn_alert *pyrra_alerts(struct arena *a, int64_t window_ns, size_t *n);

/*
 * Pyrra knows no services.  Whose an objective is: the label service of its rules, else their
 * label job; both come from the object's labels (pyrra.dev/service) or from the metric's
 * matchers.  Else it is its own.
 */
const char *pyrra_service(struct arena *a, const struct json *labels,
	const struct selector *total, const char *name);

#endif
