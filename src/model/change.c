#include "config.h"
#include "model/change.h"

#include <string.h>

#include "core/json.h"

static struct json *object_of(const char *text)
{
	struct err ignored = ERR_INIT;
	struct json *doc = NULL;

	if (!text || json_parse(&doc, text, strlen(text), &ignored))
		doc = NULL;
	if (doc && json_type(doc) != JSON_OBJECT) {
		json_free(doc);
		doc = NULL;
	}
	err_release(&ignored);
	return doc;
}

static void add_entry(struct strbuf *out, char sign, const char *name)
{
	strbuf_addf(out, "%s%c%s", out->len ? " " : "", sign, name);
}

static bool same_value(const struct json *a, const struct json *b)
{
	struct strbuf x = STRBUF_INIT, y = STRBUF_INIT;
	bool same;

	json_canonical(&x, a);
	json_canonical(&y, b);
	same = !strcmp(x.buf, y.buf);
	strbuf_release(&x);
	strbuf_release(&y);
	return same;
}

bool change_entries(struct strbuf *out, const struct change *ch)
{
	struct json *was = object_of(ch->before), *is = object_of(ch->after);
	struct strbuf text = STRBUF_INIT;
	bool any;

	if (was && is) {
		json_each (item, is) {
			const struct json *old = json_get(was, json_key(item));

			if (!old)
				add_entry(&text, '+', json_key(item));
			else if (!same_value(old, item))
				add_entry(&text, '*', json_key(item));
		}
		json_each (item, was)
			if (!json_get(is, json_key(item)))
				add_entry(&text, '-', json_key(item));
	}
	any = text.len > 0;
	strbuf_adds(out, text.buf);
	json_free(was);
	json_free(is);
	strbuf_release(&text);
	return any;
}
