/*
 * undo.h - what an ended run did, taken back by another run
 *
 * Actions only: their journal says what was there before, and what they left.  What was done by a
 * script is undone by a script, of which the journal knows nothing.
 */
#ifndef TOCSIN_UNDO_H
#define TOCSIN_UNDO_H

#include "runbook/walk.h"

struct undo {
	size_t		steps;		/* of the runbook that was made */
	const char	*left;		/* the first changing step that it does not take back; NULL */
};

/*
 * Append a runbook that takes back the actions that w did, the last one first: each is refused
 * when the value is no longer what the step left.  step NULL: all; else that one.  ERR_NOT_FOUND
 * when there is nothing to take back; ERR_CONFLICT for a run that has not ended.
 */
int undo_write(struct strbuf *book, struct undo *out, struct walk *w, const struct config *c,
	const char *step, struct err *e);

#endif
