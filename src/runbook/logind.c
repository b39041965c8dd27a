#include "config.h"
#include "runbook/logind.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/path.h"

#define MAX_CONF_BYTES ((size_t)256 * 1024)

struct settings {
	bool kills;
	struct strbuf exclude; /* KillExcludeUsers */
	struct strbuf only; /* KillOnlyUsers */
};

static bool is_true(const char *s, size_t n)
{
	static const char *const words[] = {"yes", "true", "on", "1"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == n && !strncasecmp(s, words[i], n))
			return true;
	return false;
}

/* The value behind "NAME=" when the line sets it, else NULL; *n is its length. */
static const char *value_of(const char *line, size_t len, const char *name, size_t *n)
{
	size_t name_len = strlen(name);

	while (len && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	if (len <= name_len || strncmp(line, name, name_len) || line[name_len] != '=')
		return NULL;
	line += name_len + 1;
	len -= name_len + 1;
	while (len && (line[len - 1] == ' ' || line[len - 1] == '\r'))
		len--;
	*n = len;
	return line;
}

static void set_text(struct strbuf *out, const char *s, size_t n)
{
	strbuf_reset(out);
	strbuf_add(out, s, n);
}

static void read_file(struct settings *s, const char *file)
{
	struct strbuf text = STRBUF_INIT;
	struct err e = ERR_INIT;
	const char *value;
	size_t n;

	if (path_read(&text, file, MAX_CONF_BYTES, &e)) {
		err_release(&e);
		strbuf_release(&text);
		return;
	}
	for (const char *line = text.buf; *line;
		line += strcspn(line, "\n"), line += *line == '\n') {
		size_t len = strcspn(line, "\n");

		if ((value = value_of(line, len, "KillUserProcesses", &n)))
			s->kills = is_true(value, n);
		else if ((value = value_of(line, len, "KillExcludeUsers", &n)))
			set_text(&s->exclude, value, n);
		else if ((value = value_of(line, len, "KillOnlyUsers", &n)))
			set_text(&s->only, value, n);
	}
	strbuf_release(&text);
}

static void read_at(struct settings *s, const char *root, const char *path)
{
	char *file = mem_format("%s%s", root, path);

	read_file(s, file);
	free(file);
}

/* Drop-ins; later folders win over earlier ones, as the files that they hold are read after. */
static void read_folder(struct settings *s, const char *root, const char *path)
{
	char *dir = mem_format("%s%s", root, path), **names = NULL;
	size_t n = 0;
	struct err e = ERR_INIT;

	if (path_list(&names, &n, dir, ".conf", &e))
		err_release(&e);
	for (size_t i = 0; i < n; i++) {
		char *file = path_join(dir, names[i]);

		read_file(s, file);
		free(file);
	}
	path_list_free(names, n);
	free(dir);
}

/* user as a word of a list that spaces separate. */
static bool listed(const struct strbuf *list, const char *user)
{
	size_t n = strlen(user);

	for (const char *s = list->buf; *s; s += strcspn(s, " ")) {
		s += strspn(s, " ");
		if (!strncmp(s, user, n) && (s[n] == ' ' || !s[n]))
			return true;
	}
	return false;
}

static bool exists(const char *root, const char *format, const char *name)
{
	char *path = mem_format("%s%s%s", root, format, name);
	bool there = !access(path, F_OK);

	free(path);
	return there;
}

void logind_look(struct logind *out, const char *root, const char *user, bool is_root)
{
	struct settings s = {.exclude = STRBUF_INIT, .only = STRBUF_INIT};

	*out = (struct logind){.present = exists(root, "/run/systemd/seats", "")};
	strbuf_adds(&s.exclude, "root");
	read_at(&s, root, "/usr/lib/systemd/logind.conf");
	read_at(&s, root, "/etc/systemd/logind.conf");
	read_folder(&s, root, "/usr/lib/systemd/logind.conf.d");
	read_folder(&s, root, "/run/systemd/logind.conf.d");
	read_folder(&s, root, "/etc/systemd/logind.conf.d");
	out->lingers = exists(root, "/var/lib/systemd/linger/", user);
	out->kills =
		out->present && s.kills && !listed(&s.exclude, is_root ? "root" : user);
	if (out->kills && s.only.len)
		out->kills = listed(&s.only, is_root ? "root" : user);
	strbuf_release(&s.exclude);
	strbuf_release(&s.only);
}
