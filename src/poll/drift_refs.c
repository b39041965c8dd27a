/* The references of drift checks: pinned, accepted, kept. */
#include "config.h"

#include <string.h>

#include "core/i18n.h"
#include "core/log.h"
#include "poll/drifts.h"

static const struct drift_pin *pin_of(const struct drift_pins *pins, const char *feature)
{
	for (size_t i = 0; i < pins->n; i++)
		if (!strcmp(pins->items[i].feature, feature))
			return &pins->items[i];
	return NULL;
}

/* An accepted window stands in until the offset has passed it. */
static bool pin_holds(
	const struct drift_check *c, const struct drift_pin *pin, int64_t at)
{
	if (c->reference == DRIFT_REF_OFFSET)
		return pin->by && at - c->offset_ns - c->reference_ns < pin->to;
	return c->reference != DRIFT_REF_FILE || pin->by;
}

int drift_references(struct drift_references *out, struct drift_entry *entry,
	const struct round *r, int64_t at, struct err *e)
{
	const struct drift_check *c = &entry->check;
	struct drift_pins pins;

	out->sides = arena_alloc(r->arena, c->n + 1, sizeof(*out->sides));
	out->known = arena_alloc(r->arena, c->n + 1, sizeof(*out->known));
	if (drift_pins(&pins, r->arena, r->store, r->conf->name, entry->service,
		    c->dataset, e) < 0)
		return -1;
	for (size_t i = 0; i < c->n; i++) {
		const struct drift_feature *f = &c->features[i];
		const struct drift_pin *pin = pin_of(&pins, f->name);
		struct drift_side *side = &out->sides[i];
		struct err own = ERR_INIT;

		*side = (struct drift_side){.from = NONE_INT, .to = NONE_INT};
		if (!pin ||
			strcmp(pin->digest, drift_feature_digest(r->arena, c, f)) != 0 ||
			!pin_holds(c, pin, at))
			continue;
		if (drift_side_read(side, r->arena, pin->counts, &own) < 0) {
			log_warn("%s: %s: %s", __func__, f->name, own.what);
			err_release(&own);
			continue;
		}
		side->from = pin->from;
		side->to = pin->to;
		side->accepted = pin->by ? pin->pinned : 0;
		out->known[i] = true;
	}
	return 0;
}

int drift_pin_sides(const struct drift_entry *entry, const struct round *r,
	const struct drift_side *sides, const bool *which, struct err *e)
{
	const struct drift_check *c = &entry->check;
	struct drift_pin *pins = arena_alloc(r->arena, c->n + 1, sizeof(*pins));
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct drift_side *side = &sides[i];
		struct strbuf counts = STRBUF_INIT;

		if (!which[i] || side->note || side->total < (double)c->min)
			continue;
		drift_side_write(&counts, side);
		pins[n++] = (struct drift_pin){
			.source = r->conf->name,
			.service = entry->service,
			.dataset = c->dataset,
			.feature = c->features[i].name,
			.digest = drift_feature_digest(r->arena, c, &c->features[i]),
			.counts = arena_strdup(r->arena, counts.buf),
			.from = side->from,
			.to = side->to,
			.pinned = r->now,
		};
		strbuf_release(&counts);
	}
	return drift_pins_put(r->store, pins, n, e);
}
