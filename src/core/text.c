#include "config.h"
#include "core/text.h"

#include <string.h>

const char *text_nearest(const char *word, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strncmp(word, names[i], 3))
			return names[i];
	return NULL;
}
