/* elements.h - the JSON elements that several commands print alike; each fills an empty object */
#ifndef TOCSIN_ELEMENTS_H
#define TOCSIN_ELEMENTS_H

#include "core/json.h"
#include "model/alert.h"
#include "model/change.h"
#include "model/session.h"
#include "report/models.h"
#include "store/series.h"

void element_alert(struct json *to, const struct alert *a);
void element_change(struct json *to, const struct change *c);
void element_model(struct json *to, const struct model_row *m);

/* now: what the age of the evaluation is counted from; stale after five minutes. */
/* stale: its source is.  An old evaluation is stale in any case. */
void element_slo(struct json *to, const struct slo_row *row, bool stale, int64_t now);

/* It fires, and is no mere information, as a watchdog is that always fires. */
bool alert_is_finding(const struct alert *a);

#endif
