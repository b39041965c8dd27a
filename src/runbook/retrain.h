/*
 * retrain.h - the drift checks of a service, and what trains its model anew
 *
 * Reads the files that the configuration names, never a backend.
 */
#ifndef TOCSIN_RETRAIN_H
#define TOCSIN_RETRAIN_H

#include "core/json.h"
#include "model/config.h"
#include "signal/drift_check.h"

/* The service's check of this dataset; false: there is none that can be read.  Texts are in a. */
bool drift_check_find(struct drift_check *out, struct arena *a, const struct config *c,
	const char *service, const char *dataset);

/*
 * What the check of the dataset says under `retrain`, else the service itself, else (dataset NULL)
 * its first check that says so.  false: nobody does.  Texts are in a, or the configuration's.
 */
bool retrain_find(struct retrain_conf *out, struct arena *a, const struct config *c,
	const char *service, const char *dataset);

/* `with` as an object: the caller's. */
struct json *retrain_params(const struct retrain_conf *r);

#endif
