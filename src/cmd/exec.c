#include "config.h"

#include "cmd/commands.h"
#include "runbook/supervisor.h"

/* The supervisor of one step: only ever started by us, with its order on stdin. */
int cmd_exec(struct cmd *c)
{
	(void)c;
	return supervisor_main();
}
