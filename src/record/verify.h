/*
 * verify.h - is the audit log what was written: the first entry that is not, and why
 *
 * Found: an edited, deleted, inserted or moved entry; a log cut short of a checkpoint or of the
 * newest head that this user's state directory remembers; a checkpoint that is not of this log.
 */
#ifndef TOCSIN_VERIFY_H
#define TOCSIN_VERIFY_H

#include "core/arena.h"
#include "core/digest.h"
#include "store/store.h"

struct verified_checkpoint {
	int64_t		size, at;
	const char	*signer;	/* fingerprint; NULL: unsigned */
	bool		ok;
	const char	*reason;	/* when not ok */
};

struct verdict {
	bool		ok;
	int64_t		entries;	/* read */
	struct digest	head;		/* the last good entry's hash */
	int64_t		first_bad;	/* seq; NONE_INT: none */
	const char	*reason;	/* or NULL */
	struct verified_checkpoint *checkpoints;
	size_t		n_checkpoints;
};

/* Texts are in a.  -1 only when the log cannot be read. */
int audit_verify(struct verdict *out, struct arena *a, struct store *st, struct err *e);

#endif
