/*
 * served.h - which model's version is served, as series say it: model_info{version="7"} 1
 *
 * For services that are at home nowhere but in their metrics.  The source says under `with` which
 * series it is; its labels name version, model and service.
 */
#ifndef TOCSIN_POLL_SERVED_H
#define TOCSIN_POLL_SERVED_H

#include "poll/exposition.h"
#include "poll/reader.h"

struct served;

/*
 * The rule of a source, from its `with`: model_info (the series, or for Prometheus a query),
 * version_label, model_label, service_label; service and model when no label says them.  *out is
 * NULL, and that is fine, when it has none.  ERR_INPUT names what is wrong.
 */
int served_new(struct served **out, const struct source_conf *conf, struct err *e);
void served_free(struct served *s);	/* NULL is fine */

const char *served_series(const struct served *s);
void served_begin(struct served *s);	/* a round; NULL is fine */

/*
 * One series of this round.  A gauge of 0 is loaded and not in use; a counter's value says
 * nothing.  labels need not be sorted; all is copied.
 */
void served_take(struct served *s, const char *instance, const struct metric_label *labels,
	size_t n, double value, bool counter);
void served_drop(struct served *s, const char *instance);	/* what it gave in this round */

/*
 * Write what was taken as serving records.  An instance is a variant; what share
 * each has is unknown when there are several.  complete: what was not taken has gone away.
 */
int served_write(struct served *s, struct round *r, bool complete, struct err *e);

#endif
