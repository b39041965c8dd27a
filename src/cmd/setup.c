#include "config.h"
#include "cmd/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/log.h"

/* TOCSIN_LOG=debug:FILE, or a level alone for stderr: for whoever debugs. */
static int open_log(struct err *e)
{
	static const char *const levels[] = {"off", "warn", "info", "debug"};
	const char *spec = getenv("TOCSIN_LOG"), *colon = spec ? strchr(spec, ':') : NULL;
	size_t n = spec ? (colon ? (size_t)(colon - spec) : strlen(spec)) : 0;

	if (!spec || !*spec)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (strlen(levels[i]) == n && !strncmp(levels[i], spec, n))
			return log_open(colon ? colon + 1 : NULL, (enum log_level)i, e);
	err_set(e, ERR_INPUT, _("TOCSIN_LOG is no level: '%s'"), spec);
	return err_hint(e, "%s", _("use warn, info or debug, and a file behind a colon"));
}

static int load_config(struct cmd *c, struct err *e)
{
	struct problems p;
	int result;

	problems_init(&p, NULL);
	result = config_load(&c->config, c->config_file, &p, e);
	cmd_problems(&p);
	problems_release(&p);
	if (result)
		return -1;
	c->has_config = true;
	c->context = config_context(&c->config, c->context_name);
	if (c->context_name && !c->context)
		return err_set(
			e, ERR_INPUT, _("there is no context '%s'"), c->context_name);
	return 0;
}

/* The one place where read-only is asked for commands; the supervisor asks again. */
static int check_read_only(const struct cmd *c, struct err *e)
{
	if (!(c->row->flags & MUTATES) || !c->context || !c->context->read_only)
		return 0;
	err_set(e, ERR_DENIED, _("the context '%s' is read-only"), c->context->name);
	return err_hint(e, "%s", _("choose another with --context"));
}

/* No store yet means that no source was ever read. */
static int open_store(struct cmd *c, struct err *e)
{
	const char *dir = c->has_config ? c->config.store_path : NULL;
	bool write = c->row->flags & WRITES_STORE, missing;
	int code;

	if (!store_open(&c->store, dir, write ? STORE_WRITE : STORE_READ, e))
		return -1;
	missing = e->code == ERR_NOT_FOUND;
	code = cmd_fail(e);
	return missing ? EXIT_STALE : code;
}

int cmd_setup(struct cmd *c)
{
	unsigned flags = c->row->flags;
	struct err e = ERR_INIT;
	int code = -1;

	if (open_log(&e) || ((flags & NEEDS_CONFIG) && load_config(c, &e)) ||
		check_read_only(c, &e))
		code = cmd_fail(&e);
	else if (flags & (NEEDS_STORE | WRITES_STORE))
		code = open_store(c, &e);
	err_release(&e);
	return code;
}

void cmd_release(struct cmd *c)
{
	store_free(c->store);
	if (c->has_config)
		config_release(&c->config);
	free(c->operands);
	free(c->given);
}
