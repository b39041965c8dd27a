#include "config.h"

#include "model/slo_path.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/path.h"

static char *in_slos(char *dir, const char *name)
{
	char *file = mem_format("%s.yaml", name);
	char *out = path_join(dir, file);

	free(file);
	free(dir);
	return out;
}

char *slo_path(const char *name, const char *dir)
{
	char *places[3];
	char *found = NULL;

	if (!*name || strpbrk(name, "/."))
		return dir ? path_expand(name, dir) : mem_strdup(name);
	places[0] = in_slos(path_config("slos"), name);
	places[1] = in_slos(path_system("slos"), name);
	places[2] = in_slos(path_data("slos", ""), name);
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		/* The last is what is said not to be there. */
		if (!found && (i + 1 == ARRAY_LEN(places) || !access(places[i], F_OK)))
			found = places[i];
		else
			free(places[i]);
	}
	return found;
}

bool slo_path_ships(const char *file)
{
	char *ours = path_data("slos", ""), *dir = path_dir(file);
	bool same;

	while (*ours && ours[strlen(ours) - 1] == '/')
		ours[strlen(ours) - 1] = '\0';
	same = !strcmp(ours, dir);
	free(ours);
	free(dir);
	return same;
}
