/* commands.h - the functions behind the rows of main.c's table, sorted */
#ifndef TOCSIN_COMMANDS_H
#define TOCSIN_COMMANDS_H

#include "cmd/cmd.h"

int cmd_alerts(struct cmd *c);
int cmd_changes(struct cmd *c);
int cmd_check(struct cmd *c);
int cmd_gate(struct cmd *c);
int cmd_init(struct cmd *c);
int cmd_manual(struct cmd *c);
int cmd_map(struct cmd *c);
int cmd_models_list(struct cmd *c);
int cmd_models_rollback(struct cmd *c);
int cmd_open(struct cmd *c);
int cmd_sessions_import(struct cmd *c);
int cmd_sessions_list(struct cmd *c);
int cmd_sessions_show(struct cmd *c);
int cmd_slo_list(struct cmd *c);
int cmd_slo_show(struct cmd *c);
int cmd_status(struct cmd *c);

#endif
