#include "config.h"
#include "net/paging.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/i18n.h"
#include "net/http_redirect.h"
#include "net/url.h"

#define PAGE_ITEMS_MAX 1e9

void paging_init(struct paging *p, const struct connector_page *page)
{
	*p = (struct paging){.page = page, .at = page->first};
}

void paging_release(struct paging *p)
{
	free(p->cursor);
	free(p->url);
	free(p->marked);
	p->cursor = p->url = p->marked = NULL;
}

void paging_restart(struct paging *p)
{
	paging_release(p);
	p->at = p->page->first;
	p->restarted = true;
}

static bool is_counted(enum page_kind kind)
{
	return kind == PAGE_OFFSET || kind == PAGE_NUMBER;
}

/* [how many items the page has, how many there are]: null where the file does not say. */
bool paging_program(
	const struct connector_page *page, struct strbuf *text, struct jq *which)
{
	if (page->value.text) {
		*which = page->value;
		strbuf_adds(text, page->value.text);
		return true;
	}
	if (!is_counted(page->kind))
		return false;
	*which = page->items.text ? page->items : page->total;
	strbuf_addf(text,
		"[([%s\n] | if length == 1 and (.[0] | type) == \"array\" then .[0] | "
		"length "
		"elif length == 1 and (.[0] | type) == \"number\" then .[0] "
		"elif length == 1 and .[0] == null then 0 else length end), ([%s\n] | "
		".[0])]",
		page->items.text ? page->items.text : "null",
		page->total.text ? page->total.text : "null");
	return true;
}

/* --- the next cursor --- */

static char *cursor_text(const struct json *v)
{
	struct strbuf text = STRBUF_INIT;

	if (json_type(v) == JSON_STRING)
		strbuf_adds(&text, json_text(v));
	else if (json_type(v) == JSON_NUMBER)
		json_format(&text, v, false);
	if (text.len)
		return strbuf_detach(&text, NULL);
	strbuf_release(&text);
	return NULL;
}

/* What s holds up to the end, cut at n bytes, when a parameter rel of the link is next. */
static bool is_next(const char *parameters, size_t n)
{
	for (size_t i = 0; i + 4 < n; i++) {
		const char *s = parameters + i;
		size_t left = n - i - 4;

		if (strncasecmp(s, "rel=", 4))
			continue;
		s += 4;
		if (*s == '"') {
			s++;
			left--;
		}
		return left >= 4 && !strncasecmp(s, "next", 4) &&
			(left == 4 || strchr("\"; ,\t", s[4]));
	}
	return false;
}

/* RFC 8288: <url>; rel="next", ... */
static char *link_next(const char *header)
{
	while (header && (header = strchr(header, '<'))) {
		const char *end = strchr(header, '>');
		const char *stop;
		bool quoted = false;

		if (!end)
			return NULL;
		for (stop = end + 1; *stop && (quoted || *stop != ','); stop++)
			quoted ^= *stop == '"';
		if (is_next(end + 1, (size_t)(stop - end) - 1))
			return mem_strndup(header + 1, (size_t)(end - header) - 1);
		header = stop;
	}
	return NULL;
}

static bool is_same_server(const char *url, const char *rest, const char *next)
{
	size_t n = (size_t)(rest - url);

	return (!strncmp(url, next, n) && strchr("/?#", next[n])) ||
		http_may_follow(url, next);
}

/* The URL of the next page may be relative; it may not lead elsewhere with our credentials. */
static int resolve(char **out, const char *next, const char *url, struct err *e)
{
	const char *authority = strstr(url, "://"), *rest, *end;
	struct strbuf full = STRBUF_INIT, shown = STRBUF_INIT;
	int result = 0;

	rest = authority + 3 + strcspn(authority + 3, "/?#");
	end = url + strcspn(url, "?#");
	if (strstr(next, "://") && strcspn(next, "/?#") > strcspn(next, ":")) {
		strbuf_adds(&full, next);
	} else if (!strncmp(next, "//", 2)) {
		strbuf_add(&full, url, (size_t)(authority - url) + 1);
		strbuf_adds(&full, next);
	} else if (*next == '/') {
		strbuf_add(&full, url, (size_t)(rest - url));
		strbuf_adds(&full, next);
	} else if (*next == '?') {
		strbuf_add(&full, url, (size_t)(end - url));
		strbuf_adds(&full, next);
	} else {
		while (end > rest && end[-1] != '/')
			end--;
		strbuf_add(&full, url, (size_t)(end - url));
		strbuf_adds(&full, end == rest ? "/" : "");
		strbuf_adds(&full, next);
	}
	if (url_check(full.buf, e)) {
		result = err_prefix(e, "%s", _("the next page: "));
	} else if (!is_same_server(url, rest, full.buf)) {
		url_shown(&shown, full.buf);
		err_set(e, ERR_BACKEND, _("the next page is at another server, '%s'"),
			shown.buf);
		result = err_hint(e, "%s",
			_("credentials go to the configured host only: put the server's "
			  "own name into the url"));
	}
	if (!result)
		*out = strbuf_detach(&full, NULL);
	strbuf_release(&full);
	strbuf_release(&shown);
	return result;
}

/*
 * Brent: a mark moves to every cursor whose number is a power of two; in a ring the mark is met
 * again, however long the ring is.
 */
static bool comes_again(struct paging *p, const char *cursor)
{
	if (p->marked && !strcmp(p->marked, cursor))
		return true;
	if ((p->pages & (p->pages - 1)) == 0) {
		free(p->marked);
		p->marked = mem_strdup(cursor);
	}
	return false;
}

static enum paging_next limit(const struct paging *p)
{
	return p->pages >= p->page->max ? PAGING_CUT : PAGING_MORE;
}

static enum paging_next go_on(struct paging *p, char *cursor)
{
	bool again;

	free(p->cursor);
	p->cursor = NULL;
	if (!cursor)
		return PAGING_END;
	again = comes_again(p, cursor);
	p->cursor = cursor;
	return again ? PAGING_CUT : limit(p);
}

static int go_to(enum paging_next *out, struct paging *p, char *next, const char *url,
	struct err *e)
{
	char *full = NULL;

	*out = PAGING_END;
	if (!next)
		return 0;
	if (resolve(&full, next, url, e)) {
		free(next);
		return -1;
	}
	free(next);
	*out = comes_again(p, full) ? PAGING_CUT : limit(p);
	free(p->url);
	p->url = full;
	return 0;
}

static enum paging_next count_on(struct paging *p, const struct json *results)
{
	const struct json *pair = json_first(results);
	double items = json_real(json_first(pair));
	double total = json_real(json_next(json_first(pair)));
	bool knows_items = p->page->items.text && isfinite(items);
	bool by_offset = p->page->kind == PAGE_OFFSET;

	if (knows_items && items <= 0)
		return PAGING_END;
	if (by_offset && !knows_items)
		return PAGING_END;
	/* Nobody has so many on a page: the number is not one of items. */
	if (by_offset && items > PAGE_ITEMS_MAX)
		return PAGING_CUT;
	p->at += by_offset ? (int64_t)items : 1;
	if (isfinite(total)) {
		double end = by_offset ? total : total + (double)p->page->first;

		return (double)p->at >= end ? PAGING_END : limit(p);
	}
	if (!knows_items || (p->page->size && items < (double)p->page->size))
		return PAGING_END;
	return limit(p);
}

int paging_next(enum paging_next *out, struct paging *p, const struct json *results,
	const struct http_answer *a, const char *url, struct err *e)
{
	const char *text;

	p->pages++;
	*out = PAGING_END;
	switch (p->page->kind) {
	case PAGE_CURSOR:
	case PAGE_CONTINUE: *out = go_on(p, cursor_text(json_first(results))); break;
	case PAGE_HEADER:
		text = http_answer_header(a, p->page->header);
		*out = go_on(p, text && *text ? mem_strdup(text) : NULL);
		break;
	case PAGE_LINK:
		return go_to(out, p, link_next(http_answer_header(a, "link")), url, e);
	case PAGE_NEXT: return go_to(out, p, cursor_text(json_first(results)), url, e);
	case PAGE_OFFSET:
	case PAGE_NUMBER: *out = count_on(p, results); break;
	case PAGE_NONE: break;
	}
	return 0;
}

/* --- the request of a page --- */

size_t paging_query(const struct paging *p, struct pair out[2], char digits[24])
{
	const struct connector_page *page = p->page;
	size_t n = 0;

	if (page->query)
		out[n++] = (struct pair){page->query, "$cursor", 0};
	if (page->limit) {
		snprintf(digits, 24, "%lld", (long long)page->size);
		out[n++] = (struct pair){page->limit, digits, 0};
	}
	return n;
}

struct json *paging_cursor(const struct paging *p)
{
	return is_counted(p->page->kind) ? json_new_int(p->at) : json_new_text(p->cursor);
}
