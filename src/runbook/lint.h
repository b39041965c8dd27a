/* lint.h - what is wrong with a runbook's steps, as far as reading can tell */
#ifndef TOCSIN_LINT_H
#define TOCSIN_LINT_H

#include "runbook/destroy.h"
#include "runbook/runbook.h"

/*
 * Settles each step's risk, checks what refers to other steps, actions and gates.  A step that
 * must not start for it gets `broken`.
 */
void runbook_lint(struct runbook *rb, const struct destroy *patterns);

#endif
