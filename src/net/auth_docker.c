#include "config.h"

#include "net/auth_docker.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "core/i18n.h"
#include "core/json.h"
#include "core/path.h"
#include "net/auth.h"

void docker_login_release(struct docker_login *l)
{
	secret_release(&l->user);
	secret_release(&l->secret);
	secret_release(&l->identity);
	strbuf_release(&l->helper);
	strbuf_release(&l->server);
}

static bool is_docker_hub(const char *host)
{
	return !strcmp(host, "docker.io") || !strcmp(host, "index.docker.io") ||
		!strcmp(host, "registry-1.docker.io");
}

/* "host", "host/path", "https://host/v1/": the host in it. */
static bool key_is_of(const char *key, const char *host)
{
	const char *mark = strstr(key, "://");
	size_t n;
	char *name;
	bool same;

	key = mark ? mark + 3 : key;
	n = strcspn(key, "/");
	name = mem_strndup(key, n);
	same = !strcmp(name, host) || (is_docker_hub(name) && is_docker_hub(host));
	free(name);
	return same;
}

/* The host itself wins over what is written around it. */
static const struct json *entry_of(const struct json *map, const char *host)
{
	const struct json *found = json_get(map, host);

	json_each (item, map) {
		if (!found && json_key(item) && key_is_of(json_key(item), host))
			found = item;
	}
	return found;
}

static bool is_plain(const struct strbuf *text)
{
	for (size_t i = 0; i < text->len; i++) {
		if ((unsigned char)text->buf[i] < ' ' || text->buf[i] == 0x7f)
			return false;
	}
	return true;
}

/* base64 of "user:password". */
static int take_auth(struct docker_login *out, const char *coded, struct err *e)
{
	struct strbuf pair = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	const char *colon;
	int rc = 0;

	strbuf_room(&pair, strlen(coded) + 1);
	if (base64_decode(&pair, coded, strlen(coded), &ignored) < 0)
		strbuf_reset(&pair);
	/* Docker has left NULs at its end. */
	while (pair.len && !pair.buf[pair.len - 1])
		strbuf_truncate(&pair, pair.len - 1);
	colon = strchr(pair.buf, ':');
	if (colon && is_plain(&pair)) {
		strbuf_room(&out->secret, pair.len + 1);
		strbuf_add(&out->user, pair.buf, (size_t)(colon - pair.buf));
		strbuf_adds(&out->secret, colon + 1);
	} else {
		rc = err_set(e, ERR_AUTH,
			_("docker's file holds an 'auth' that is no user and password"));
	}
	err_release(&ignored);
	secret_release(&pair);
	return rc;
}

static void take_helper(struct docker_login *out, const char *name, const char *server)
{
	if (!name || !*name || strchr(name, '/'))
		return;
	strbuf_addf(&out->helper, "docker-credential-%s", name);
	strbuf_adds(&out->server, server);
}

static int take_entry(struct docker_login *out, const struct json *entry, struct err *e)
{
	const char *identity = json_text(json_get(entry, "identitytoken"));
	const char *coded = json_text(json_get(entry, "auth"));
	const char *user = json_text(json_get(entry, "username"));
	const char *secret = json_text(json_get(entry, "password"));

	if (identity && *identity) {
		strbuf_adds(&out->identity, identity);
		return is_plain(&out->identity)
			? 0
			: err_set(e, ERR_AUTH,
				  _("docker's identity token holds a control "
				    "character"));
	}
	if (coded && *coded)
		return take_auth(out, coded, e);
	if (user && secret) {
		strbuf_adds(&out->user, user);
		strbuf_adds(&out->secret, secret);
	}
	return 0;
}

int docker_login_parse(struct docker_login *out, const char *s, size_t n,
	const char *host, struct err *e)
{
	struct json *j = NULL;
	const struct json *entry;
	const char *helper;
	int rc = 0;

	if (json_parse(&j, s, n, e) < 0)
		return -1;
	helper = json_text(entry_of(json_get(j, "credHelpers"), host));
	entry = entry_of(json_get(j, "auths"), host);
	if (helper)
		take_helper(out, helper, host);
	else if (entry && json_count(entry))
		rc = take_entry(out, entry, e);
	else
		take_helper(out, json_text(json_get(j, "credsStore")),
			entry ? json_key(entry) : host);
	json_wipe(j);
	return rc;
}

static bool knows(const struct docker_login *l)
{
	return l->user.len || l->secret.len || l->identity.len || l->helper.len;
}

static int file_find(
	struct docker_login *out, const char *file, const char *host, struct err *e)
{
	struct strbuf text = STRBUF_INIT;
	struct err missing = ERR_INIT;
	int rc = 0;

	strbuf_room(&text, 65536);
	if (path_read(&text, file, DOCKER_FILE_MAX_BYTES, &missing) < 0) {
		if (missing.code != ERR_NOT_FOUND)
			rc = err_copy(e, &missing);
	} else if (docker_login_parse(out, text.buf, text.len, host, e) < 0) {
		rc = err_where(e, "%s", file);
	}
	err_release(&missing);
	secret_release(&text);
	return rc;
}

int docker_login_find(struct docker_login *out, const char *host, struct err *e)
{
	static const struct {
		const char *variable, *name;
	} places[] = {
		{"REGISTRY_AUTH_FILE", NULL},
		{"XDG_RUNTIME_DIR", "containers/auth.json"},
		{"DOCKER_CONFIG", "config.json"},
		{NULL, "~/.docker/config.json"},
		{NULL, "~/.config/containers/auth.json"},
	};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(places) && rc == 0 && !knows(out); i++) {
		const char *base = places[i].variable ? getenv(places[i].variable) : "/";
		char *file;

		if (!base || !*base)
			continue;
		file = places[i].name ? path_expand(places[i].name, base)
				      : mem_strdup(base);
		rc = file_find(out, file, host, e);
		free(file);
	}
	return rc;
}

int docker_helper_parse(struct docker_login *out, const char *s, size_t n, struct err *e)
{
	struct json *j = NULL;
	struct err inner = ERR_INIT;
	const char *user = NULL, *secret = NULL;
	bool fits;

	if (!json_parse(&j, s, n, &inner)) {
		user = json_text(json_get(j, "Username"));
		secret = json_text(json_get(j, "Secret"));
	}
	fits = user && secret && *secret;
	if (fits && !strcmp(user, "<token>")) {
		strbuf_adds(&out->identity, secret);
	} else if (fits) {
		strbuf_adds(&out->user, user);
		strbuf_adds(&out->secret, secret);
	}
	fits = fits && is_plain(&out->user) && is_plain(&out->secret) &&
		is_plain(&out->identity);
	err_release(&inner);
	json_wipe(j);
	return fits ? 0
		    : err_set(e, ERR_AUTH,
			      _("the credential helper printed no user and secret"));
}
