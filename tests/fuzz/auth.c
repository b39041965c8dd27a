#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "net/auth_aws.h"
#include "net/auth_challenge.h"
#include "net/auth_docker.h"
#include "net/auth_kubeconfig.h"
#include "net/auth_sigv4.h"
#include "net/auth_token.h"

static void challenge(const char *text, size_t n)
{
	struct challenge c = CHALLENGE_INIT;

	if (challenge_parse(&c, text, n) != (c.scheme != CHALLENGE_NONE))
		bug("a challenge without a scheme");
	challenge_release(&c);
}

static void docker(const char *text, size_t n)
{
	struct docker_login l = DOCKER_LOGIN_INIT, helper = DOCKER_LOGIN_INIT;
	struct err e = ERR_INIT;

	(void)docker_login_parse(&l, text, n, "h", &e);
	(void)docker_helper_parse(&helper, text, n, &e);
	docker_login_release(&l);
	docker_login_release(&helper);
	err_release(&e);
}

static void ini(const char *text, size_t n)
{
	struct strbuf out = STRBUF_INIT;

	(void)aws_ini_get(&out, text, n, "default", "region");
	strbuf_release(&out);
}

static void kubeconfig(const char *text, size_t n)
{
	static const char *const dirs[] = {"/"};
	struct kube_target k;
	struct arena a = {0};
	struct err e = ERR_INIT;

	(void)n;
	(void)kubeconfig_parse(&k, &text, dirs, 1, NULL, &a, &e);
	arena_wipe(&a);
	err_release(&e);
}

static void token(const char *text, size_t n)
{
	struct err e = ERR_INIT;

	(void)n;
	(void)token_check(text, "h", &e);
	(void)token_jwt_life(text, 0);
	err_release(&e);
}

/* A URL in the form that is signed stays as it is. */
static void signed_url(const char *text, size_t n)
{
	struct strbuf url = STRBUF_INIT;
	char *once;

	strbuf_adds(&url, "http://h/");
	strbuf_add(&url, text, strlen(text));
	(void)n;
	sigv4_url(&url);
	once = mem_strdup(url.buf);
	sigv4_url(&url);
	if (strcmp(once, url.buf))
		bug("a URL changed once more: %s", url.buf);
	free(once);
	strbuf_release(&url);
}

/* The first byte says which parser. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static void (*const parsers[])(const char *text, size_t n) = {
		challenge, docker, ini, kubeconfig, token, signed_url};
	char *text;

	if (!n)
		return 0;
	text = mem_strndup((const char *)data + 1, n - 1);
	parsers[data[0] % ARRAY_LEN(parsers)](text, strlen(text));
	free(text);
	return 0;
}
