#include "config.h"
#include "runbook/destroy.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/path.h"
#include "core/strbuf.h"

#define MAX_FILE_BYTES ((size_t)256 * 1024)
#define MAX_PATTERNS 1000

struct pattern {
	char *text; /* owned */
	regex_t regex;
};

struct destroy {
	struct pattern *items; /* owned */
	size_t n, cap;
};

static void add_line(
	struct destroy *d, const char *line, size_t n, int number, struct problems *p)
{
	struct pattern *item;
	char *text, words[200];
	int rc;

	while (n && (line[n - 1] == ' ' || line[n - 1] == '\t' || line[n - 1] == '\r'))
		n--;
	while (n && (*line == ' ' || *line == '\t')) {
		line++;
		n--;
	}
	if (!n || *line == '#' || d->n >= MAX_PATTERNS)
		return;
	text = mem_strndup(line, n);
	item = mem_push(d->items, d->n, d->cap);
	item->text = text;
	rc = regcomp(&item->regex, text, REG_EXTENDED | REG_NOSUB);
	if (!rc)
		return;
	regerror(rc, &item->regex, words, sizeof(words));
	problems_add(p, number, 0, _("'%s' is no regular expression: %s"), text, words);
	free(text);
	d->n--;
}

void destroy_add(struct destroy *d, const char *s, size_t n, struct problems *p)
{
	int number = 1;

	for (const char *end = s + n; s < end; number++) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));
		size_t len = (size_t)((nl ? nl : end) - s);

		add_line(d, s, len, number, p);
		s += len + 1;
		if (!nl)
			break;
	}
}

struct destroy *destroy_parse(const char *s, size_t n, struct problems *p)
{
	struct destroy *d = mem_new(1, sizeof(*d));

	destroy_add(d, s, n, p);
	return d;
}

static int add_file(
	struct destroy *d, char *file, bool required, struct problems *p, struct err *e)
{
	struct strbuf text = STRBUF_INIT;
	struct err mine = ERR_INIT;
	int rc = path_read(&text, file, MAX_FILE_BYTES, &mine);

	if (!rc)
		destroy_add(d, text.buf, text.len, p);
	else if (mine.code == ERR_NOT_FOUND && !required)
		rc = 0;
	else
		err_move(e, &mine);
	err_release(&mine);
	strbuf_release(&text);
	free(file);
	return rc;
}

int destroy_load(struct destroy **out, struct problems *p, struct err *e)
{
	struct destroy *d = mem_new(1, sizeof(*d));

	if (add_file(d, path_data("runbooks", "destroy.patterns"), true, p, e) ||
		add_file(d, path_system("destroy.patterns"), false, p, e) ||
		add_file(d, path_config("destroy.patterns"), false, p, e)) {
		destroy_free(d);
		return -1;
	}
	*out = d;
	return 0;
}

void destroy_free(struct destroy *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->n; i++) {
		regfree(&d->items[i].regex);
		free(d->items[i].text);
	}
	free(d->items);
	free(d);
}

static const char *match_line(const struct destroy *d, const char *line)
{
	for (size_t i = 0; i < d->n; i++)
		if (!regexec(&d->items[i].regex, line, 0, NULL, 0))
			return d->items[i].text;
	return NULL;
}

const char *destroy_match(const struct destroy *d, const char *script)
{
	const char *found = NULL;

	while (d && script && *script && !found) {
		size_t n = strcspn(script, "\n");
		char *line = mem_strndup(script, n);

		if (line[strspn(line, " \t")] != '#')
			found = match_line(d, line);
		free(line);
		script += n + (script[n] == '\n');
	}
	return found;
}
