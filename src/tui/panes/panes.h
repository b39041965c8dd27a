/* panes.h - the table of panes */
#ifndef TOCSIN_PANES_H
#define TOCSIN_PANES_H

#include <stddef.h>

#include "tui/pane.h"

extern const struct pane_ops pane_alerts;
extern const struct pane_ops pane_audit;
extern const struct pane_ops pane_changes;
extern const struct pane_ops pane_compare;
extern const struct pane_ops pane_budgets;
extern const struct pane_ops pane_definitions;
extern const struct pane_ops pane_drift;
extern const struct pane_ops pane_flags;
extern const struct pane_ops pane_freshness;
extern const struct pane_ops pane_jobs;
extern const struct pane_ops pane_oncall;
extern const struct pane_ops pane_pages;
extern const struct pane_ops pane_prompts;
extern const struct pane_ops pane_serving;
extern const struct pane_ops pane_versions;
extern const struct pane_ops pane_models;
extern const struct pane_ops pane_overview;
extern const struct pane_ops pane_replay;
extern const struct pane_ops pane_run;
extern const struct pane_ops pane_runbooks;
extern const struct pane_ops pane_sessions;
extern const struct pane_ops pane_silences;
extern const struct pane_ops pane_slos;
extern const struct pane_ops pane_sources;

/* In the order of the tabs; ends with NULL. */
extern const struct pane_ops *const pane_table[];

const struct pane_ops *pane_of_name(const char *name);	/* NULL: no such pane */

#endif
