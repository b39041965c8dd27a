#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/slo_find.h"
#include "core/i18n.h"
#include "core/path.h"
#include "signal/slo_rules.h"

static struct json *export_json(const struct slo_found *f, size_t n, const char *rules)
{
	struct json *doc = json_object();

	json_add_text(doc, "schema", "tocsin.slo-export/1");
	json_add_text(doc, "format", "prometheus");
	json_add_int(doc, "slos", (int64_t)n);
	json_add_text(doc, "rules", rules);
	slo_problems_json(doc, &f->problems);
	return doc;
}

static int put_out(
	struct cmd *c, const struct slo_found *f, size_t n, const struct strbuf *rules)
{
	const char *file = cmd_value(c, "output");
	struct err e = ERR_INIT;

	if (file && path_write(file, rules->buf, rules->len, 0644, &e) < 0)
		return cmd_fail(&e);
	if (c->json)
		return cmd_print_json(export_json(f, n, rules->buf));
	if (!file && fwrite(rules->buf, 1, rules->len, stdout) != rules->len)
		return EXIT_INTERNAL;
	return EXIT_FINE;
}

int cmd_slo_export(struct cmd *c)
{
	const char *format = cmd_value(c, "format");
	struct strbuf rules = STRBUF_INIT;
	struct slo_found f;
	size_t n;
	int code, put;

	if (c->n_operands != 1)
		return cmd_usage(c, "%s", _("name one file, or SERVICE/NAME"));
	if (format && strcmp(format, "prometheus") != 0)
		return cmd_usage(
			c, _("'%s' is no format: prometheus is the one"), format);
	code = slo_find(&f, c, c->operands[0]);
	if (code > EXIT_FINDING) {
		slo_found_release(&f);
		return code;
	}
	n = slo_rules_write(&rules, f.slos.items, f.slos.n, &f.problems);
	put = put_out(c, &f, n, &rules);
	if (!c->json)
		cmd_problems(&f.problems);
	if (put != EXIT_FINE)
		code = put;
	else if (f.problems.n)
		code = EXIT_FINDING;
	strbuf_release(&rules);
	slo_found_release(&f);
	return code;
}
