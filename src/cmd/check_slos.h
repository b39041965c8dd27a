/* check_slos.h - what tocsin check finds in the SLO files of the services */
#ifndef TOCSIN_CHECK_SLOS_H
#define TOCSIN_CHECK_SLOS_H

#include "core/err.h"
#include "model/config.h"

/*
 * problems: what is wrong.  notes: what can be so, and hardly is meant: alerts that can never
 * fire, data sources that the configuration does not know.
 */
void check_slos(struct problems *problems, struct problems *notes, const struct config *c);

#endif
