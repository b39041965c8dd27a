#include "config.h"
#include "core/digest.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#ifdef __APPLE__
#include <sys/random.h>
#endif
#include <unistd.h>

#include <openssl/evp.h>

#include "core/clock.h"
#include "core/i18n.h"

/* getentropy() gives no more in one call. */
#define ENTROPY_BYTES 256

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/*
 * One context for all: looking the algorithm up costs more than hashing an audit entry.  It holds
 * nothing between two calls, and there is one thread.
 */
static EVP_MD_CTX *context(void)
{
	static EVP_MD_CTX *ctx;

	if (!ctx) {
		ctx = EVP_MD_CTX_new();
		if (!ctx || !EVP_DigestInit_ex(ctx, EVP_sha256(), NULL))
			bug("libcrypto has no SHA-256");
	} else if (!EVP_DigestInit_ex(ctx, NULL, NULL)) {
		bug("libcrypto cannot start SHA-256");
	}
	return ctx;
}

struct digest digest_of2(const void *a, size_t n_a, const void *b, size_t n_b)
{
	EVP_MD_CTX *ctx = context();
	struct digest out;

	if (!EVP_DigestUpdate(ctx, a, n_a) || !EVP_DigestUpdate(ctx, b, n_b) ||
		!EVP_DigestFinal_ex(ctx, out.bytes, NULL))
		bug("libcrypto failed at SHA-256");
	return out;
}

struct digest digest_of(const void *data, size_t n)
{
	return digest_of2(data, n, "", 0);
}

struct digest digest_hmac(const void *key, size_t n_key, const void *data, size_t n)
{
	uint8_t inner[64] = {0}, outer[64];
	struct digest d;

	if (n_key > sizeof(inner))
		memcpy(inner, digest_of(key, n_key).bytes, DIGEST_BYTES);
	else
		memcpy(inner, key, n_key);
	for (size_t i = 0; i < sizeof(inner); i++) {
		outer[i] = inner[i] ^ 0x5c;
		inner[i] ^= 0x36;
	}
	d = digest_of2(inner, sizeof(inner), data, n);
	d = digest_of2(outer, sizeof(outer), d.bytes, sizeof(d.bytes));
	mem_wipe(inner, sizeof(inner));
	mem_wipe(outer, sizeof(outer));
	return d;
}

void digest_hex(struct strbuf *out, const struct digest *d)
{
	hex_encode(out, d->bytes, sizeof(d->bytes));
}

int digest_parse(struct digest *out, const char *hex, struct err *e)
{
	struct strbuf bytes = STRBUF_INIT;
	int result = 0;

	if (strlen(hex) != 2 * DIGEST_BYTES ||
		hex_decode(&bytes, hex, 2 * DIGEST_BYTES, e))
		result = err_set(
			e, ERR_INPUT, _("a SHA-256 digest is 64 hexadecimal digits"));
	else
		memcpy(out->bytes, bytes.buf, DIGEST_BYTES);
	strbuf_release(&bytes);
	return result;
}

void hex_encode(struct strbuf *out, const void *data, size_t n)
{
	const uint8_t *bytes = data;

	strbuf_room(out, 2 * n);
	for (size_t i = 0; i < n; i++) {
		strbuf_addc(out, hex_digits[bytes[i] >> 4]);
		strbuf_addc(out, hex_digits[bytes[i] & 15]);
	}
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int hex_decode(struct strbuf *out, const char *hex, size_t n, struct err *e)
{
	size_t before = out->len;

	if (n % 2)
		return err_set(e, ERR_INPUT, _("an odd number of hexadecimal digits"));
	for (size_t i = 0; i < n; i += 2) {
		int high = hex_value(hex[i]), low = hex_value(hex[i + 1]);

		if (high < 0 || low < 0) {
			strbuf_truncate(out, before);
			return err_set(e, ERR_INPUT,
				_("no hexadecimal digit at position %zu"),
				i + (high >= 0) + 1);
		}
		strbuf_addc(out, (char)(high * 16 + low));
	}
	return 0;
}

static void encode64(
	struct strbuf *out, const uint8_t *b, size_t n, const char *alphabet, bool pad)
{
	strbuf_room(out, (n + 2) / 3 * 4);
	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i;
		uint32_t v = (uint32_t)b[i] << 16;

		v |= left > 1 ? (uint32_t)b[i + 1] << 8 : 0;
		v |= left > 2 ? b[i + 2] : 0;
		for (size_t k = 0; k < 4; k++)
			if (k <= left)
				strbuf_addc(out, alphabet[v >> (18 - 6 * k) & 63]);
			else if (pad)
				strbuf_addc(out, '=');
	}
}

void base64_encode(struct strbuf *out, const void *data, size_t n)
{
	encode64(out, data, n, base64_digits, true);
}

void base64url_encode(struct strbuf *out, const void *data, size_t n)
{
	encode64(out, data, n, base64url_digits, false);
}

static int base64_value(char c)
{
	const char *at = c ? strchr(base64_digits, c) : NULL;

	if (c == '-')
		return 62;
	if (c == '_')
		return 63;
	return at ? (int)(at - base64_digits) : -1;
}

/* Digits of s without its padding; n itself when the padding is not what it must be. */
static size_t without_padding(const char *s, size_t n)
{
	size_t bare = n;

	while (bare && n - bare < 2 && s[bare - 1] == '=')
		bare--;
	return bare != n && n % 4 ? n : bare;
}

int base64_decode(struct strbuf *out, const char *s, size_t n, struct err *e)
{
	size_t before = out->len, bare = without_padding(s, n);
	uint32_t bits = 0;
	int n_bits = 0;

	for (size_t i = 0; i < bare; i++) {
		int v = base64_value(s[i]);

		if (v < 0) {
			strbuf_truncate(out, before);
			return err_set(e, ERR_INPUT, _("no base64 digit at position %zu"),
				i + 1);
		}
		bits = (bits << 6 | (uint32_t)v) & 0xfff;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			strbuf_addc(out, (char)(bits >> n_bits & 0xff));
		}
	}
	/* One form for each value: what is signed or compared must not have two. */
	if (bare % 4 == 1 || bits & ((1U << n_bits) - 1)) {
		strbuf_truncate(out, before);
		return err_set(e, ERR_INPUT, _("base64 that was cut short"));
	}
	return 0;
}

void random_bytes(void *out, size_t n)
{
	uint8_t *bytes = out;

	while (n) {
		size_t part = n < ENTROPY_BYTES ? n : ENTROPY_BYTES;

		if (getentropy(bytes, part))
			bug("the kernel gives no random bytes: errno %d", errno);
		bytes += part;
		n -= part;
	}
}

/* A ULID: 48 bits of milliseconds and 80 random bits in Crockford's base 32. */
char *id_new(int64_t at)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint64_t ms = (uint64_t)(at / NS_PER_MS);
	uint8_t noise[16];
	char *out = mem_new(27, 1);

	random_bytes(noise, sizeof(noise));
	for (int i = 9; i >= 0; i--) {
		out[i] = alphabet[ms & 31];
		ms >>= 5;
	}
	for (int i = 0; i < 16; i++)
		out[10 + i] = alphabet[noise[i] & 31];
	return out;
}
