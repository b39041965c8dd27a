#include "config.h"
#include "record/who.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/i18n.h"
#include "core/path.h"
#include "core/strbuf.h"
#include "model/record.h"

#define MAX_AUTH_BYTES ((size_t)64 * 1024)

static const char *user_name(int64_t uid, struct arena *a)
{
	struct passwd entry, *found = NULL;
	char buf[4096];

	if (uid < 0 || getpwuid_r((uid_t)uid, &entry, buf, sizeof(buf), &found) || !found)
		return uid < 0 ? NULL : arena_format(a, "%lld", (long long)uid);
	return arena_strdup(a, found->pw_name);
}

/* A number that the kernel keeps for us; 2^32 - 1 says that there is none. */
static int64_t proc_number(const char *file)
{
	FILE *f = fopen(file, "re");
	long long v = -1;

	if (!f)
		return NONE_INT;
	if (fscanf(f, "%lld", &v) != 1 || v < 0 || v == 4294967295LL)
		v = NONE_INT;
	fclose(f);
	return v;
}

/* "10.1.2.3 53122 22" -> "10.1.2.3:53122" */
static const char *ssh_from(struct arena *a)
{
	const char *s = getenv("SSH_CONNECTION");
	size_t host, port;

	if (!s || !*s)
		s = getenv("SSH_CLIENT");
	if (!s || !*s)
		return NULL;
	host = strcspn(s, " ");
	if (!s[host])
		return arena_strndup(a, s, host);
	port = strcspn(s + host + 1, " ");
	return arena_format(a, "%.*s:%.*s", (int)host, s, (int)port, s + host + 1);
}

/* "SHA256:..." of a base64 public key, as ssh-keygen -l prints it. */
static const char *fingerprint(const char *b64, size_t n, struct arena *a)
{
	struct strbuf blob = STRBUF_INIT, text = STRBUF_INIT;
	struct err e = ERR_INIT;
	const char *out = NULL;

	if (!base64_decode(&blob, b64, n, &e) && blob.len) {
		struct digest d = digest_of(blob.buf, blob.len);

		strbuf_adds(&text, "SHA256:");
		base64_encode(&text, d.bytes, DIGEST_BYTES);
		while (text.len && text.buf[text.len - 1] == '=')
			strbuf_truncate(&text, text.len - 1);
		out = arena_strdup(a, text.buf);
	}
	err_release(&e);
	strbuf_release(&blob);
	strbuf_release(&text);
	return out;
}

/* sshd's list of what logged in (ExposeAuthInfo): "publickey ssh-ed25519 AAAA..." */
static const char *login_key(struct arena *a)
{
	const char *file = getenv("SSH_USER_AUTH"), *out = NULL;
	struct strbuf text = STRBUF_INIT;
	struct err e = ERR_INIT;

	if (file && *file == '/' && !path_read(&text, file, MAX_AUTH_BYTES, &e)) {
		const char *s = strstr(text.buf, "publickey ");

		if (s) {
			s += strlen("publickey ");
			s += strcspn(s, " \n");
			s += *s == ' ';
			out = fingerprint(s, strcspn(s, " \n"), a);
		}
	}
	err_release(&e);
	strbuf_release(&text);
	return out;
}

static const char *tty_name(struct arena *a)
{
	char buf[256] = "";

	for (int fd = 0; fd <= 2; fd++)
		if (isatty(fd) && !ttyname_r(fd, buf, sizeof(buf)))
			return arena_strdup(a, buf);
	return NULL;
}

static const char *host_name(struct arena *a)
{
	char buf[256];

	if (gethostname(buf, sizeof(buf)))
		return NULL;
	buf[sizeof(buf) - 1] = '\0';
	return arena_strdup(a, buf);
}

void who_am_i(struct who *out, struct arena *a)
{
	*out = (struct who){.uid = (int64_t)getuid()};
	out->login_uid = proc_number("/proc/self/loginuid");
	out->session = proc_number("/proc/self/sessionid");
	out->user = user_name(out->uid, a);
	if (out->login_uid != NONE_INT && out->login_uid != out->uid)
		out->login = user_name(out->login_uid, a);
	out->ssh_from = ssh_from(a);
	out->key = login_key(a);
	out->tty = tty_name(a);
	out->host = host_name(a);
}

struct json *who_to_json(const struct who *w)
{
	struct json *j = json_object();

	json_add_text(j, "user", w->user);
	json_add_int(j, "uid", w->uid);
	json_add_int(j, "loginuid", w->login_uid);
	json_add_int(j, "ses", w->session);
	json_add_text(j, "login", w->login);
	json_add_text(j, "ssh_from", w->ssh_from);
	json_add_text(j, "key_fp", w->key);
	json_add_text(j, "tty", w->tty);
	return j;
}

const char *who_text(const struct who *w, struct arena *a)
{
	const char *name = w->login ? w->login : w->user ? w->user : "?";

	return w->ssh_from ? arena_format(a, _("%s (from %s)"), name, w->ssh_from) : name;
}
