/*
 * slo_path.h - which file of objectives a name means
 *
 * NAME, without slash and dot, is NAME.yaml in slos/ beside your configuration, beside the
 * system's, or among those that ship; everything else is a path.
 */
#ifndef TOCSIN_SLO_PATH_H
#define TOCSIN_SLO_PATH_H

#include <stdbool.h>

/* Relative paths are below dir (NULL: as they are).  The caller frees. */
char *slo_path(const char *name, const char *dir);

/*
 * True for files that ship: they are about whoever uses them, so that the service of their
 * objectives is the one that names the file.
 */
bool slo_path_ships(const char *file);

#endif
