#include "config.h"
#include "record/checkpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "record/merkle.h"
#include "record/sign.h"
#include "record/who.h"

#define PAGE 1000
#define MAX_CHECKPOINT_BYTES ((size_t)64 * 1024)

void checkpoint_format(
	struct strbuf *out, const char *origin, int64_t size, const struct digest *root)
{
	strbuf_addf(out, "%s\n%lld\n", origin, (long long)size);
	base64_encode(out, root->bytes, DIGEST_BYTES);
	strbuf_addc(out, '\n');
}

static int bad(struct err *e)
{
	return err_set(e, ERR_INPUT, _("this is no checkpoint of a log"));
}

/* The line that begins at *s: its bytes without the newline; moves *s behind it. */
static const char *next_line(const char **s, const char *end, size_t *n)
{
	const char *line = *s, *nl = memchr(line, '\n', (size_t)(end - line));

	if (!nl)
		return NULL;
	*n = (size_t)(nl - line);
	*s = nl + 1;
	return line;
}

static bool read_size(int64_t *out, const char *line, size_t n)
{
	if (!n || n > 18 || (n > 1 && *line == '0'))
		return false;
	*out = 0;
	for (size_t i = 0; i < n; i++) {
		if (line[i] < '0' || line[i] > '9')
			return false;
		*out = *out * 10 + (line[i] - '0');
	}
	return true;
}

int checkpoint_parse(struct checkpoint *out, const char *s, size_t n, struct err *e)
{
	const char *at = s, *end = s + n, *line;
	struct strbuf root = STRBUF_INIT;
	size_t len;
	bool ok;

	*out = (struct checkpoint){0};
	if (n > MAX_CHECKPOINT_BYTES || memchr(s, 0, n))
		return bad(e);
	out->origin = next_line(&at, end, &out->n_origin);
	if (!out->origin || !out->n_origin)
		return bad(e);
	line = next_line(&at, end, &len);
	if (!line || !read_size(&out->size, line, len))
		return bad(e);
	line = next_line(&at, end, &len);
	ok = line && !base64_decode(&root, line, len, e) && root.len == DIGEST_BYTES;
	if (ok)
		memcpy(out->root.bytes, root.buf, DIGEST_BYTES);
	strbuf_release(&root);
	if (!ok)
		return bad(e);
	out->text_bytes = (size_t)(at - s);
	if (at < end && *at == '\n')
		out->signature = at + 1;
	else if (at < end)
		return bad(e);
	return 0;
}

/* --- of the store's log --- */

static int read_tree(struct merkle *m, struct store *st, struct err *e)
{
	struct arena a;
	struct audit_list list = {0};
	int64_t from = 1;
	int rc;

	arena_init(&a);
	merkle_init(m);
	do {
		arena_reset(&a);
		rc = audit_list(&list, &a, st, from, PAGE, e);
		for (size_t i = 0; !rc && i < list.n; i++) {
			struct digest leaf = merkle_leaf(
				list.items[i].entry, strlen(list.items[i].entry));

			merkle_add(m, &leaf);
			from = list.items[i].seq + 1;
		}
	} while (!rc && list.more);
	arena_release(&a);
	return rc;
}

int checkpoint_write(
	struct store *st, enum checkpoint_sign sign, char **why, struct err *e)
{
	struct strbuf note = STRBUF_INIT, armour = STRBUF_INIT, key = STRBUF_INIT;
	struct checkpoint_row row = {.at = clock_now()};
	struct merkle tree;
	struct digest root;
	struct arena a;
	struct who me;
	struct err unsigned_because = ERR_INIT;
	int rc;

	*why = NULL;
	if (read_tree(&tree, st, e))
		return -1;
	arena_init(&a);
	who_am_i(&me, &a);
	root = merkle_root(&tree);
	checkpoint_format(&note,
		arena_format(&a, "%s/tocsin", me.host ? me.host : "localhost"),
		(int64_t)tree.size, &root);
	if (sign == CHECKPOINT_AGENT &&
		!sign_agent(&armour, &key, CHECKPOINT_NAMESPACE, note.buf, note.len,
			&unsigned_because)) {
		strbuf_addc(&note, '\n');
		strbuf_add(&note, armour.buf, armour.len);
		row.signer = key.buf;
	} else if (sign == CHECKPOINT_AGENT) {
		*why = err_text(&unsigned_because);
	}
	row.size = (int64_t)tree.size;
	row.note = note.buf;
	rc = checkpoint_add(st, &row, e);
	err_release(&unsigned_because);
	strbuf_release(&note);
	strbuf_release(&armour);
	strbuf_release(&key);
	arena_release(&a);
	return rc;
}
