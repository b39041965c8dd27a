#include "config.h"
#include "model/service.h"

#include <string.h>

#include "model/alert.h"
#include "model/pipeline.h"
#include "model/registry.h"

/* The part of a key that names the thing itself: see FIELD_PATH. */
struct part {
	const char *text;
	size_t n;
};

static struct part path_of(enum record_kind kind, const char *object)
{
	const struct record_def *def = record_def(kind);
	size_t keys = 0, path = 0;
	const char *cut;

	for (size_t i = 1; def && i < def->n_fields; i++) {
		if (!(def->fields[i].flags & FIELD_KEY))
			continue;
		if (def->fields[i].flags & FIELD_PATH)
			path = keys;
		keys++;
	}
	/* There are two at most: "path/other" or "other/path". */
	if (keys > 1 && path == 0 && (cut = strrchr(object, '/')))
		return (struct part){object, (size_t)(cut - object)};
	if (keys > 1 && path == 1 && (cut = strchr(object, '/')))
		return (struct part){cut + 1, strlen(cut + 1)};
	return (struct part){object, strlen(object)};
}

static bool is(struct part p, const char *name)
{
	return name && *name && strlen(name) == p.n && !memcmp(p.text, name, p.n);
}

/* The thing itself, or something of it: "checkout-agent/refund". */
static bool is_of(struct part p, const char *name)
{
	size_t n = name ? strlen(name) : 0;

	return n && p.n >= n && !memcmp(p.text, name, n) &&
		(p.n == n || p.text[n] == '/');
}

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static bool uses(const struct service_conf *s, struct part p)
{
	for (size_t i = 0; i < s->uses.n; i++)
		if (is(p, s->uses.items[i]))
			return true;
	return false;
}

bool service_has(const struct service_conf *s, enum record_kind kind, const char *source,
	const char *object)
{
	struct part p;

	if (!object)
		return false;
	p = path_of(kind, object);
	switch (kind) {
	case REC_POINTER:
		if (is(p, s->model.name) && same(source, s->model.source))
			return !s->model.alias || same(p.text + p.n + 1, s->model.alias);
		/* Labels of prompts are pointers too. */
		return (is(p, s->agents.match_name) && same(source, s->agents.source)) ||
			uses(s, p);
	case REC_MODEL_VERSION:
		return is(p, s->model.name) && same(source, s->model.source);
	case REC_SERVING:
		return (is(p, s->serving.name) && same(source, s->serving.source)) ||
			(!s->serving.name && is(p, s->name));
	case REC_PROMPT_VERSION:
		return is(p, s->agents.match_name) || is(p, s->name) || uses(s, p);
	case REC_DEFINITION:
		return is_of(p, s->name) || is_of(p, s->agents.match_name) ||
			(is_of(p, s->model.name) && same(source, s->model.source)) ||
			(is_of(p, s->serving.name) && same(source, s->serving.source)) ||
			uses(s, p);
	case REC_SESSION: return is(p, s->agents.match_name);
	case REC_ALERT:
	case REC_SILENCE:
	case REC_PAGE:
	case REC_ONCALL:
	case REC_SPAN:
	case REC_NONE:
	case REC_KINDS: return false;
	default: return is(p, s->name) || is(p, s->agents.match_name) || uses(s, p);
	}
}

const struct service_conf *service_of_object(const struct config *c,
	enum record_kind kind, const char *source, const char *object)
{
	const struct service_conf *found = NULL;

	for (size_t i = 0; c && i < c->n_services; i++) {
		if (!service_has(&c->services[i], kind, source, object))
			continue;
		if (found)
			return NULL;
		found = &c->services[i];
	}
	return found;
}

static const char *own_word(enum record_kind kind, const void *record)
{
	switch (kind) {
	case REC_ALERT: return ((const struct alert *)record)->service;
	case REC_PAGE: return ((const struct page *)record)->service;
	case REC_DEFINITION: return ((const struct definition *)record)->service;
	case REC_DRIFT_REPORT: return ((const struct drift_report *)record)->service;
	default: return NULL;
	}
}

const struct service_conf *service_of_record(const struct config *c,
	enum record_kind kind, const void *record, const char *object)
{
	const char *word = own_word(kind, record);

	for (size_t i = 0; c && word && i < c->n_services; i++)
		if (!strcmp(c->services[i].name, word))
			return &c->services[i];
	return service_of_object(c, kind, *(const char *const *)record, object);
}
