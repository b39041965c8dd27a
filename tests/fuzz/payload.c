#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "store/payload.h"

/* What can be unpacked packs and unpacks to the same texts. */
static void again(struct payload *p, struct arena *a, const char *texts[PAYLOAD_TEXTS])
{
	const char *got[PAYLOAD_TEXTS];
	struct strbuf packed = STRBUF_INIT;
	struct err e = ERR_INIT;

	if (payload_pack(&packed, p, texts, &e) < 0 ||
		payload_unpack(got, a, p, packed.buf, packed.len, &e) < 0)
		bug("our own packing is refused: %s", e.what);
	for (int i = 0; i < PAYLOAD_TEXTS; i++)
		if (!got[i] != !texts[i] || (got[i] && strcmp(got[i], texts[i]) != 0))
			bug("a text changed on its way");
	strbuf_release(&packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *texts[PAYLOAD_TEXTS];
	struct payload *p = payload_new();
	struct err e = ERR_INIT;
	struct arena a;

	arena_init(&a);
	if (payload_unpack(texts, &a, p, data, n, &e) == 0)
		again(p, &a, texts);
	err_release(&e);
	arena_release(&a);
	payload_free(p);
	return 0;
}
