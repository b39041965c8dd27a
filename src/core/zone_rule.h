/*
 * zone_rule.h - the rule that a time zone follows from its last recorded change on
 *
 * The text of POSIX's TZ variable with the extensions of TZif's footer (times of day from -167
 * to 167 hours): "CET-1CEST,M3.5.0,M10.5.0/3".
 */
#ifndef TOCSIN_ZONE_RULE_H
#define TOCSIN_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#define ZONE_RULE_MAX 128	/* characters */

enum zone_day_kind { ZONE_DAY_NONE, ZONE_DAY_JULIAN, ZONE_DAY_ZERO, ZONE_DAY_WEEK };

struct zone_day {
	enum zone_day_kind	kind;
	int			month, week, day;	/* M3.5.0; else day alone */
	int64_t			time;			/* seconds of the day */
};

struct zone_rule {
	int64_t		standard, summer;	/* seconds east of UTC */
	bool		has_summer;
	struct zone_day	from, to;		/* of summer time */
};

bool zone_rule_parse(struct zone_rule *out, const char *text);
int64_t zone_rule_offset(const struct zone_rule *r, int64_t at);

#endif
