#include "config.h"

#include "trace/trace_read.h"

#include <string.h>

#include "core/duration.h"
#include "model/record.h"

int64_t trace_time(const struct json *j)
{
	const char *text = json_text(j);
	struct err e = ERR_INIT;
	int64_t at;

	if (text && time_parse(&at, text, &e) == 0)
		return at;
	err_release(&e);
	return NONE_INT;
}

const struct json *trace_object(const struct json *j, struct json **parsed)
{
	const char *text = json_text(j);
	struct err e = ERR_INIT;

	*parsed = NULL;
	if (!text)
		return json_type(j) == JSON_OBJECT ? j : NULL;
	if (json_parse(parsed, text, strlen(text), &e) < 0)
		err_release(&e);
	return json_type(*parsed) == JSON_OBJECT ? *parsed : NULL;
}

const char *trace_text(struct arena *a, const struct json *j)
{
	const char *text = json_text(j);

	return text && *text ? arena_strdup(a, text) : NULL;
}
