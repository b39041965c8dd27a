/* front.h - a runbook's front matter: title, what it applies to, its variables */
#ifndef TOCSIN_RUNBOOK_FRONT_H
#define TOCSIN_RUNBOOK_FRONT_H

#include "core/markdown.h"
#include "runbook/runbook.h"

/*
 * Fill title, summary, cwd, applies and vars of out.  Keys of other tools are left alone; what is
 * wrong with ours goes to out->problems.
 */
void front_read(struct runbook *out, const struct md_doc *doc);

#endif
