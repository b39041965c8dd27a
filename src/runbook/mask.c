#include "config.h"
#include "runbook/mask.h"

#include <stdlib.h>
#include <string.h>

#include "core/digest.h"

void mask_release(struct mask *m)
{
	for (size_t i = 0; i < m->n; i++) {
		mem_wipe(m->values[i], m->lengths[i]);
		free(m->values[i]);
	}
	free(m->values);
	free(m->lengths);
	mem_wipe(m->held.buf, m->held.len);
	strbuf_release(&m->held);
	*m = (struct mask)MASK_INIT;
}

static void add_form(struct mask *m, const char *s, size_t n)
{
	if (n < MASK_MIN_BYTES)
		return;
	for (size_t i = 0; i < m->n; i++)
		if (m->lengths[i] == n && !memcmp(m->values[i], s, n))
			return;
	mem_grow((void **)&m->values, m->n, &m->cap, sizeof(*m->values));
	mem_grow((void **)&m->lengths, m->n, &m->cap_lengths, sizeof(*m->lengths));
	m->values[m->n] = mem_strndup(s, n);
	m->lengths[m->n++] = n;
	m->first[(unsigned char)*s] = true;
}

static void url_form(struct strbuf *out, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			(c >= 'a' && c <= 'z') || strchr("-._~", c))
			strbuf_addc(out, *s);
		else
			strbuf_addf(out, "%%%02X", c);
	}
}

/*
 * base64 of a text that stands somewhere inside of another has three forms, by where it begins;
 * the characters at both ends depend on the neighbours and are left off.
 */
static void base64_forms(struct mask *m, const char *secret, size_t n)
{
	static const size_t skip[] = {0, 2, 3};

	for (size_t shift = 0; shift < 3 && n >= 6; shift++) {
		struct strbuf text = STRBUF_INIT, form = STRBUF_INIT;
		size_t whole;

		strbuf_add(&text, "\0\0", shift);
		strbuf_add(&text, secret, n);
		base64_encode(&form, text.buf, text.len);
		whole = (text.len / 3) * 4;
		if (whole > skip[shift])
			add_form(m, form.buf + skip[shift], whole - skip[shift]);
		mem_wipe(text.buf, text.len);
		mem_wipe(form.buf, form.len);
		strbuf_release(&text);
		strbuf_release(&form);
	}
}

bool mask_add(struct mask *m, const char *secret)
{
	struct strbuf url = STRBUF_INIT;
	size_t n = strlen(secret);

	if (n < MASK_MIN_BYTES)
		return false;
	add_form(m, secret, n);
	url_form(&url, secret);
	add_form(m, url.buf, url.len);
	mem_wipe(url.buf, url.len);
	strbuf_release(&url);
	base64_forms(m, secret, n);
	return true;
}

/* The longest value that s begins with; *open: s may be the beginning of one. */
static size_t match(const struct mask *m, const char *s, size_t n, bool *open)
{
	size_t longest = 0;

	*open = false;
	for (size_t i = 0; i < m->n; i++) {
		size_t len = m->lengths[i];

		if (len > n)
			*open |= !memcmp(m->values[i], s, n);
		else if (len > longest && !memcmp(m->values[i], s, len))
			longest = len;
	}
	return longest;
}

/* Append s masked; returns how many bytes at its end may be the beginning of a secret. */
static size_t scan(
	const struct mask *m, struct strbuf *out, const char *s, size_t n, bool end)
{
	size_t i = 0, from = 0;

	while (i < n) {
		bool open;
		size_t used;

		if (!m->first[(unsigned char)s[i]]) {
			i++;
			continue;
		}
		used = match(m, s + i, n - i, &open);
		if (open && !end) {
			strbuf_add(out, s + from, i - from);
			return n - i;
		}
		if (used) {
			strbuf_add(out, s + from, i - from);
			strbuf_adds(out, MASK_TEXT);
			from = i + used;
		}
		i += used ? used : 1;
	}
	strbuf_add(out, s + from, n - from);
	return 0;
}

void mask_feed(struct mask *m, struct strbuf *out, const char *data, size_t n)
{
	size_t left;

	if (!m->n) {
		strbuf_add(out, data, n);
		return;
	}
	if (!m->held.len) {
		left = scan(m, out, data, n, false);
		strbuf_add(&m->held, data + n - left, left);
		return;
	}
	strbuf_add(&m->held, data, n);
	left = scan(m, out, m->held.buf, m->held.len, false);
	strbuf_remove(&m->held, 0, m->held.len - left);
}

void mask_end(struct mask *m, struct strbuf *out)
{
	scan(m, out, m->held.buf, m->held.len, true);
	strbuf_reset(&m->held);
}

void mask_text(const struct mask *m, struct strbuf *out, const char *s, size_t n)
{
	if (m && m->n)
		scan(m, out, s, n, true);
	else
		strbuf_add(out, s, n);
}
