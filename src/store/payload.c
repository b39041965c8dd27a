#include "config.h"
#include "store/payload.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "core/i18n.h"

#define LEVEL 3
#define LENGTHS_BYTES (4 * PAYLOAD_TEXTS)
#define NOT_RECORDED UINT32_MAX

struct payload {
	ZSTD_CCtx *pack;
	ZSTD_DCtx *unpack;
	struct strbuf plain;
	char *room; /* owned: where the library writes to */
	size_t room_bytes;
};

static char *room_for(struct payload *p, size_t n)
{
	if (n > p->room_bytes) {
		p->room = mem_resize(p->room, n, 1);
		p->room_bytes = n;
	}
	return p->room;
}

struct payload *payload_new(void)
{
	struct payload *p = mem_new(1, sizeof(*p));

	p->pack = ZSTD_createCCtx();
	p->unpack = ZSTD_createDCtx();
	if (!p->pack || !p->unpack)
		bug("out of memory for compression");
	strbuf_init(&p->plain);
	return p;
}

void payload_free(struct payload *p)
{
	if (!p)
		return;
	ZSTD_freeCCtx(p->pack);
	ZSTD_freeDCtx(p->unpack);
	strbuf_release(&p->plain);
	free(p->room);
	free(p);
}

static void add_length(struct strbuf *out, uint32_t n)
{
	for (int shift = 0; shift < 32; shift += 8)
		strbuf_addc(out, (char)(n >> shift & 0xff));
}

static uint32_t length_at(const char *s)
{
	uint32_t n = 0;

	for (int i = 0; i < 4; i++)
		n |= (uint32_t)(unsigned char)s[i] << 8 * i;
	return n;
}

int payload_pack(struct strbuf *out, struct payload *p,
	const char *const texts[PAYLOAD_TEXTS], struct err *e)
{
	size_t lengths[PAYLOAD_TEXTS], total = 0, bound, n;

	strbuf_reset(&p->plain);
	for (int i = 0; i < PAYLOAD_TEXTS; i++) {
		lengths[i] = texts[i] ? strlen(texts[i]) : 0;
		total += lengths[i];
		add_length(&p->plain, texts[i] ? (uint32_t)lengths[i] : NOT_RECORDED);
	}
	if (total > PAYLOAD_MAX_BYTES) {
		err_set(e, ERR_LIMIT,
			_("a span with %zu bytes of input and output is too large"),
			total);
		return err_hint(e, _("At most %d MiB of one are stored"),
			PAYLOAD_MAX_BYTES >> 20);
	}
	for (int i = 0; i < PAYLOAD_TEXTS; i++)
		strbuf_add(&p->plain, texts[i] ? texts[i] : "", lengths[i]);
	bound = ZSTD_compressBound(p->plain.len);
	n = ZSTD_compressCCtx(
		p->pack, room_for(p, bound), bound, p->plain.buf, p->plain.len, LEVEL);
	if (ZSTD_isError(n))
		bug("compression failed: %s", ZSTD_getErrorName(n));
	strbuf_add(out, p->room, n);
	return 0;
}

static int damaged(struct err *e)
{
	return err_set(
		e, ERR_STORE, _("the stored input and output of a span are damaged"));
}

static int split(const char *texts[PAYLOAD_TEXTS], struct arena *a, const char *s,
	size_t n, struct err *e)
{
	size_t at = LENGTHS_BYTES;

	for (int i = 0; i < PAYLOAD_TEXTS; i++) {
		uint32_t length = length_at(s + 4 * i);

		texts[i] = NULL;
		if (length == NOT_RECORDED)
			continue;
		if (length > n - at)
			return damaged(e);
		texts[i] = arena_strndup(a, s + at, length);
		at += length;
	}
	return at == n ? 0 : damaged(e);
}

int payload_unpack(const char *texts[PAYLOAD_TEXTS], struct arena *a, struct payload *p,
	const void *packed, size_t n, struct err *e)
{
	unsigned long long size = ZSTD_getFrameContentSize(packed, n);
	size_t got;

	if (size < LENGTHS_BYTES || size > PAYLOAD_MAX_BYTES + LENGTHS_BYTES)
		return damaged(e);
	got = ZSTD_decompressDCtx(
		p->unpack, room_for(p, (size_t)size), (size_t)size, packed, n);
	if (ZSTD_isError(got) || got != size)
		return damaged(e);
	return split(texts, a, p->room, got, e);
}
