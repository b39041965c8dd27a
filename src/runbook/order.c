#include "config.h"
#include "runbook/order.h"

#include <string.h>

#include "core/i18n.h"

#define ORDER_VERSION 1

/* The order's texts by name. */
static const struct order_text {
	const char *name;
	size_t offset;
	bool required;
} order_texts[] = {
	{"run", offsetof(struct order, run), true},
	{"file", offsetof(struct order, file), true},
	{"sha256", offsetof(struct order, sha256), true},
	{"store_dir", offsetof(struct order, store_dir), true},
	{"config_file", offsetof(struct order, config_file), false},
	{"context", offsetof(struct order, context), false},
	{"service", offsetof(struct order, service), false},
	{"incident", offsetof(struct order, incident), false},
	{"how", offsetof(struct order, how), true},
	{"who", offsetof(struct order, who), false},
	{"undo_of", offsetof(struct order, undo_of), false},
};

struct json *order_to_json(const struct order *o)
{
	struct json *j = json_object();

	json_add_int(j, "v", ORDER_VERSION);
	for (size_t i = 0; i < ARRAY_LEN(order_texts); i++)
		json_add_text(j, order_texts[i].name,
			*(const char *const *)((const char *)o + order_texts[i].offset));
	json_add_int(j, "n", o->n);
	json_add_int(j, "attempt", o->attempt);
	json_add_bool(j, "dry_run", o->dry_run);
	json_add(j, "vars", o->vars ? json_copy(o->vars) : json_object());
	json_add(j, "secrets", o->secrets ? json_copy(o->secrets) : json_array());
	return j;
}

int order_from_json(struct order *out, const struct json *j, struct err *e)
{
	int64_t n = json_int(json_get(j, "n")),
		attempt = json_int(json_get(j, "attempt"));
	bool whole = json_int(json_get(j, "v")) == ORDER_VERSION;

	*out = (struct order){0};
	for (size_t i = 0; i < ARRAY_LEN(order_texts); i++) {
		const char *text = json_text(json_get(j, order_texts[i].name));

		*(const char **)((char *)out + order_texts[i].offset) = text;
		whole &= text || !order_texts[i].required;
	}
	out->dry_run = json_bool(json_get(j, "dry_run"), true);
	out->vars = json_get(j, "vars");
	out->secrets = json_get(j, "secrets");
	if (!whole || n < 1 || n > 1000000 || attempt < 1 || attempt > 1000000)
		return err_set(e, ERR_INPUT, _("this is no order for a step"));
	out->n = (int)n;
	out->attempt = (int)attempt;
	return 0;
}

struct json *answer_to_json(const struct err *e)
{
	struct json *j = json_object();

	json_add_bool(j, "ok", !e);
	if (!e)
		return j;
	json_add_int(j, "code", e->code);
	json_add_text(j, "what", e->what);
	json_add_text(j, "where", e->where);
	json_add_text(j, "hint", e->hint);
	return j;
}

int answer_from_json(const struct json *j, struct err *e)
{
	const char *what = json_text(json_get(j, "what")), *where, *hint;
	int64_t code = json_int(json_get(j, "code"));

	if (json_bool(json_get(j, "ok"), false))
		return 0;
	if (!what || code <= ERR_NONE || code >= ERR_CODES)
		return err_set(
			e, ERR_SYSTEM, _("the step's supervisor ended without a word"));
	err_set(e, (enum err_code)code, "%s", what);
	where = json_text(json_get(j, "where"));
	hint = json_text(json_get(j, "hint"));
	if (where)
		err_where(e, "%s", where);
	if (hint)
		err_hint(e, "%s", hint);
	return -1;
}
