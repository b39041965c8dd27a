#include "config.h"
#include "model/alert.h"

#include <stddef.h>
#include <string.h>

#include "core/mem.h"

bool alert_is_on(const struct alert *a)
{
	static const char *const on[] = {"firing", "absent", "error", "no-data"};

	for (size_t i = 0; a->state && i < ARRAY_LEN(on); i++)
		if (!strcmp(a->state, on[i]))
			return true;
	return false;
}

bool alert_is_routed(const struct alert *a)
{
	return a->receivers != NULL;
}
