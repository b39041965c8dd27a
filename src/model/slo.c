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
	return sli_kinds[k <= SLI_RECORDED ? k : SLI_NONE];
}
