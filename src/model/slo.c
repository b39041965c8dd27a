#include "config.h"
#include "model/slo.h"

#include <string.h>

static const struct {
	const char *name, *mark;
} severities[SEVERITIES] = {
	[SEV_NONE] = {"none", " "},
	[SEV_OK] = {"ok", "."},
	[SEV_NO_DATA] = {"no-data", "?"},
	[SEV_TICKET] = {"ticket", "+"},
	[SEV_PAGE] = {"page", "!"},
};

static const char *const sli_kinds[] = {
	[SLI_NONE] = "none",
	[SLI_RATIO] = "ratio",
	[SLI_THRESHOLD] = "threshold",
	[SLI_RAW] = "raw",
	[SLI_RECORDED] = "recorded",
	[SLI_TRACES] = "traces",
};

const char *severity_name(enum severity s)
{
	return severities[s < SEVERITIES ? s : SEV_NONE].name;
}

enum severity severity_of(const char *name)
{
	for (int s = SEV_NONE + 1; name && s < SEVERITIES; s++)
		if (!strcmp(severities[s].name, name))
			return (enum severity)s;
	return SEV_NONE;
}

const char *severity_mark(enum severity s)
{
	return severities[s < SEVERITIES ? s : SEV_NONE].mark;
}

const char *sli_kind_name(enum sli_kind k)
{
	return sli_kinds[k <= SLI_TRACES ? k : SLI_NONE];
}

const char *budgeting_name(enum budgeting b)
{
	static const char *const names[] = {
		[BUDGET_EVENTS] = "occurrences",
		[BUDGET_TIMESLICES] = "timeslices",
		[BUDGET_RATIO_TIMESLICES] = "ratio-timeslices",
	};

	return names[b <= BUDGET_RATIO_TIMESLICES ? b : BUDGET_EVENTS];
}

const char *calendar_unit_name(enum calendar_unit u)
{
	static const char *const names[] = {
		[CALENDAR_DAY] = "day",
		[CALENDAR_WEEK] = "week",
		[CALENDAR_MONTH] = "month",
		[CALENDAR_QUARTER] = "quarter",
		[CALENDAR_YEAR] = "year",
	};

	return names[u <= CALENDAR_YEAR ? u : CALENDAR_NONE];
}
