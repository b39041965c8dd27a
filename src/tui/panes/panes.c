#include "config.h"
#include "tui/panes/panes.h"

#include <string.h>

const struct pane_ops *const pane_table[] = {
	&pane_overview,
	&pane_slos,
	&pane_changes,
	&pane_models,
	&pane_sessions,
	&pane_alerts,
	&pane_drift,
	&pane_runbooks,
	&pane_audit,
	&pane_sources,
	&pane_serving,
	&pane_flags,
	&pane_budgets,
	&pane_definitions,
	&pane_jobs,
	&pane_freshness,
	&pane_pages,
	&pane_silences,
	&pane_oncall,
	&pane_versions,
	&pane_prompts,
	&pane_replay,
	&pane_compare,
	&pane_run,
	NULL,
};

const struct pane_ops *pane_of_name(const char *name)
{
	for (size_t i = 0; pane_table[i]; i++)
		if (!strcmp(pane_table[i]->name, name))
			return pane_table[i];
	return NULL;
}
