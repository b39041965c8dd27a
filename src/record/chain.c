#include "config.h"
#include "record/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/path.h"

#define DOMAIN "tocsin-audit-v1\n"
#define HEAD_FORMAT "%020lld %s\n"
#define HEAD_BYTES (20 + 1 + 64 + 1)

struct digest chain_hash(const struct digest *prev, const char *entry, size_t n)
{
	uint8_t before[sizeof(DOMAIN) - 1 + DIGEST_BYTES];

	memcpy(before, DOMAIN, sizeof(DOMAIN) - 1);
	memcpy(before + sizeof(DOMAIN) - 1, prev->bytes, DIGEST_BYTES);
	return digest_of2(before, sizeof(before), entry, n);
}

/* --- entries --- */

struct writing {
	const struct who *who;
	const struct audit_event *ev;
	struct digest hash; /* of what was written */
};

/* Which boot of the host the monotonic clock belongs to, or NULL. */
static const char *boot_id(struct arena *a)
{
	char buf[64];
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	const char *out = NULL;

	if (!f)
		return NULL;
	if (fgets(buf, sizeof(buf), f))
		out = arena_strndup(a, buf, strcspn(buf, "\n"));
	fclose(f);
	return out;
}

static void add_if(struct json *j, const char *key, const char *value)
{
	if (value)
		json_add_text(j, key, value);
}

static const char *format_entry(
	const struct writing *w, int64_t seq, int64_t at, struct arena *a)
{
	const struct audit_event *ev = w->ev;
	struct json *j = json_object();
	struct strbuf text = STRBUF_INIT;
	const char *out;

	json_add_int(j, "v", 1);
	json_add_int(j, "seq", seq);
	json_add_int(j, "at", at);
	json_add_time(j, "ts", at);
	json_add_int(j, "mono_ns", clock_mono());
	add_if(j, "boot", boot_id(a));
	add_if(j, "host", w->who->host);
	json_add(j, "who", who_to_json(w->who));
	json_add_text(j, "kind", ev->kind);
	add_if(j, "object", ev->object);
	add_if(j, "inc", ev->incident);
	add_if(j, "run", ev->run);
	add_if(j, "context", ev->context);
	if (ev->step != NONE_INT)
		json_add_int(j, "step", ev->step);
	if (ev->data)
		json_add(j, "data", json_copy(ev->data));
	json_canonical(&text, j);
	out = arena_strdup(a, text.buf);
	strbuf_release(&text);
	json_free(j);
	return out;
}

static int make_entry(void *ctx, const struct audit_row *last, struct audit_row *next,
	struct arena *a, struct err *e)
{
	struct writing *w = ctx;

	(void)e;
	next->seq = last ? last->seq + 1 : 1;
	next->at = clock_now();
	next->prev = last ? last->hash : (struct digest){{0}};
	next->entry = format_entry(w, next->seq, next->at, a);
	next->hash = chain_hash(&next->prev, next->entry, strlen(next->entry));
	w->hash = next->hash;
	return 0;
}

int audit_write(struct store *st, const struct who *who, const struct audit_event *ev,
	int64_t *seq, struct err *e)
{
	struct arena a;
	struct who me;
	struct writing w = {.who = who, .ev = ev};
	struct chain_head head;
	struct err ignored = ERR_INIT;
	int rc;

	arena_init(&a);
	if (!who) {
		who_am_i(&me, &a);
		w.who = &me;
	}
	rc = audit_append(st, make_entry, &w, &head.size, e);
	if (!rc) {
		head.hash = w.hash;
		/* The entry is written; a home that cannot be written to must not undo that. */
		if (chain_head_write(st, &head, &ignored))
			err_release(&ignored);
		if (seq)
			*seq = head.size;
	}
	arena_release(&a);
	return rc;
}

/* --- the newest head, in the state directory --- */

/* One file for each store: its directory's name hashed.  The caller frees. */
static char *head_file(const struct store *st)
{
	const char *dir = store_dir(st);
	char *real = realpath(dir, NULL), *name, *file;
	struct digest d = digest_of(real ? real : dir, strlen(real ? real : dir));
	struct strbuf hex = STRBUF_INIT;

	digest_hex(&hex, &d);
	name = mem_format("heads/%.16s", hex.buf);
	file = path_state(name);
	strbuf_release(&hex);
	free(name);
	free(real);
	return file;
}

static int read_head(struct chain_head *out, const char *text, size_t n, const char *file,
	struct err *e)
{
	char *copy = mem_strndup(text, n), *end = NULL;
	int rc = 0;

	errno = 0;
	out->size = n == HEAD_BYTES ? strtoll(copy, &end, 10) : -1;
	if (out->size < 1 || errno || !end || *end != ' ' || copy[n - 1] != '\n') {
		err_set(e, ERR_STORE, _("'%s' does not hold the head of an audit log"),
			file);
		rc = err_hint(e,
			_("the log itself is checked all the same; remove that file to "
			  "begin to remember anew"));
	} else {
		copy[n - 1] = '\0';
		rc = digest_parse(&out->hash, end + 1, e);
	}
	free(copy);
	return rc;
}

int chain_head_read(struct chain_head *out, const struct store *st, struct err *e)
{
	char *file = head_file(st);
	struct strbuf text = STRBUF_INIT;
	struct err mine = ERR_INIT;
	int rc = 0;

	*out = (struct chain_head){0};
	if (!path_read(&text, file, 4096, &mine))
		rc = read_head(out, text.buf, text.len, file, e);
	else if (mine.code != ERR_NOT_FOUND) {
		err_move(e, &mine);
		rc = -1;
	}
	err_release(&mine);
	strbuf_release(&text);
	free(file);
	return rc;
}

static int make_folder(const char *file, struct err *e)
{
	char *dir = path_dir(file);
	int rc = path_make_dir(dir, 0700, e);

	free(dir);
	return rc;
}

/*
 * One write of a fixed size: never half a head.  Not synced: after a power cut an older head is
 * there, and that still is a head of the same log.
 */
int chain_head_write(const struct store *st, const struct chain_head *h, struct err *e)
{
	char *file = head_file(st), line[HEAD_BYTES + 1];
	struct strbuf hex = STRBUF_INIT;
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), rc = 0;

	if (fd < 0 && errno == ENOENT && !make_folder(file, e))
		fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	digest_hex(&hex, &h->hash);
	snprintf(line, sizeof(line), HEAD_FORMAT, (long long)h->size, hex.buf);
	if (fd < 0 || pwrite(fd, line, HEAD_BYTES, 0) != HEAD_BYTES)
		rc = err_errno(e, errno,
			_("cannot remember the audit log's head in '%s'"), file);
	if (fd >= 0)
		close(fd);
	strbuf_release(&hex);
	free(file);
	return rc;
}
