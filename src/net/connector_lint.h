/* connector_lint.h - what can only be seen by compiling a connector's programs */
#ifndef TOCSIN_NET_CONNECTOR_LINT_H
#define TOCSIN_NET_CONNECTOR_LINT_H

#include "net/connector.h"

/*
 * Compile each program with the variables that it may name where it stands; what jq refuses goes
 * to p with its line in the file.  Nothing is run on anything.  Returns how many programs there
 * are; starts a worker, and blocks.
 */
size_t connector_lint(const struct connector *c, struct problems *p);

#endif
