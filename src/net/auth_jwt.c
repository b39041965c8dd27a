#include "config.h"

#include "net/auth_jwt.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "core/digest.h"
#include "core/i18n.h"

static void part_add(struct strbuf *out, const struct json *j)
{
	struct strbuf text = STRBUF_INIT;

	json_format(&text, j, false);
	base64url_encode(out, text.buf, text.len);
	strbuf_release(&text);
}

/* A key with a passphrase is not for a program: do not let libcrypto ask at the terminal. */
static int no_passphrase(char *buf, int size, int writing, void *ctx)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)ctx;
	return -1;
}

static EVP_PKEY *key_read(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)strlen(pem));
	EVP_PKEY *key =
		bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;

	BIO_free(bio);
	if (key && EVP_PKEY_base_id(key) != EVP_PKEY_RSA) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

static int signature_add(struct strbuf *out, EVP_PKEY *key)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[1024];
	size_t n = sizeof(sig);
	int ok = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) > 0 &&
		EVP_DigestSign(ctx, sig, &n, (const unsigned char *)out->buf, out->len) >
			0;

	EVP_MD_CTX_free(ctx);
	if (ok) {
		strbuf_addc(out, '.');
		base64url_encode(out, sig, n);
	}
	return ok ? 0 : -1;
}

int jwt_sign(struct strbuf *out, const struct json *claims, const char *key,
	const char *key_id, struct err *e)
{
	struct json *header = json_object();
	EVP_PKEY *rsa = key_read(key);
	int rc = 0;

	json_add_text(header, "alg", "RS256");
	json_add_text(header, "typ", "JWT");
	if (key_id)
		json_add_text(header, "kid", key_id);
	part_add(out, header);
	strbuf_addc(out, '.');
	part_add(out, claims);
	if (!rsa)
		rc = err_set(e, ERR_AUTH, _("the private key is no RSA key in PEM"));
	else if (signature_add(out, rsa) < 0)
		rc = err_set(e, ERR_SYSTEM, _("libcrypto could not sign"));
	EVP_PKEY_free(rsa);
	json_free(header);
	return rc;
}
