/*
 * chain.h - the audit log: each entry's hash covers the one before
 *
 * hash = SHA-256("tocsin-audit-v1\n" || prev hash || entry); entry is canonical JSON and holds
 * seq, so that neither order nor number can be changed.  The first prev is 32 zero bytes.
 */
#ifndef TOCSIN_CHAIN_H
#define TOCSIN_CHAIN_H

#include "core/digest.h"
#include "core/json.h"
#include "record/who.h"
#include "store/journal.h"

/* What can be said in an entry.  data is borrowed and becomes the entry's member of that name. */
struct audit_event {
	const char	*kind;		/* "run.started", "step.result", "export" … */
	const char	*object;	/* what was acted on: service, model/alias …; or NULL */
	const char	*run, *incident, *context;	/* or NULL */
	int64_t		step;		/* NONE_INT: none */
	const struct json *data;	/* or NULL */
};

/* Durable when it returns.  *seq may be NULL.  who NULL: this process. */
int audit_write(struct store *st, const struct who *who, const struct audit_event *ev,
	int64_t *seq, struct err *e);

struct digest chain_hash(const struct digest *prev, const char *entry, size_t n);

/* --- the newest head, kept outside of the store in each user's state directory --- */

struct chain_head {
	int64_t		size;	/* 0: none known */
	struct digest	hash;
};

int chain_head_read(struct chain_head *out, const struct store *st, struct err *e);
int chain_head_write(const struct store *st, const struct chain_head *h, struct err *e);

#endif
