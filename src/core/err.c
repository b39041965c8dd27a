#include "config.h"
#include "core/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"

#define PROBLEMS_MAX 100

static const char *const code_names[ERR_CODES] = {
	[ERR_NONE] = "none",
	[ERR_INPUT] = "input",
	[ERR_NOT_FOUND] = "not-found",
	[ERR_DENIED] = "denied",
	[ERR_AUTH] = "auth",
	[ERR_NET] = "net",
	[ERR_BACKEND] = "backend",
	[ERR_CONFLICT] = "conflict",
	[ERR_STORE] = "store",
	[ERR_LIMIT] = "limit",
	[ERR_SYSTEM] = "system",
};

PRINTF(1, 0)
static char *vformat(const char *fmt, va_list ap)
{
	char *out = NULL;

	if (vasprintf(&out, fmt, ap) < 0)
		bug("bad format '%s'", fmt);
	return out;
}

#define FORMAT_INTO(target, fmt)              \
	do {                                  \
		va_list ap_;                  \
		va_start(ap_, fmt);           \
		(target) = vformat(fmt, ap_); \
		va_end(ap_);                  \
	} while (0)

void err_init(struct err *e)
{
	*e = (struct err)ERR_INIT;
}

void err_release(struct err *e)
{
	free(e->what);
	free(e->where);
	free(e->hint);
}

void err_clear(struct err *e)
{
	err_release(e);
	err_init(e);
}

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	char *what;

	FORMAT_INTO(what, fmt);
	err_clear(e);
	e->code = code;
	e->what = what;
	return -1;
}

int err_errno(struct err *e, int error_number, const char *fmt, ...)
{
	char *what;

	FORMAT_INTO(what, fmt);
	err_clear(e);
	e->code = ERR_SYSTEM;
	e->what = mem_format("%s: %s", what, strerror(error_number));
	free(what);
	return -1;
}

int err_where(struct err *e, const char *fmt, ...)
{
	char *where;

	FORMAT_INTO(where, fmt);
	free(e->where);
	e->where = where;
	return -1;
}

int err_hint(struct err *e, const char *fmt, ...)
{
	char *hint;

	FORMAT_INTO(hint, fmt);
	free(e->hint);
	e->hint = hint;
	return -1;
}

int err_retry(struct err *e, enum err_retry retry)
{
	e->retry = retry;
	return -1;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
	char *prefix, *what;

	FORMAT_INTO(prefix, fmt);
	what = mem_format("%s%s", prefix, e->what ? e->what : "");
	free(prefix);
	free(e->what);
	e->what = what;
	return -1;
}

char *err_text(const struct err *e)
{
	const char *what = e->what ? e->what : _("no error");

	return mem_format("%s%s%s%s%s%s", what, e->where ? " (" : "",
		e->where ? e->where : "", e->where ? ")" : "", e->hint ? ". " : "",
		e->hint ? e->hint : "");
}

const char *err_code_name(enum err_code code)
{
	return code < ERR_CODES ? code_names[code] : "unknown";
}

void err_move(struct err *to, struct err *from)
{
	err_release(to);
	*to = *from;
	err_init(from);
}

int err_copy(struct err *to, const struct err *from)
{
	struct err copy = {
		.code = from->code,
		.retry = from->retry,
		.what = mem_strdup(from->what),
		.where = mem_strdup(from->where),
		.hint = mem_strdup(from->hint),
	};

	err_move(to, &copy);
	return -1;
}

void problems_init(struct problems *p, const char *file)
{
	*p = (struct problems){.file = mem_strdup(file)};
}

void problems_release(struct problems *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->items[i].message);
		free(p->items[i].hint);
		free(p->items[i].file);
	}
	free(p->items);
	free(p->file);
	*p = (struct problems){0};
}

void problems_in(struct problems *p, const char *file)
{
	char *copy = mem_strdup(file);

	free(p->file);
	p->file = copy;
}

int problems_add(struct problems *p, int line, int column, const char *fmt, ...)
{
	struct problem *item;

	if (p->n >= PROBLEMS_MAX)
		return -1;
	item = mem_push(p->items, p->n, p->cap);
	item->line = line;
	item->column = column;
	item->file = mem_strdup(p->file);
	FORMAT_INTO(item->message, fmt);
	return -1;
}

int problems_hint(struct problems *p, const char *fmt, ...)
{
	struct problem *item;

	if (!p->n)
		return -1;
	item = &p->items[p->n - 1];
	free(item->hint);
	FORMAT_INTO(item->hint, fmt);
	return -1;
}

int problems_err(const struct problems *p, struct err *e)
{
	const struct problem *first = p->items;

	if (!p->n)
		return 0;
	err_set(e, ERR_INPUT, "%s", first->message);
	if (first->line)
		err_where(e, "%s:%d:%d", first->file ? first->file : "-", first->line,
			first->column);
	else if (first->file)
		err_where(e, "%s", first->file);
	if (first->hint)
		err_hint(e, "%s", first->hint);
	return -1;
}
