#include "config.h"
#include "store/store.h"

#include "store/inside.h"

int store_pin(struct store *st, enum record_kind kind, const char *source,
	const char *key, const char *incident, struct err *e)
{
	static const char pin_put[] = "INSERT INTO pin (kind, source, key, incident)"
				      " VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";

	return seen_run(st, TOUCH_NONE, pin_put, e, "tttt", record_def(kind)->name,
		source, key, incident);
}

int store_unpin(struct store *st, const char *incident, struct err *e)
{
	static const char pin_drop[] = "DELETE FROM pin WHERE incident = ?1";

	return seen_run(st, TOUCH_NONE, pin_drop, e, "t", incident);
}
