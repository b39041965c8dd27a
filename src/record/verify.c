#include "config.h"
#include "record/verify.h"

#include <stdio.h>
#include <string.h>

#include "core/i18n.h"
#include "record/chain.h"
#include "record/checkpoint.h"
#include "record/merkle.h"
#include "record/sign.h"

#define PAGE 1000

struct verify {
	struct verdict *out;
	struct arena *a; /* of the caller: what stays */
	struct digest prev;
	struct merkle tree;
	struct checkpoint_row *rows; /* by size */
	size_t n_rows;
	struct chain_head head;
	int64_t good_size; /* of the last checkpoint that fits */
	bool head_seen;
};

static void find(struct verify *v, int64_t seq, const char *reason)
{
	if (!v->out->ok)
		return;
	v->out->ok = false;
	v->out->first_bad = seq;
	v->out->reason = reason;
}

static bool same(const struct digest *a, const struct digest *b)
{
	return !memcmp(a->bytes, b->bytes, DIGEST_BYTES);
}

/* --- the chain --- */

/*
 * The row's time is what its entry says: canonical JSON begins with "at".  Its number need not be
 * looked for in the entry, because the chain fixes the order.
 */
static bool time_fits(const struct audit_row *row)
{
	char start[40];
	int n = snprintf(start, sizeof(start), "{\"at\":%lld,", (long long)row->at);

	return !strncmp(row->entry, start, (size_t)n);
}

static void check_row(struct verify *v, const struct audit_row *row)
{
	int64_t seq = v->out->entries + 1;
	struct digest hash = chain_hash(&row->prev, row->entry, strlen(row->entry));

	if (row->seq != seq)
		find(v, seq,
			arena_format(v->a, _("entry %lld is missing"), (long long)seq));
	else if (!same(&hash, &row->hash))
		find(v, seq,
			arena_format(v->a,
				_("entry %lld was changed after it was written"),
				(long long)seq));
	else if (!time_fits(row))
		find(v, seq,
			arena_format(v->a, _("the time of entry %lld was changed"),
				(long long)seq));
	else if (!same(&row->prev, &v->prev) && seq == 1)
		find(v, seq, _("entry 1 was written after another that is not there"));
	else if (!same(&row->prev, &v->prev))
		find(v, seq - 1,
			arena_format(v->a,
				_("entry %lld is not the one that entry %lld was written "
				  "after"),
				(long long)seq - 1, (long long)seq));
}

/* --- what was said of the log before --- */

static void check_head(struct verify *v, const struct audit_row *row)
{
	if (row->seq != v->head.size)
		return;
	v->head_seen = true;
	if (!same(&row->hash, &v->head.hash))
		find(v, v->good_size + 1,
			arena_format(v->a,
				_("an entry up to %lld was rewritten since you last "
				  "wrote to the "
				  "log"),
				(long long)row->seq));
}

static const char *check_root(
	struct verify *v, const struct checkpoint_row *row, struct checkpoint *parsed)
{
	struct err e = ERR_INIT;
	struct digest root = merkle_root(&v->tree);
	const char *reason = NULL;

	if (checkpoint_parse(parsed, row->note, strlen(row->note), &e) ||
		parsed->size != row->size)
		reason = _("it cannot be read");
	else if (!same(&root, &parsed->root))
		reason = _("the log up to there is not what it was");
	err_release(&e);
	return reason;
}

static const char *check_signature(struct verify *v, const struct checkpoint_row *row,
	const struct checkpoint *parsed)
{
	struct strbuf key = STRBUF_INIT;
	struct err e = ERR_INIT;
	const char *reason = NULL;

	if (!parsed->signature)
		return row->signer ? _("its signature was taken away") : NULL;
	if (sign_check(&key, parsed->signature, strlen(parsed->signature),
		    CHECKPOINT_NAMESPACE, row->note, parsed->text_bytes, &e))
		reason = arena_strdup(v->a, e.what);
	else if (!row->signer || strcmp(row->signer, key.buf))
		reason = _("it is signed by another key than it says");
	err_release(&e);
	strbuf_release(&key);
	return reason;
}

/* All checkpoints of the present size. */
static void check_checkpoints(struct verify *v)
{
	for (size_t i = 0; i < v->n_rows; i++) {
		const struct checkpoint_row *row = &v->rows[i];
		struct verified_checkpoint *c = &v->out->checkpoints[i];
		struct checkpoint parsed = {0};

		if (row->size != (int64_t)v->tree.size)
			continue;
		c->reason = check_root(v, row, &parsed);
		if (!c->reason)
			c->reason = check_signature(v, row, &parsed);
		c->ok = !c->reason;
		if (c->ok)
			v->good_size = row->size;
		else
			find(v, v->good_size + 1,
				arena_format(v->a,
					_("the checkpoint over %lld entries does not "
					  "hold: %s"),
					(long long)row->size, c->reason));
	}
}

/* What reaches beyond the end: the log was cut. */
static void check_end(struct verify *v)
{
	int64_t n = v->out->entries, claimed = v->head_seen ? 0 : v->head.size;

	for (size_t i = 0; i < v->n_rows; i++)
		if (v->rows[i].size > n && v->out->ok) {
			v->out->checkpoints[i].reason =
				_("the log is shorter than it says");
			claimed = v->rows[i].size > claimed ? v->rows[i].size : claimed;
		}
	if (claimed > n)
		find(v, n + 1,
			arena_format(v->a,
				_("the log was cut short: it had %lld entries and has "
				  "%lld"),
				(long long)claimed, (long long)n));
}

/* --- all of it --- */

static int read_known(struct verify *v, struct store *st, struct err *e)
{
	if (checkpoint_list(&v->rows, &v->n_rows, v->a, st, e) ||
		chain_head_read(&v->head, st, e))
		return -1;
	v->out->checkpoints =
		arena_alloc(v->a, v->n_rows + 1, sizeof(*v->out->checkpoints));
	v->out->n_checkpoints = v->n_rows;
	for (size_t i = 0; i < v->n_rows; i++)
		v->out->checkpoints[i] = (struct verified_checkpoint)
		{
			.size = v->rows[i].size, .at = v->rows[i].at,
			.signer = v->rows[i].signer,
			.reason = _("not checked: the log is broken before it")
		};
	return 0;
}

static int read_rows(struct verify *v, struct store *st, struct err *e)
{
	struct audit_list list = {0};
	struct arena page;
	int rc;

	arena_init(&page);
	check_checkpoints(v);
	do {
		arena_reset(&page);
		rc = audit_list(&list, &page, st, v->out->entries + 1, PAGE, e);
		for (size_t i = 0; !rc && i < list.n && v->out->ok; i++) {
			const struct audit_row *row = &list.items[i];
			struct digest leaf = merkle_leaf(row->entry, strlen(row->entry));

			check_row(v, row);
			if (!v->out->ok)
				break;
			v->out->entries++;
			v->out->head = v->prev = row->hash;
			merkle_add(&v->tree, &leaf);
			check_checkpoints(v);
			check_head(v, row);
		}
	} while (!rc && list.more && v->out->ok);
	arena_release(&page);
	return rc;
}

int audit_verify(struct verdict *out, struct arena *a, struct store *st, struct err *e)
{
	struct verify v = {.out = out, .a = a};

	*out = (struct verdict){.ok = true, .first_bad = NONE_INT};
	merkle_init(&v.tree);
	if (read_known(&v, st, e) || read_rows(&v, st, e))
		return -1;
	check_end(&v);
	return 0;
}
