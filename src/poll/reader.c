#include "config.h"

#include "poll/reader.h"

#include <string.h>

/* What we read ourselves; all other types are read by their connector. */
static const struct reader *const readers[] = {
	&reader_prometheus,
	&reader_alertmanager,
	&reader_metrics,
	&reader_files,
	&reader_evidently,
};

const struct reader *reader_for(const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
		if (!strcmp(readers[i]->type, type))
			return readers[i];
	}
	return &reader_connector;
}
