#include "config.h"

#include "net/auth.h"

#include <string.h>

#include "core/digest.h"
#include "core/i18n.h"

void credential_init(struct credential *c)
{
	for (size_t i = 0; i < CREDENTIAL_PARTS; i++)
		strbuf_init(&c->part[i]);
	c->insecure = false;
	c->stamp = 0;
}

void credential_release(struct credential *c)
{
	for (size_t i = 0; i < CREDENTIAL_PARTS; i++)
		secret_release(&c->part[i]);
	c->insecure = false;
	c->stamp = 0;
}

void credential_copy(struct credential *to, const struct credential *from)
{
	for (size_t i = 0; i < CREDENTIAL_PARTS; i++)
		credential_set(to, i, from->part[i].buf, from->part[i].len);
	to->insecure = from->insecure;
	to->stamp = from->stamp;
}

const char *credential_text(const struct credential *c, enum credential_part part)
{
	return c->part[part].buf;
}

/* Room for all of it at once: growing would leave copies behind. */
void credential_set(
	struct credential *c, enum credential_part part, const char *s, size_t n)
{
	secret_release(&c->part[part]);
	if (!n)
		return;
	strbuf_room(&c->part[part], n + 1);
	strbuf_add(&c->part[part], s, n);
}

void credential_header(
	struct credential *c, const char *name, const char *prefix, const char *value)
{
	struct strbuf *old = &c->part[CREDENTIAL_HEADERS];
	struct strbuf all = STRBUF_INIT;

	strbuf_room(&all, old->len + strlen(name) + strlen(prefix) + strlen(value) + 8);
	strbuf_add(&all, old->buf, old->len);
	strbuf_adds(&all, name);
	strbuf_adds(&all, ": ");
	strbuf_adds(&all, prefix);
	strbuf_add(&all, value, strlen(value) + 1);
	secret_release(old);
	*old = all;
}

int credential_basic(
	struct credential *c, const char *user, const char *secret, struct err *e)
{
	struct strbuf pair = STRBUF_INIT, coded = STRBUF_INIT;

	if (user && strchr(user, ':'))
		return err_set(e, ERR_AUTH,
			_("a user name for basic authentication holds a colon"));
	strbuf_room(&pair, (user ? strlen(user) : 0) + strlen(secret) + 2);
	if (user) {
		strbuf_adds(&pair, user);
		strbuf_addc(&pair, ':');
	}
	strbuf_adds(&pair, secret);
	strbuf_room(&coded, pair.len * 2 + 8);
	base64_encode(&coded, pair.buf, pair.len);
	credential_header(c, "Authorization", "Basic ", coded.buf);
	secret_release(&pair);
	secret_release(&coded);
	return 0;
}
