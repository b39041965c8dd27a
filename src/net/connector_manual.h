/* connector_manual.h - the keys of a connector's file, place by place, for the manual */
#ifndef TOCSIN_NET_CONNECTOR_MANUAL_H
#define TOCSIN_NET_CONNECTOR_MANUAL_H

#include "core/yaml.h"

struct connector_place {
	const char		*where;		/* "reads[].each[]"; untranslated */
	const struct yaml_field	*fields;
	bool			requests;	/* takes those of a request besides */
};

/* Ends with where NULL; the first is the file, the second the request. */
const struct connector_place *connector_places(void);

/* True when every request has this key. */
bool connector_is_request_key(const char *key);

#endif
