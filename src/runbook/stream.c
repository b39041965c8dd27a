#include "config.h"
#include "runbook/stream.h"

#include <stdarg.h>
#include <string.h>

void stream_init(
	struct stream *s, struct store *st, const char *run, int64_t n, struct mask *mask)
{
	*s = (struct stream){.st = st, .run = run, .n = n, .mask = mask};
	strbuf_init(&s->head);
	strbuf_init(&s->tail);
}

void stream_release(struct stream *s)
{
	strbuf_release(&s->head);
	strbuf_release(&s->tail);
}

/* Where the bytes of head begin: head is what of the first megabyte was not written yet. */
static int64_t head_at(const struct stream *s)
{
	int64_t end = s->bytes < (int64_t)STREAM_KEPT_BYTES ? s->bytes
							    : (int64_t)STREAM_KEPT_BYTES;

	return end - (int64_t)s->head.len;
}

static void keep(struct stream *s, const char *data, size_t n)
{
	size_t room = s->bytes < (int64_t)STREAM_KEPT_BYTES
		? STREAM_KEPT_BYTES - (size_t)s->bytes
		: 0;
	size_t first = n < room ? n : room;

	s->bytes += (int64_t)n;
	if (s->discard)
		return;
	strbuf_add(&s->head, data, first);
	data += first;
	n -= first;
	if (n > STREAM_KEPT_BYTES) {
		strbuf_reset(&s->tail);
		data += n - STREAM_KEPT_BYTES;
		n = STREAM_KEPT_BYTES;
	}
	strbuf_add(&s->tail, data, n);
	if (s->tail.len > 2 * STREAM_KEPT_BYTES)
		strbuf_remove(&s->tail, 0, s->tail.len - STREAM_KEPT_BYTES);
	s->tail_at = s->bytes - (int64_t)s->tail.len;
}

void stream_add(struct stream *s, const void *data, size_t n)
{
	struct strbuf safe = STRBUF_INIT;

	if (!s->mask || !s->mask->n) {
		keep(s, data, n);
		return;
	}
	mask_feed(s->mask, &safe, data, n);
	keep(s, safe.buf, safe.len);
	strbuf_release(&safe);
}

void stream_say(struct stream *s, const char *fmt, ...)
{
	struct strbuf line = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&line, fmt, ap);
	va_end(ap);
	strbuf_addc(&line, '\n');
	stream_add(s, line.buf, line.len);
	strbuf_release(&line);
}

static int write_part(struct stream *s, struct strbuf *part, int64_t at, struct err *e)
{
	if (!part->len)
		return 0;
	if (step_output_add(s->st, s->run, s->n, at, part->buf, part->len, e))
		return -1;
	strbuf_reset(part);
	return 0;
}

int stream_flush(struct stream *s, bool end, struct err *e)
{
	if (end && s->mask) {
		struct strbuf rest = STRBUF_INIT;

		mask_end(s->mask, &rest);
		keep(s, rest.buf, rest.len);
		strbuf_release(&rest);
	}
	if (s->tail.len > STREAM_KEPT_BYTES) {
		strbuf_remove(&s->tail, 0, s->tail.len - STREAM_KEPT_BYTES);
		s->tail_at = s->bytes - (int64_t)s->tail.len;
	}
	if (write_part(s, &s->head, head_at(s), e))
		return -1;
	return write_part(s, &s->tail, s->tail_at, e);
}
