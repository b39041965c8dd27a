/*
 * checkpoint.h - signed statements of the log's length and root
 *
 * The text is a C2SP checkpoint: origin, size, base64 root.  It is signed as SSHSIG, namespace
 * "tocsin-audit", by a key of the engineer's ssh-agent; without one it is kept unsigned.
 */
#ifndef TOCSIN_CHECKPOINT_H
#define TOCSIN_CHECKPOINT_H

#include "core/digest.h"
#include "core/err.h"
#include "core/strbuf.h"
#include "store/journal.h"

#define CHECKPOINT_NAMESPACE "tocsin-audit"

struct checkpoint {
	const char	*origin;	/* borrowed: from the text parsed */
	size_t		n_origin;
	int64_t		size;
	struct digest	root;
	const char	*signature;	/* the armoured block behind the text; NULL: none */
	size_t		text_bytes;	/* of what is signed */
};

void checkpoint_format(struct strbuf *out, const char *origin, int64_t size,
	const struct digest *root);
int checkpoint_parse(struct checkpoint *out, const char *s, size_t n, struct err *e);

enum checkpoint_sign { CHECKPOINT_UNSIGNED, CHECKPOINT_AGENT };

/* Of the log as it is; *why is NULL or why it is unsigned (the caller frees). */
int checkpoint_write(struct store *st, enum checkpoint_sign sign, char **why, struct err *e);

#endif
