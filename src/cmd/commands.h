/* commands.h - the functions behind the rows of main.c's table, sorted */
#ifndef TOCSIN_COMMANDS_H
#define TOCSIN_COMMANDS_H

#include "cmd/cmd.h"

int cmd_alerts_expire(struct cmd *c);
int cmd_alerts_extend(struct cmd *c);
int cmd_alerts_groups(struct cmd *c);
int cmd_alerts_list(struct cmd *c);
int cmd_alerts_show(struct cmd *c);
int cmd_alerts_silence(struct cmd *c);
int cmd_alerts_silences(struct cmd *c);
int cmd_audit_checkpoint(struct cmd *c);
int cmd_audit_export(struct cmd *c);
int cmd_audit_list(struct cmd *c);
int cmd_audit_verify(struct cmd *c);
int cmd_changes(struct cmd *c);
int cmd_check(struct cmd *c);
int cmd_completion(struct cmd *c);
int cmd_connector_check(struct cmd *c);
int cmd_connector_list(struct cmd *c);
int cmd_connector_show(struct cmd *c);
int cmd_connector_try(struct cmd *c);
int cmd_demo(struct cmd *c);
int cmd_demo_keep(struct cmd *c);
int cmd_drift_accept(struct cmd *c);
int cmd_drift_compute(struct cmd *c);
int cmd_drift_list(struct cmd *c);
int cmd_drift_show(struct cmd *c);
int cmd_exec(struct cmd *c);
int cmd_gate(struct cmd *c);
int cmd_init(struct cmd *c);
int cmd_manual(struct cmd *c);
int cmd_map(struct cmd *c);
int cmd_models_list(struct cmd *c);
int cmd_models_diff(struct cmd *c);
int cmd_models_rollback(struct cmd *c);
int cmd_open(struct cmd *c);
int cmd_poll(struct cmd *c);
int cmd_query(struct cmd *c);
int cmd_runbook_abandon(struct cmd *c);
int cmd_runbook_list(struct cmd *c);
int cmd_runbook_resume(struct cmd *c);
int cmd_runbook_run(struct cmd *c);
int cmd_runbook_runs(struct cmd *c);
int cmd_runbook_show(struct cmd *c);
int cmd_runbook_stop(struct cmd *c);
int cmd_runbook_undo(struct cmd *c);
int cmd_sessions_import(struct cmd *c);
int cmd_sessions_list(struct cmd *c);
int cmd_sessions_show(struct cmd *c);
int cmd_slo_explain(struct cmd *c);
int cmd_slo_export(struct cmd *c);
int cmd_slo_list(struct cmd *c);
int cmd_slo_show(struct cmd *c);
int cmd_status(struct cmd *c);
int cmd_watch(struct cmd *c);

/* The console, opened at what a pane shows; pane NULL: the Overview. */
int cmd_watch_at(struct cmd *c, const char *pane, const char *argument);

#endif
