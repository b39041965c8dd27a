/* check_coverage.h - what nobody is prepared for: tocsin check --coverage */
#ifndef TOCSIN_CHECK_COVERAGE_H
#define TOCSIN_CHECK_COVERAGE_H

#include "cmd/cmd.h"

/* EXIT_FINDING when something is not covered. */
int check_coverage(struct cmd *c, const struct config *config);

#endif
