/* service.h - which configured service an observed object belongs to */
#ifndef TOCSIN_SERVICE_H
#define TOCSIN_SERVICE_H

#include "model/config.h"
#include "model/record.h"

/*
 * By kind, source and record_key(): the model that a service is configured with, its serving, its
 * agent's prompts, or an object of its very name.  Borrowed from c; NULL: none, or several
 * services have it and nothing tells whose this is.
 */
const struct service_conf *service_of_object(const struct config *c, enum record_kind kind,
	const char *source, const char *object);

/* The same, also by what the record says of its service; object is its record_key(). */
const struct service_conf *service_of_record(const struct config *c, enum record_kind kind,
	const void *record, const char *object);

/*
 * True when the object is one of this service's: unlike above also where others share it, and by
 * the service's name alone.  An alias that is not the one that the service follows is not.
 */
bool service_has(const struct service_conf *s, enum record_kind kind, const char *source,
	const char *object);

#endif
