#include "config.h"

#include "cmd/slo_find.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/i18n.h"
#include "core/path.h"
#include "model/record.h"
#include "model/slo_path.h"

static int read_file(struct slo_list *out, struct arena *a, const char *file,
	struct problems *p, struct err *e)
{
	struct strbuf text = STRBUF_INIT;
	int rc = path_read(&text, file, SLO_FILE_MAX_BYTES, e);

	if (rc == 0)
		(void)slo_file_parse(out, a, text.buf, text.len, file, p);
	strbuf_release(&text);
	return rc;
}

void slo_configured(struct slo_list *out, struct arena *a, const struct config *config,
	struct problems *p)
{
	for (size_t i = 0; i < config->n_services; i++) {
		const struct yaml_texts *files = &config->services[i].slos;
		struct slo_objects *objects = slo_objects_read(files);
		struct slo_list of_service = {.others = objects};

		for (size_t k = 0; k < files->n; k++) {
			struct err e = ERR_INIT;
			size_t before = of_service.n;

			problems_in(p, files->items[k]);
			if (read_file(&of_service, a, files->items[k], p, &e) < 0) {
				(void)problems_add(p, 0, 0, "%s", e.what);
				if (e.hint)
					problems_hint(p, "%s", e.hint);
			}
			err_release(&e);
			while (slo_path_ships(files->items[k]) && before < of_service.n)
				of_service.items[before++].service =
					config->services[i].name;
		}
		for (size_t k = 0; k < of_service.n; k++)
			*arena_push(a, out->items, out->n, out->cap) =
				of_service.items[k];
		slo_objects_free(objects);
	}
}

/* "checkout/availability", also of one of its groups: "availability{handler="/x"}". */
static bool is_named(const struct slo *slo, const char *what)
{
	char *whole = mem_format("%s/%s", slo->service, slo->name);
	size_t n = strlen(what);
	bool is = strcmp(whole, what) == 0 ||
		(strncmp(whole, what, n) == 0 && whole[n] == '{');

	free(whole);
	return is;
}

static void keep_named(struct slo_found *f, const char *what)
{
	size_t n = 0;

	for (size_t i = 0; i < f->slos.n; i++) {
		if (is_named(&f->slos.items[i], what))
			f->slos.items[n++] = f->slos.items[i];
	}
	f->slos.n = n;
}

/* A command that also takes a file has asked for neither configuration nor store. */
static int load_config(struct cmd *c, struct err *e)
{
	struct problems p;
	int rc = 0;

	if (c->has_config)
		return 0;
	problems_init(&p, NULL);
	rc = config_load(&c->config, c->config_file, &p, e);
	cmd_problems(&p);
	problems_release(&p);
	c->has_config = rc == 0;
	return rc;
}

static void load_rows(struct slo_found *f, struct cmd *c)
{
	struct err e = ERR_INIT;

	if (!c->store && store_open(&c->store, c->config.store_path, STORE_READ, &e) < 0)
		c->store = NULL;
	else if (slo_rows(&f->rows, &f->arena, c->store, AT_NOW, &e) < 0)
		f->rows = (struct slo_rows){0};
	err_release(&e);
}

/* What no file defines: recorded ones, as the store has them. */
static void take_stored(struct slo_found *f, const char *what)
{
	for (size_t i = 0; f->slos.n == 0 && i < f->rows.n; i++) {
		if (is_named(&f->rows.items[i].slo, what))
			*arena_push(&f->arena, f->slos.items, f->slos.n, f->slos.cap) =
				f->rows.items[i].slo;
	}
}

static int find_named(struct slo_found *out, struct cmd *c, const char *what)
{
	struct err e = ERR_INIT;

	if (load_config(c, &e) < 0)
		return cmd_fail(&e);
	slo_configured(&out->slos, &out->arena, &c->config, &out->problems);
	/* A configuration's other files may have problems of their own. */
	problems_release(&out->problems);
	problems_init(&out->problems, NULL);
	keep_named(out, what);
	load_rows(out, c);
	take_stored(out, what);
	if (out->slos.n)
		return EXIT_FINE;
	err_set(&e, ERR_INPUT, _("there is no file and no objective '%s'"), what);
	err_hint(&e, "%s", _("tocsin slo list names the objectives: SERVICE/NAME"));
	return cmd_fail(&e);
}

int slo_find(struct slo_found *out, struct cmd *c, const char *what)
{
	struct err e = ERR_INIT;
	int code = EXIT_FINE;
	char *file = access(what, F_OK) ? slo_path(what, NULL) : mem_strdup(what);

	*out = (struct slo_found){0};
	arena_init(&out->arena);
	problems_init(&out->problems, file);
	if (read_file(&out->slos, &out->arena, file, &out->problems, &e) == 0)
		code = out->problems.n ? EXIT_FINDING : EXIT_FINE;
	else if (e.code == ERR_NOT_FOUND && strchr(what, '/'))
		code = find_named(out, c, what);
	else
		code = cmd_fail(&e);
	err_release(&e);
	free(file);
	return code;
}

void slo_found_release(struct slo_found *f)
{
	problems_release(&f->problems);
	arena_release(&f->arena);
}

const struct slo_state *slo_found_state(const struct slo_found *f, const struct slo *slo)
{
	for (size_t i = 0; i < f->rows.n; i++) {
		const struct slo_row *row = &f->rows.items[i];

		if (strcmp(row->slo.service, slo->service) == 0 &&
			strcmp(row->slo.name, slo->name) == 0 &&
			row->state.at != NONE_INT)
			return &row->state;
	}
	return NULL;
}

void slo_problems_json(struct json *to, const struct problems *p)
{
	struct json *list = json_add_array(to, "problems");

	for (size_t i = 0; i < p->n; i++) {
		struct json *one = json_add_object(list, NULL);

		json_add_int(one, "line", p->items[i].line);
		json_add_int(one, "column", p->items[i].column);
		json_add_text(one, "message", p->items[i].message);
		json_add_text(one, "hint", p->items[i].hint);
	}
}
