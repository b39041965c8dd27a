/* demo_files.h - a throw-away configuration for the practice platform */
#ifndef TOCSIN_DEMO_FILES_H
#define TOCSIN_DEMO_FILES_H

#include "core/err.h"
#include "core/json.h"

/*
 * Write config.yaml, slos/ and the secrets into dir (0700).  ready: the line that tocsin-lab
 * prints when it is ready; catalog: what its /lab/catalog says.
 */
int demo_files_write(
	const char *dir, const struct json *ready, const struct json *catalog, struct err *e);

#endif
