#include "config.h"
#include "runbook/onestep.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/digest.h"
#include "core/i18n.h"
#include "core/path.h"
#include "core/text.h"

void onestep_title(struct strbuf *book, const char *title)
{
	struct strbuf safe = STRBUF_INIT;

	text_safe(&safe, title, strlen(title), false);
	strbuf_addf(book, "# %s\n\n", safe.buf);
	strbuf_release(&safe);
}

/* A scalar that means nothing else: JSON's strings are YAML's, in double quotes. */
static int add_scalar(struct strbuf *book, const struct json *value, struct err *e)
{
	const char *text = json_type(value) == JSON_STRING ? json_text(value) : NULL;

	if (text && *text == '$')
		return err_set(e, ERR_INPUT,
			_("the value '%s' would stand for a variable"), text);
	if (text)
		json_quote(book, text);
	else
		json_format(book, value, false);
	return 0;
}

static int add_params(struct strbuf *book, const struct json *params, struct err *e)
{
	if (json_count(params))
		strbuf_adds(book, "with:\n");
	json_each (value, params) {
		if (json_type(value) == JSON_NULL)
			continue;
		strbuf_adds(book, "  ");
		json_quote(book, json_key(value));
		strbuf_adds(book, ": ");
		if (add_scalar(book, value, e))
			return -1;
		strbuf_addc(book, '\n');
	}
	return 0;
}

/* Names of steps hold letters, digits and '-'; actions' names are hardly anything else. */
static void add_name(struct strbuf *book, const char *action, size_t n)
{
	for (const char *s = action; *s; s++)
		strbuf_addc(book,
			(*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
					(*s >= '0' && *s <= '9')
				? *s
				: '-');
	if (n > 1)
		strbuf_addf(book, "-%zu", n);
}

int onestep_action(struct strbuf *book, const struct onestep *o, size_t n, struct err *e)
{
	int rc;

	strbuf_adds(book, "~~~~~~~~ action {name=");
	add_name(book, o->action, n);
	if (o->risk == RISK_DESTROY)
		strbuf_adds(book, " risk=destroy");
	strbuf_adds(book, "}\nsource: ");
	json_quote(book, o->source);
	strbuf_adds(book, "\ndo: ");
	json_quote(book, o->action);
	strbuf_addc(book, '\n');
	rc = add_params(book, o->params, e);
	if (!rc && o->expect)
		strbuf_addf(book, "expect: %s\n", o->expect);
	strbuf_adds(book, "~~~~~~~~\n\n");
	return rc;
}

/* More tildes than the text has in a row, so that it cannot end the fence that it is put in. */
static void fence_of(struct strbuf *out, const char *text)
{
	size_t longest = 3, run = 0;

	for (; *text; text++) {
		run = *text == '~' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	for (size_t i = 0; i <= longest; i++)
		strbuf_addc(out, '~');
}

void onestep_script(struct strbuf *book, const char *script)
{
	struct strbuf fence = STRBUF_INIT;

	fence_of(&fence, script);
	strbuf_addf(book, "%s sh {name=adhoc}\n%s\n%s\n", fence.buf, script, fence.buf);
	strbuf_release(&fence);
}

int onestep_keep(char **file, const struct strbuf *book, struct err *e)
{
	char *dir = path_state("adhoc"), *id = id_new(clock_now()), *name;
	int rc;

	name = mem_format("%s.md", id);
	*file = path_join(dir, name);
	rc = path_make_dir(dir, 0700, e) ||
			path_write(*file, book->buf, book->len, 0600, e)
		? -1
		: 0;
	if (rc) {
		free(*file);
		*file = NULL;
	}
	free(dir);
	free(id);
	free(name);
	return rc;
}
