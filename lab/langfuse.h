/* langfuse.h - what the parts of Langfuse's API share */
#ifndef LAB_LANGFUSE_H
#define LAB_LANGFUSE_H

#include "lab/request.h"

route_fn langfuse_observations_v2;
route_fn langfuse_list_prompts, langfuse_get_prompt, langfuse_patch_prompt;

/* {"message": ..., "error": ...} */
void langfuse_error(struct answer *a, int status, const char *error, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#define LANGFUSE_PROJECT "lab-project"

/* What a list selects by; NULL, "" and 0: everything. */
struct wanted {
	const char	*trace, *session, *user, *name, *type, *level;
	int64_t		from, to;	/* of the start: from <= start < to */
};

/* False: a says which parameter is no time. */
bool langfuse_wanted(struct wanted *w, struct answer *a, const struct request *q,
	const char *from, const char *to);

/* Every session that may hold what is wanted, newest first, told into the arena. */
typedef void told_fn(void *ctx, const struct told *t);
void langfuse_each(const struct lab *lab, const struct wanted *w, struct arena *arena,
	told_fn *fn, void *ctx);

/* It has happened (what has not ended is not sent yet), and it is wanted. */
bool langfuse_selects(const struct wanted *w, const struct told *t, const struct obs *o,
	int64_t now);

/* Members that both generations have. */
void langfuse_add_usage(struct json *j, const struct obs *o);
void langfuse_add_tags(struct json *j, const struct told *t);

#endif
