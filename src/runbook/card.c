#include "config.h"
#include "runbook/card.h"

#include "core/clock.h"
#include "core/duration.h"
#include "net/connector.h"

#define AGED_NS (180 * NS_PER_DAY)

static void take_verified(
	struct card *out, struct arena *a, const struct connector *c, int64_t now)
{
	struct err ignored = ERR_INIT;

	out->tried = NONE_INT;
	if (c->verified_on && time_parse(&out->tried, c->verified_on, &ignored))
		out->tried = NONE_INT;
	out->aged = out->tried != NONE_INT && now - out->tried > AGED_NS;
	out->version = arena_strdup(a, c->verified_version);
	out->by = arena_strdup(a, c->verified_by);
	err_release(&ignored);
}

static void take_lists(struct card *out, struct arena *a, const struct connector *c)
{
	out->reads = arena_alloc(a, c->n_reads + 1, sizeof(*out->reads));
	out->actions = arena_alloc(a, c->n_actions + 1, sizeof(*out->actions));
	for (size_t i = 0; i < c->n_reads; i++)
		out->reads[out->n_reads++] = (struct card_read){
			arena_strdup(a, c->reads[i].name), c->reads[i].emits};
	for (size_t i = 0; i < c->n_actions; i++)
		out->actions[out->n_actions++] =
			(struct card_action){arena_strdup(a, c->actions[i].name),
				arena_strdup(a, c->actions[i].title),
				c->actions[i].undo.action != NULL};
}

int card_load(struct card *out, struct arena *a, const struct config *c, const char *type,
	int64_t now, struct err *e)
{
	struct connector k;

	*out = (struct card){.tried = NONE_INT};
	if (connector_load(&k, c, type, e))
		return -1;
	out->title = arena_strdup(a, k.title);
	out->speaks = arena_strdup(a, k.speaks);
	take_verified(out, a, &k, now);
	take_lists(out, a, &k);
	connector_release(&k);
	return 0;
}
