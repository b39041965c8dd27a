#include "config.h"

#include "cmd/commands.h"
#include "net/map.h"

int cmd_map(struct cmd *c)
{
	(void)c;
	return map_worker() ? EXIT_INTERNAL : EXIT_FINE;
}
