#include "config.h"

#include "net/auth_source.h"

int auth_source(struct source_conf *out, const struct auth_conf *by_default,
	const struct json *options, struct arena *a, struct err *e)
{
	(void)e;
	auth_conf_merge(&out->auth, by_default, options, a);
	return 0;
}
