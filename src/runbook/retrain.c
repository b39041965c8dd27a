#include "config.h"
#include "runbook/retrain.h"

#include <string.h>

#include "core/path.h"

static bool read_check(struct drift_check *out, struct arena *a, const char *file)
{
	struct strbuf text = STRBUF_INIT;
	struct problems p;
	struct err ignored = ERR_INIT;
	bool found = false;

	problems_init(&p, file);
	if (!path_read(&text, file, DRIFT_CHECK_MAX_BYTES, &ignored)) {
		/* What is wrong with a feature is told elsewhere. */
		(void)drift_check_parse(out, a, text.buf, text.len, file, &p);
		found = out->dataset != NULL;
	}
	problems_release(&p);
	strbuf_release(&text);
	err_release(&ignored);
	return found;
}

bool drift_check_find(struct drift_check *out, struct arena *a, const struct config *c,
	const char *service, const char *dataset)
{
	const struct service_conf *s = c && service ? config_service(c, service) : NULL;

	for (size_t i = 0; s && dataset && i < s->drift.n; i++)
		if (read_check(out, a, s->drift.items[i]) &&
			!strcmp(out->dataset, dataset))
			return true;
	return false;
}

static bool take(struct retrain_conf *out, const struct drift_retrain *r)
{
	*out = (struct retrain_conf){
		.source = r->source,
		.action = r->action,
		.with_names = r->with_names,
		.with_values = r->with_values,
		.n_with = r->n_with,
	};
	return out->source && out->action;
}

bool retrain_find(struct retrain_conf *out, struct arena *a, const struct config *c,
	const char *service, const char *dataset)
{
	const struct service_conf *s = c && service ? config_service(c, service) : NULL;
	struct drift_check check;

	*out = (struct retrain_conf){0};
	if (!s)
		return false;
	if (drift_check_find(&check, a, c, service, dataset) && take(out, &check.retrain))
		return true;
	*out = s->retrain;
	for (size_t i = 0; !out->source && !dataset && i < s->drift.n; i++)
		if (!read_check(&check, a, s->drift.items[i]) ||
			!take(out, &check.retrain))
			*out = (struct retrain_conf){0};
	return out->source != NULL;
}

struct json *retrain_params(const struct retrain_conf *r)
{
	struct json *out = json_object();

	for (size_t i = 0; i < r->n_with; i++)
		json_add_text(out, r->with_names[i], r->with_values[i]);
	return out;
}
