#include "config.h"
#include "net/kept.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

struct entry {
	struct digest key;
	struct kept_answer answer; /* owned */
	size_t bytes;
	UT_hash_handle hh; /* in the order of use: the first was used longest ago */
};

struct kept {
	struct entry *entries;
	size_t bytes, max_bytes;
};

struct kept *kept_new(size_t max_bytes)
{
	struct kept *k = mem_new(1, sizeof(*k));

	k->max_bytes = max_bytes;
	return k;
}

static void entry_drop(struct kept *k, struct entry *e)
{
	HASH_DEL(k->entries, e);
	k->bytes -= e->bytes;
	free((char *)e->answer.etag);
	free((char *)e->answer.modified);
	free((char *)e->answer.body);
	free((char *)e->answer.headers);
	free(e);
}

void kept_free(struct kept *k)
{
	if (!k)
		return;
	while (k->entries)
		entry_drop(k, k->entries);
	free(k);
}

size_t kept_bytes(const struct kept *k)
{
	return k->bytes;
}

struct digest kept_key(const struct request *r)
{
	struct strbuf text = STRBUF_INIT;
	struct digest key;

	strbuf_addf(&text, "%s %s\n", http_method_name(r->method), r->url);
	for (size_t i = 0; i < r->n_headers; i++)
		strbuf_addf(&text, "%s: %s\n", r->headers[i].name, r->headers[i].value);
	key = digest_of2(text.buf, text.len, r->body ? r->body : "", r->body_bytes);
	strbuf_release(&text);
	return key;
}

static struct entry *entry_of(struct kept *k, const struct digest *key)
{
	struct entry *e;

	HASH_FIND(hh, k->entries, key, sizeof(*key), e);
	return e;
}

const struct kept_answer *kept_find(struct kept *k, const struct digest *key)
{
	struct entry *e = entry_of(k, key);

	if (!e)
		return NULL;
	HASH_DEL(k->entries, e);
	HASH_ADD(hh, k->entries, key, sizeof(e->key), e);
	return &e->answer;
}

void kept_drop(struct kept *k, const struct digest *key)
{
	struct entry *e = entry_of(k, key);

	if (e)
		entry_drop(k, e);
}

static const char *bytes_copy(const struct strbuf *from)
{
	char *copy = mem_new(from->len + 1, 1);

	memcpy(copy, from->buf, from->len);
	return copy;
}

void kept_put(struct kept *k, const struct digest *key, const struct http_answer *a)
{
	struct entry *e = entry_of(k, key);

	if (e)
		entry_drop(k, e);
	if (a->body.len + a->headers.len > KEPT_ANSWER_BYTES)
		return;
	e = mem_new(1, sizeof(*e));
	e->key = *key;
	e->answer = (struct kept_answer){
		.etag = mem_strdup(http_answer_header(a, "etag")),
		.modified = mem_strdup(http_answer_header(a, "last-modified")),
		.body = bytes_copy(&a->body),
		.n_body = a->body.len,
		.headers = bytes_copy(&a->headers),
		.n_headers = a->headers.len,
	};
	e->bytes = sizeof(*e) + a->body.len + a->headers.len;
	HASH_ADD(hh, k->entries, key, sizeof(e->key), e);
	k->bytes += e->bytes;
	while (k->bytes > k->max_bytes && k->entries != e)
		entry_drop(k, k->entries);
}
