#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "core/clock.h"
#include "core/digest.h"
#include "core/path.h"
#include "net/auth_jwt.h"
#include "net/http.h"
#include "tests/unit/web.h"

struct fixture {
	char dir[40];
	struct loop *loop;
	struct web *web;
	struct http *http;
	struct source_conf source;
	EVP_PKEY *key;
	char *pem, *file;
	int tokens;
	struct strbuf token_request, request;
	int done, ok;
	struct err e;
};

static enum web_fault serve(void *ctx, const char *request, struct strbuf *reply)
{
	struct fixture *f = ctx;
	bool token = strstr(request, " /token") || strstr(request, "/computeMetadata/");
	struct strbuf *into = token ? &f->token_request : &f->request;

	f->tokens += token;
	strbuf_reset(into);
	strbuf_adds(into, request);
	web_json(reply,
		"{\"access_token\":\"ya29.x\",\"expires_in\":3599,\"token_type\":"
		"\"Bearer\"}");
	return WEB_OK;
}

static void key_make(struct fixture *f)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	long n;

	f->key = EVP_RSA_gen(2048);
	assert_non_null(f->key);
	assert_int_equal(
		PEM_write_bio_PrivateKey(bio, f->key, NULL, NULL, 0, NULL, NULL), 1);
	n = BIO_get_mem_data(bio, &data);
	f->pem = mem_strndup(data, (size_t)n);
	BIO_free(bio);
}

static int setup(void **state)
{
	struct fixture *f = mem_new(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/tocsin-gcp-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	unsetenv("GOOGLE_APPLICATION_CREDENTIALS");
	setenv("HOME", f->dir, 1);
	setenv("CLOUDSDK_CONFIG", f->dir, 1);
	f->file = mem_format("%s/application_default_credentials.json", f->dir);
	f->loop = loop_new();
	f->web = web_new(f->loop, serve, f);
	f->http = http_new(f->loop);
	strbuf_init(&f->token_request);
	strbuf_init(&f->request);
	f->source = (struct source_conf){.name = "vertex", .auth = {.kind = "gcp"}};
	key_make(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	clock_real();
	unlink(f->file);
	rmdir(f->dir);
	http_free(f->http);
	web_free(f->web);
	loop_free(f->loop);
	strbuf_release(&f->token_request);
	strbuf_release(&f->request);
	err_release(&f->e);
	EVP_PKEY_free(f->key);
	free(f->pem);
	free(f->file);
	free(f);
	return 0;
}

static void put(struct fixture *f, const char *text)
{
	unlink(f->file);
	assert_int_equal(path_write(f->file, text, strlen(text), 0600, &f->e), 0);
}

static void account_put(struct fixture *f, const char *type, const char *token_uri)
{
	struct json *j = json_object();
	struct strbuf text = STRBUF_INIT;

	json_add_text(j, "type", type);
	json_add_text(j, "client_email", "bot@p.iam.example");
	json_add_text(j, "private_key", f->pem);
	json_add_text(j, "private_key_id", "kid1");
	json_add_text(j, "token_uri", token_uri);
	json_format(&text, j, true);
	put(f, text.buf);
	strbuf_release(&text);
	json_free(j);
}

static void on_answer(void *ctx, struct http_answer *a, const struct err *e)
{
	struct fixture *f = ctx;

	(void)a;
	f->done++;
	if (!e) {
		f->ok++;
		return;
	}
	err_clear(&f->e);
	err_copy(&f->e, e);
	assert_null(strstr(e->what, "PRIVATE"));
}

static bool ask(struct fixture *f)
{
	char *url = mem_format("http://127.0.0.1:%d/v1/x", web_port(f->web));
	struct http_request req = {.source = &f->source, .method = HTTP_GET, .url = url};
	int done = f->done + 1, ok = f->ok;

	http_start(f->http, &req, on_answer, f);
	for (int i = 0; i < 1000 && f->done < done; i++)
		loop_turn(f->loop, 50 * NS_PER_MS);
	free(url);
	return f->ok > ok;
}

/* The assertion that was sent, verified by the public key; its claims. */
static struct json *assertion_check(struct fixture *f, const char *jwt)
{
	const char *dot = strchr(jwt, '.'), *last = strrchr(jwt, '.');
	struct strbuf head = STRBUF_INIT, claims = STRBUF_INIT, sig = STRBUF_INIT;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct json *j = NULL;

	assert_true(dot && last && dot < last);
	assert_int_equal(base64_decode(&head, jwt, (size_t)(dot - jwt), &f->e), 0);
	assert_int_equal(
		base64_decode(&claims, dot + 1, (size_t)(last - dot) - 1, &f->e), 0);
	assert_int_equal(base64_decode(&sig, last + 1, strlen(last + 1), &f->e), 0);
	assert_string_equal(
		head.buf, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"kid1\"}");
	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, f->key), 1);
	assert_int_equal(EVP_DigestVerify(ctx, (const unsigned char *)sig.buf, sig.len,
				 (const unsigned char *)jwt, (size_t)(last - jwt)),
		1);
	assert_int_equal(json_parse(&j, claims.buf, claims.len, &f->e), 0);
	EVP_MD_CTX_free(ctx);
	strbuf_release(&head);
	strbuf_release(&claims);
	strbuf_release(&sig);
	return j;
}

static void service_accounts_sign(void **state)
{
	struct fixture *f = *state;
	char *uri = mem_format("http://127.0.0.1:%d/token", web_port(f->web));
	struct strbuf got = STRBUF_INIT;
	struct json *claims;
	int64_t now = clock_now() / NS_PER_S;

	account_put(f, "service_account", uri);
	f->source.auth.gcp.file = f->file;
	assert_true(ask(f));
	assert_non_null(strstr(f->request.buf, "Authorization: Bearer ya29.x"));
	assert_true(web_param(&got, f->token_request.buf, "grant_type"));
	assert_string_equal(got.buf, "urn:ietf:params:oauth:grant-type:jwt-bearer");
	strbuf_reset(&got);
	assert_true(web_param(&got, f->token_request.buf, "assertion"));
	claims = assertion_check(f, got.buf);
	assert_string_equal(json_text_at(claims, "iss"), "bot@p.iam.example");
	assert_string_equal(json_text_at(claims, "aud"), uri);
	assert_string_equal(json_text_at(claims, "scope"),
		"https://www.googleapis.com/auth/cloud-platform");
	assert_in_range(json_int(json_get(claims, "iat")), now - 1, now + 60);
	assert_int_equal(json_int(json_get(claims, "exp")),
		json_int(json_get(claims, "iat")) + 3600);
	assert_true(ask(f));
	assert_int_equal(f->tokens, 1);
	json_free(claims);
	strbuf_release(&got);
	free(uri);
}

static void users_refresh(void **state)
{
	struct fixture *f = *state;
	char *text = mem_format("{\"type\":\"authorized_user\",\"client_id\":\"i\","
				"\"client_secret\":\"s\",\"refresh_token\":\"1//r\","
				"\"token_uri\":\"http://127.0.0.1:%d/token\"}",
		web_port(f->web));
	struct strbuf got = STRBUF_INIT;

	put(f, text); /* where gcloud keeps it */
	assert_true(ask(f));
	assert_true(web_param(&got, f->token_request.buf, "refresh_token"));
	assert_string_equal(got.buf, "1//r");
	strbuf_release(&got);
	free(text);
}

static void the_metadata_server_gives_tokens(void **state)
{
	struct fixture *f = *state;
	char *host = mem_format("127.0.0.1:%d", web_port(f->web));

	setenv("GCE_METADATA_HOST", host, 1);
	f->source.auth.gcp.metadata = true;
	f->source.auth.gcp.scope = "a";
	assert_true(ask(f));
	assert_non_null(strstr(f->token_request.buf, "Metadata-Flavor: Google"));
	assert_non_null(strstr(f->token_request.buf,
		"GET /computeMetadata/v1/instance/service-accounts/default/"
		"token?scopes=a "));
	unsetenv("GCE_METADATA_HOST");
	free(host);
}

static void files_that_are_of_no_use(void **state)
{
	static const char *const texts[] = {"", "[]", "{}",
		"{\"type\":\"service_account\"}", "{\"type\":\"external_account\"}",
		"{\"type\":\"service_account\",\"client_email\":\"a\",\"private_key\":"
		"\"x\","
		"\"token_uri\":\"http://127.0.0.1/token\"}"};
	struct fixture *f = *state;

	assert_false(ask(f));
	assert_int_equal(f->e.code, ERR_NOT_FOUND);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		put(f, texts[i]);
		assert_false(ask(f));
	}
	account_put(f, "service_account", "http://tokens.example/token");
	assert_false(ask(f));
	assert_int_equal(f->e.code, ERR_DENIED);
	account_put(f, "service_account", "file:///etc/passwd");
	assert_false(ask(f));
	assert_int_equal(f->tokens, 0);
}

static void only_rsa_keys_sign(void **state)
{
	struct fixture *f = *state;
	struct json *claims = json_object();
	struct strbuf out = STRBUF_INIT;
	EVP_PKEY *ec = EVP_EC_gen("P-256");
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *pem;
	long n;

	PEM_write_bio_PrivateKey(bio, ec, NULL, NULL, 0, NULL, NULL);
	n = BIO_get_mem_data(bio, &data);
	pem = mem_strndup(data, (size_t)n);
	assert_int_equal(jwt_sign(&out, claims, pem, NULL, &f->e), -1);
	assert_int_equal(jwt_sign(&out, claims, "", NULL, &f->e), -1);
	strbuf_reset(&out);
	assert_int_equal(jwt_sign(&out, claims, f->pem, NULL, &f->e), 0);
	BIO_free(bio);
	EVP_PKEY_free(ec);
	json_free(claims);
	strbuf_release(&out);
	free(pem);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

UNIT_TESTS(WITH(service_accounts_sign), WITH(users_refresh),
	WITH(the_metadata_server_gives_tokens), WITH(files_that_are_of_no_use),
	WITH(only_rsa_keys_sign))
