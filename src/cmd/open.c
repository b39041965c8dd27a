#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "core/i18n.h"
#include "model/alert.h"
#include "model/registry.h"
#include "net/url.h"
#include "store/observe.h"
#include "store/sessions.h"

#define WORD_MIN 4 /* shorter parts of a URL name nothing in particular */
#define LIST_MAX 5000

/* Where in the console something is: pane and what it shows. */
struct target {
	const char *pane;
	char *argument; /* owned */
};

/* Each looks for one word in the store: 1 found, 0 not. */
typedef int find_fn(
	struct target *out, struct arena *a, struct store *st, const char *word);

static int find_session(
	struct target *out, struct arena *a, struct store *st, const char *word)
{
	struct session s;
	struct err ignored = ERR_INIT;
	int found = !session_find(&s, a, st, word, &ignored);

	if (found)
		*out = (struct target){"sessions", mem_strdup(s.id)};
	err_release(&ignored);
	return found;
}

static int find_trace(
	struct target *out, struct arena *a, struct store *st, const char *word)
{
	const char *source, *session;
	struct err ignored = ERR_INIT;
	int found = !session_of_trace(&source, &session, a, st, word, &ignored);

	if (found)
		*out = (struct target){"sessions", mem_strdup(session)};
	err_release(&ignored);
	return found;
}

static int find_alert(
	struct target *out, struct arena *a, struct store *st, const char *word)
{
	struct observed_list list = {0};
	struct err ignored = ERR_INIT;
	int found = 0;

	if (!observed_at(&list, a, st, REC_ALERT, NULL, NULL, AT_NOW, LIST_MAX, &ignored))
		for (size_t i = 0; !found && i < list.n; i++) {
			const struct alert *alert = list.items[i].record;

			if (strcmp(alert->fingerprint, word) &&
				(!alert->name || strcmp(alert->name, word)))
				continue;
			found = 1;
			*out = (struct target){"alerts",
				mem_format("%s/%s", alert->source, alert->fingerprint)};
		}
	err_release(&ignored);
	return found;
}

static int find_model(
	struct target *out, struct arena *a, struct store *st, const char *word)
{
	struct observed_list list = {0};
	struct err ignored = ERR_INIT;
	int found = 0;

	if (!observed_at(
		    &list, a, st, REC_POINTER, NULL, NULL, AT_NOW, LIST_MAX, &ignored))
		for (size_t i = 0; !found && i < list.n; i++) {
			const struct pointer *p = list.items[i].record;

			if (strcmp(p->model, word))
				continue;
			found = 1;
			*out = (struct target){"models",
				mem_format("%s/%s/%s", p->source, p->model, p->name)};
		}
	err_release(&ignored);
	return found;
}

static find_fn *const finders[] = {find_alert, find_session, find_trace, find_model};

static int find_word(
	struct target *out, struct arena *a, struct store *st, const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(finders); i++)
		if (finders[i](out, a, st, word))
			return 1;
	return 0;
}

/* A link's parts, the last first: what it is about stands at its end, in path or query. */
static int find_in_url(
	struct target *out, struct arena *a, struct store *st, const char *url)
{
	static const char between[] = "/?&=#\"{},:";
	const char *start = strstr(url, "://"), *end = url + strlen(url);
	int found = 0;

	start = start ? start + 3 + strcspn(start + 3, "/") : url;
	while (!found && end > start) {
		const char *word = end;
		struct strbuf text = STRBUF_INIT;

		while (word > start && !strchr(between, word[-1]))
			word--;
		url_decode(&text, word, (size_t)(end - word));
		if (text.len >= WORD_MIN)
			found = find_word(out, a, st, text.buf);
		strbuf_release(&text);
		end = word > start ? word - 1 : start;
	}
	return found;
}

int cmd_open(struct cmd *c)
{
	struct target target = {0};
	struct arena a;
	struct err e = ERR_INIT;
	int code;

	if (c->n_operands != 1)
		return cmd_usage(c, "%s", _("name one alert, session, trace, or URL"));
	arena_init(&a);
	if (!find_word(&target, &a, c->store, c->operands[0]) &&
		!find_in_url(&target, &a, c->store, c->operands[0])) {
		err_set(&e, ERR_NOT_FOUND, _("nothing in the store goes by '%s'"),
			c->operands[0]);
		err_hint(&e, "%s",
			_("is its source configured and read? See tocsin status"));
		code = cmd_fail(&e);
	} else {
		code = cmd_watch_at(c, target.pane, target.argument);
	}
	free(target.argument);
	arena_release(&a);
	return code;
}
