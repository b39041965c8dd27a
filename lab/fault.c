#include "config.h"
#include "lab/fault.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "core/mem.h"
#include "core/text.h"

static const char *const names[FAULT_KINDS] = {
	NULL, "slow", "hang", "500", "truncate", "wrong-json", "huge", "reset"};

const char *fault_name(enum fault_kind k)
{
	return names[k];
}

void faults_release(struct faults *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->items[i].prefix);
	free(f->items);
	*f = (struct faults){0};
}

/* Bytes with an optional kB, MB or GB behind them. */
static int read_size(int64_t *out, const char *s, struct err *e)
{
	static const struct {
		const char *unit;
		int64_t factor;
	} units[] = {{"", 1}, {"kB", 1000}, {"MB", 1000000}, {"GB", 1000000000}};
	char *end;
	long long v = strtoll(s, &end, 10);

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (end != s && v > 0 && v <= 100000000000 / units[i].factor &&
			!strcmp(end, units[i].unit)) {
			*out = v * units[i].factor;
			return 0;
		}
	return err_set(e, ERR_INPUT, _("'%s' is no size such as 64MB"), s);
}

static int read_amount(struct fault *f, const char *s, struct err *e)
{
	f->amount = f->kind == FAULT_SLOW ? 2 * NS_PER_S : 256 * 1000 * 1000;
	if (!s)
		return 0;
	if (f->kind == FAULT_SLOW)
		return duration_parse(&f->amount, s, e);
	if (f->kind == FAULT_HUGE)
		return read_size(&f->amount, s, e);
	return err_set(e, ERR_INPUT, _("fault '%s' takes no value"), names[f->kind]);
}

static int read_kind(struct fault *f, const char *word, struct err *e)
{
	const char *near;

	for (int k = FAULT_SLOW; k < FAULT_KINDS; k++)
		if (!strcmp(names[k], word)) {
			f->kind = (enum fault_kind)k;
			return 0;
		}
	near = text_nearest(word, names + 1, FAULT_KINDS - 1);
	err_set(e, ERR_INPUT, _("there is no fault '%s'"), word);
	if (near)
		err_hint(e, _("did you mean '%s'?"), near);
	return -1;
}

int faults_add(struct faults *f, const char *spec, struct err *e)
{
	char *copy = mem_strdup(spec), *at = strchr(copy, '@'), *equals;
	char *star = at ? strchr(at, '*') : strchr(copy, '*');
	struct fault fault = {.times = -1};
	int r = 0;

	if (star) {
		char *end;

		fault.times = strtoll(star + 1, &end, 10);
		if (end == star + 1 || *end || fault.times < 1)
			r = err_set(
				e, ERR_INPUT, _("'%s' is no number of times"), star + 1);
		*star = 0;
	}
	if (at)
		*at++ = 0;
	equals = strchr(copy, '=');
	if (equals)
		*equals++ = 0;
	if (!r && at && *at != '/')
		r = err_set(
			e, ERR_INPUT, _("a fault's path begins with '/', not '%s'"), at);
	if (!r && !read_kind(&fault, copy, e) && !read_amount(&fault, equals, e)) {
		fault.prefix = mem_strdup(at ? at : "");
		*mem_push(f->items, f->n, f->cap) = fault;
	} else {
		r = -1;
	}
	free(copy);
	return r;
}

static void drop(struct faults *f, size_t i)
{
	free(f->items[i].prefix);
	memmove(&f->items[i], &f->items[i + 1], (f->n - i - 1) * sizeof(*f->items));
	f->n--;
}

void faults_clear(struct faults *f, const char *prefix)
{
	for (size_t i = f->n; i-- > 0;)
		if (!prefix || !strcmp(f->items[i].prefix, prefix))
			drop(f, i);
}

struct fault fault_take(struct faults *f, const char *path)
{
	struct fault out = {0};

	if (!strncmp(path, "/lab/", 5))
		return out;
	for (size_t i = f->n; i-- > 0;) {
		struct fault *x = &f->items[i];

		if (strncmp(path, x->prefix, strlen(x->prefix)) != 0)
			continue;
		out = *x;
		out.prefix = NULL;
		if (x->times > 0 && --x->times == 0)
			drop(f, i);
		return out;
	}
	return out;
}

struct json *faults_to_json(const struct faults *f)
{
	struct json *list = json_array();

	for (size_t i = 0; i < f->n; i++) {
		struct json *j = json_add_object(list, NULL);

		json_add_text(j, "kind", names[f->items[i].kind]);
		json_add_text(j, "path", f->items[i].prefix);
		if (f->items[i].kind == FAULT_SLOW)
			json_add_real(
				j, "seconds", (double)f->items[i].amount / NS_PER_S);
		if (f->items[i].kind == FAULT_HUGE)
			json_add_int(j, "bytes", f->items[i].amount);
		if (f->items[i].times > 0)
			json_add_int(j, "times", f->items[i].times);
	}
	return list;
}
