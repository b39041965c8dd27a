#include "config.h"
#include "record/sign.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/child.h"
#include "core/clock.h"
#include "core/i18n.h"
#include "core/path.h"

/* A key may want a touch, or a word at the engineer's own desk. */
#define SIGN_TIMEOUT_NS (20 * NS_PER_S)
#define TOOL_TIMEOUT_NS (10 * NS_PER_S)
#define MAX_TOOL_BYTES ((size_t)256 * 1024)
#define MAX_KEYS 16
#define ARMOUR_BEGIN "-----BEGIN SSH SIGNATURE-----"

/* What the tools are given of our environment. */
static const char *const passed[] = {"PATH", "HOME", "SSH_AUTH_SOCK"};

static int run_tool(struct strbuf *out, const char *const *argv, const void *input,
	size_t n, int64_t timeout_ns, struct err *e)
{
	const char *env[ARRAY_LEN(passed) + 2];
	char *owned[ARRAY_LEN(passed)];
	size_t k = 0;
	struct child_spec spec = {.argv = argv,
		.env = env,
		.in = CHILD_PIPE,
		.out = CHILD_PIPE,
		.err = CHILD_OUT};
	int status = 0, rc;

	for (size_t i = 0; i < ARRAY_LEN(passed); i++)
		if (getenv(passed[i])) {
			owned[k] = mem_format("%s=%s", passed[i], getenv(passed[i]));
			env[k] = owned[k];
			k++;
		}
	env[k] = "LC_ALL=C";
	env[k + 1] = NULL;
	rc = child_run(out, &status, &spec, input, n, MAX_TOOL_BYTES, timeout_ns, e);
	for (size_t i = 0; i < k; i++)
		free(owned[i]);
	return rc ? rc : status;
}

/* A private folder with one file; both names are the caller's. */
static int write_temporary(char **dir, char **file, const char *name, const void *data,
	size_t n, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	char *pattern =
		path_join(tmp && *tmp == '/' ? tmp : "/tmp", "tocsin-sign-XXXXXX");

	*file = NULL;
	*dir = mkdtemp(pattern);
	if (!*dir) {
		err_errno(e, errno, _("cannot make a temporary folder '%s'"), pattern);
		free(pattern);
		return -1;
	}
	*file = path_join(*dir, name);
	return path_write(*file, data, n, 0600, e);
}

static void remove_temporary(char *dir, char *file)
{
	if (file)
		unlink(file);
	if (dir)
		rmdir(dir);
	free(file);
	free(dir);
}

/* "Good "x" signature with ED25519 key SHA256:abc": the last word. */
static int read_fingerprint(struct strbuf *key, const char *text, struct err *e)
{
	const char *at = strstr(text, "SHA256:");

	if (!at)
		return err_set(e, ERR_BACKEND, _("ssh-keygen does not say by which key"));
	strbuf_add(key, at, strcspn(at, " \r\n"));
	return 0;
}

int sign_check(struct strbuf *key, const char *armoured, size_t n_armoured,
	const char *name_space, const void *data, size_t n, struct err *e)
{
	struct strbuf out = STRBUF_INIT;
	char *dir, *file;
	int rc = write_temporary(&dir, &file, "signature", armoured, n_armoured, e);

	if (!rc) {
		const char *const argv[] = {"ssh-keygen", "-Y", "check-novalidate", "-n",
			name_space, "-s", file, NULL};

		rc = run_tool(&out, argv, data, n, TOOL_TIMEOUT_NS, e);
		if (rc > 0)
			rc = err_set(
				e, ERR_INPUT, _("the signature does not fit the text"));
		else if (!rc)
			rc = read_fingerprint(key, out.buf, e);
	}
	remove_temporary(dir, file);
	strbuf_release(&out);
	return rc;
}

/* One key of the agent, given by its public half. */
static int sign_with(struct strbuf *out, struct strbuf *key, const char *public_key,
	size_t n_key, const char *name_space, const void *data, size_t n, struct err *e)
{
	struct strbuf text = STRBUF_INIT;
	const char *begin;
	char *dir, *file;
	int rc = write_temporary(&dir, &file, "key.pub", public_key, n_key, e);

	if (!rc) {
		const char *const argv[] = {
			"ssh-keygen", "-Y", "sign", "-f", file, "-n", name_space, NULL};

		rc = run_tool(&text, argv, data, n, SIGN_TIMEOUT_NS, e);
		begin = strstr(text.buf, ARMOUR_BEGIN);
		if (!rc && begin) {
			strbuf_adds(out, begin);
			rc = sign_check(
				key, begin, strlen(begin), name_space, data, n, e);
		} else if (rc >= 0) {
			rc = err_set(e, ERR_DENIED, _("the agent's key does not sign"));
		}
	}
	remove_temporary(dir, file);
	strbuf_release(&text);
	return rc;
}

int sign_agent(struct strbuf *out, struct strbuf *key, const char *name_space,
	const void *data, size_t n, struct err *e)
{
	const char *const argv[] = {"ssh-add", "-L", NULL};
	struct strbuf keys = STRBUF_INIT;
	int rc, tried = 0;

	if (!getenv("SSH_AUTH_SOCK") || !*getenv("SSH_AUTH_SOCK"))
		return err_set(
			e, ERR_NOT_FOUND, _("there is no ssh-agent in this session"));
	rc = run_tool(&keys, argv, "", 0, TOOL_TIMEOUT_NS, e);
	if (rc > 0)
		err_set(e, ERR_NOT_FOUND, _("the ssh-agent has no keys"));
	for (const char *s = keys.buf; !rc && *s && tried < MAX_KEYS; tried++) {
		size_t len = strcspn(s, "\n");

		strbuf_reset(out);
		strbuf_reset(key);
		err_clear(e);
		rc = sign_with(out, key, s, len, name_space, data, n, e);
		if (!rc)
			break;
		s += len + (s[len] == '\n');
		rc = *s ? 0 : rc;
	}
	if (!rc && !tried && !key->len)
		rc = err_set(e, ERR_NOT_FOUND, _("the ssh-agent has no keys"));
	strbuf_release(&keys);
	return rc ? -1 : 0;
}
