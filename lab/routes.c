#include "config.h"
#include "lab/request.h"

#include <string.h>

void plain_refuse(struct answer *a, struct request *q, int status)
{
	struct json *j = json_object();

	(void)q;
	json_add_text(j, "error",
		status == 405           ? "this method is not allowed here"
			: status == 404 ? "there is nothing at this path"
					: "refused");
	answer_json_take(a, status, j);
}

/*
 * Each backend lives under its own mount, as if it were another host.  The first part of a path
 * that matches is taken off; MLflow's and Langfuse's own paths work without one too.
 */
static const struct area {
	const char *mount;
	const struct route *routes;
	refuse_fn *refuse;
	allow_fn *allow; /* NULL: open to everybody */
} areas[] = {
	{"/mlflow", mlflow_routes, mlflow_refuse, mlflow_allow},
	{"/langfuse", langfuse_routes, langfuse_refuse, langfuse_allow},
	{"/alertmanager", alertmanager_routes, alertmanager_refuse, NULL},
	{"/serving", serving_routes, plain_refuse, NULL},
	{"/pipelines", pipeline_routes, plain_refuse, NULL},
	{"/lab", admin_routes, plain_refuse, NULL},
	{"", metrics_routes, plain_refuse, NULL},
};

/* Match path against pattern; fills q->segments. */
static bool matches(struct request *q, const char *pattern, const char *path)
{
	size_t n = 0;

	for (;;) {
		if (!strcmp(pattern, "{*}")) {
			q->segments[n] = request_decode(q->arena, path, strlen(path));
			return *path != 0;
		}
		if (!strncmp(pattern, "{}", 2)) {
			size_t len = strcspn(path, "/");

			if (!len || n + 1 >= REQUEST_SEGMENTS)
				return false;
			q->segments[n++] = request_decode(q->arena, path, len);
			path += len;
			pattern += 2;
			continue;
		}
		if (*pattern != *path)
			return false;
		if (!*pattern)
			return true;
		pattern++;
		path++;
	}
}

static void answer_in(struct answer *a, struct lab *lab, struct request *q,
	const struct area *area, const char *path)
{
	bool known = false;

	for (const struct route *r = area->routes; r->method; r++) {
		if (!matches(q, r->pattern, path))
			continue;
		known = true;
		if (strcmp(r->method, q->method) != 0)
			continue;
		if (!area->allow || area->allow(a, lab, q))
			r->fn(a, lab, q);
		return;
	}
	area->refuse(a, q, known ? 405 : 404);
}

void lab_answer(struct answer *a, struct lab *lab, struct request *q)
{
	a->status = 200;
	a->type = "application/json";
	for (size_t i = 0; i < ARRAY_LEN(areas); i++) {
		size_t n = strlen(areas[i].mount);

		if (strncmp(q->path, areas[i].mount, n) != 0 ||
			(n && q->path[n] != '/' && q->path[n]))
			continue;
		answer_in(a, lab, q, &areas[i], q->path + n);
		return;
	}
}
