#include "config.h"
#include "store/source.h"

#include <string.h>

#include "core/clock.h"
#include "core/digest.h"
#include "core/i18n.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "store/inside.h"

/* A URL for people: no user, no password, no query, where tokens stand too. */
static char *public_url(struct arena *a, const char *url)
{
	const char *scheme = strstr(url, "://");
	const char *host = scheme ? scheme + 3 : url;
	const char *end = url + strcspn(url, "?#");
	const char *path = host + strcspn(host, "/?#");
	const char *at = memrchr(host, '@', (size_t)(path - host));

	return arena_format(a, "%.*s%.*s", (int)(host - url), url,
		(int)(end - (at ? at + 1 : host)), at ? at + 1 : host);
}

/* What makes it the same source as before, but for who reads it. */
static char *identity_of(struct arena *a, const struct source_conf *s)
{
	struct strbuf text = STRBUF_INIT, hex = STRBUF_INIT;
	struct digest d;
	char *out;

	strbuf_addf(&text, "%s\n%s\n%s", s->type, s->url ? public_url(a, s->url) : "",
		s->with ? s->with : "");
	d = digest_of(text.buf, text.len);
	digest_hex(&hex, &d);
	out = arena_strdup(a, hex.buf);
	strbuf_release(&text);
	strbuf_release(&hex);
	return out;
}

static int put_source(struct store *st, const struct source_conf *s, const char *context,
	int64_t now, struct arena *a, struct err *e)
{
	static const char put[] =
		"INSERT INTO source (name, type, url, context, every_ns, added, identity)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (name) DO UPDATE SET"
		" type = excluded.type, url = excluded.url, context = excluded.context,"
		" every_ns = excluded.every_ns, identity = excluded.identity, gone = NULL"
		" WHERE type IS NOT excluded.type OR url IS NOT excluded.url OR gone IS "
		"NOT NULL"
		" OR context IS NOT excluded.context OR every_ns IS NOT "
		"excluded.every_ns OR identity IS NOT excluded.identity";
	const char *url = s->url ? s->url : s->targets.n ? s->targets.items[0] : NULL;

	return seen_run(st, TOUCH_SOURCE, put, e, "ttttiit", s->name, s->type,
		url ? public_url(a, url) : NULL, context, s->every_ns, now,
		identity_of(a, s));
}

/* names: a JSON array of those that stay. */
static int mark_gone(struct store *st, const char *context, const char *names,
	int64_t now, struct err *e)
{
	static const char mark[] =
		"UPDATE source SET gone = ?3 WHERE context = ?1 AND gone IS NULL"
		" AND name NOT IN (SELECT value FROM json_each(?2))";

	return seen_run(st, TOUCH_SOURCE, mark, e, "tti", context, names, now);
}

static int sync_all(struct store *st, const struct config *c,
	const struct context_conf *ctx, struct arena *a, struct err *e)
{
	int64_t now = clock_now();
	struct strbuf names = STRBUF_INIT;
	int r = 0;

	strbuf_addc(&names, '[');
	for (size_t i = 0; r == 0 && i < c->n_sources; i++) {
		if (!context_has_source(ctx, c->sources[i].name))
			continue;
		if (names.len > 1)
			strbuf_addc(&names, ',');
		json_quote(&names, c->sources[i].name);
		r = put_source(st, &c->sources[i], ctx->name, now, a, e);
	}
	strbuf_addc(&names, ']');
	if (r == 0)
		r = mark_gone(st, ctx->name, names.buf, now, e);
	strbuf_release(&names);
	return r;
}

int source_sync(
	struct store *st, const struct config *c, const char *context, struct err *e)
{
	const struct context_conf *ctx = config_context(c, context);
	struct arena a;
	int r;

	if (!ctx)
		return err_set(e, ERR_NOT_FOUND,
			_("the configuration has no context '%s'"),
			context ? context : "");
	if (store_begin(st, e) < 0)
		return -1;
	arena_init(&a);
	r = sync_all(st, c, ctx, &a, e);
	arena_release(&a);
	return db_end(&st->seen, r == 0, e);
}
