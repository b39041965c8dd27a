#include "config.h"
#include "runbook/outputs.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "runbook/script.h"

struct lines {
	const char *s, *end;
	int number;
};

static const char *next_line(struct lines *in, size_t *n)
{
	const char *line = in->s, *nl;

	if (line >= in->end)
		return NULL;
	nl = memchr(line, '\n', (size_t)(in->end - line));
	*n = (size_t)((nl ? nl : in->end) - line);
	in->s = nl ? nl + 1 : in->end;
	in->number++;
	return line;
}

static int bad(const struct lines *in, struct err *e)
{
	err_set(e, ERR_INPUT, _("line %d of what the step put out is not NAME=value"),
		in->number);
	return err_hint(e, _("write NAME=value lines to the file $TOCSIN_OUTPUT"));
}

/* The lines up to one that is the delimiter alone. */
static int read_block(struct strbuf *value, struct lines *in, const char *delimiter,
	size_t n_delimiter, struct err *e)
{
	const char *line;
	size_t n;
	bool first = true;

	while ((line = next_line(in, &n))) {
		if (n == n_delimiter && !memcmp(line, delimiter, n))
			return 0;
		if (!first)
			strbuf_addc(value, '\n');
		strbuf_add(value, line, n);
		first = false;
	}
	return bad(in, e);
}

static int read_one(
	struct json *out, struct lines *in, const char *line, size_t n, struct err *e)
{
	size_t len = 0;
	char *name;
	struct strbuf value = STRBUF_INIT;
	int rc = 0;

	while (len < n && line[len] != '=' && line[len] != '<')
		len++;
	name = mem_strndup(line, len);
	if (!script_var_allowed(name))
		rc = bad(in, e);
	else if (n - len > 2 && !strncmp(line + len, "<<", 2))
		rc = read_block(&value, in, line + len + 2, n - len - 2, e);
	else if (len < n && line[len] == '=')
		strbuf_add(&value, line + len + 1, n - len - 1);
	else
		rc = bad(in, e);
	if (!rc)
		json_add_text(out, name, value.buf);
	free(name);
	strbuf_release(&value);
	return rc;
}

int outputs_parse(struct json *out, const char *s, size_t n, struct err *e)
{
	struct lines in = {.s = s, .end = s + n};
	const char *line;
	size_t len;

	if (n > OUTPUTS_MAX_BYTES || (n && memchr(s, 0, n)))
		return err_set(e, ERR_LIMIT,
			_("the step put out more than 256 KiB of values, or bytes that "
			  "are no text"));
	while ((line = next_line(&in, &len))) {
		if (len && line[len - 1] == '\r')
			len--;
		if (len && *line != '#' && read_one(out, &in, line, len, e))
			return -1;
	}
	return 0;
}
