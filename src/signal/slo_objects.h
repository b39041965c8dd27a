/*
 * slo_objects.h - what the files of one service define for each other
 *
 * OpenSLO's objects refer to each other by kind and name; they may stand in several files, in any
 * order.  So all files are looked through before the first one is read.
 */
#ifndef TOCSIN_SLO_OBJECTS_H
#define TOCSIN_SLO_OBJECTS_H

#include <stddef.h>

#include "core/yaml.h"

struct slo_objects;	/* with the files' documents */

struct slo_objects *slo_objects_new(void);
void slo_objects_free(struct slo_objects *o);	/* NULL: nothing */

/* Take the objects of the n bytes at s; of what is no YAML there are none. */
void slo_objects_add(struct slo_objects *o, const char *s, size_t n, const char *file);

/* Those of these files, of which some may be unreadable; NULL: one file has its own only. */
struct slo_objects *slo_objects_read(const struct yaml_texts *files);

/* The first one of this kind and metadata.name, and its file (may be NULL); NULL: none. */
const struct yaml_node *slo_objects_find(const struct slo_objects *o, const char *kind,
	const char *name, const char **file);

#endif
