/* action_rehearse.c - the backend's own rehearsal of an action, and how a plan is shown */
#include "config.h"
#include "net/action.h"

#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "core/text.h"
#include "net/action_inside.h"

#define SAID_BYTES ((size_t)400)

static int rehearsal(struct request *out, struct action_plan *p, struct err *e)
{
	const struct connector_action *act = p->action;
	struct json *more = NULL;
	struct request_spec spec = {
		.connector = p->connector,
		.request = &act->request,
		.base = p->ask.conf->url,
		.part = p->ask.part,
		.values = p->view.values,
		.map = p->ask.map,
		.more_query = &act->dry_query,
		.more_headers = &act->dry_headers,
	};
	int rc = 0;

	if (act->dry_json.text)
		rc = exchange_jq(&more, &p->ask, &act->dry_json, "dry_run.json", NULL,
			p->view.values, e);
	spec.more_json = more;
	if (!rc)
		rc = request_make_now(out, &spec, e);
	json_free(more);
	if (!rc && act->copy.path) {
		out->body = mem_new(p->view.request.body_bytes + 1, 1);
		memcpy(out->body, p->view.request.body, p->view.request.body_bytes);
		out->body_bytes = p->view.request.body_bytes;
		if (!out->content_type)
			out->content_type = mem_strdup(p->view.request.content_type);
	}
	return rc;
}

static char *shortened(const struct http_answer *a)
{
	struct strbuf text = STRBUF_INIT;
	size_t n = strnlen(a->body.buf, SAID_BYTES);

	strbuf_addf(&text, "%d ", a->status);
	text_safe(&text, a->body.buf, n, false);
	if (n < a->body.len)
		strbuf_adds(&text, " ...");
	return strbuf_detach(&text, NULL);
}

int action_rehearse(char **said, struct action_plan *p, struct err *e)
{
	struct http_answer a = HTTP_ANSWER_INIT;
	struct request r = {0};
	int rc;

	*said = NULL;
	if (!p->action->has_dry_run)
		return 0;
	rc = rehearsal(&r, p, e);
	if (!rc)
		rc = exchange_send(
			&a, &p->ask, &r, &p->action->request, p->view.values, e);
	if (!rc)
		*said = shortened(&a);
	http_answer_release(&a);
	request_release(&r);
	return rc;
}

/* --- showing --- */

static void show_wait(struct strbuf *out, const struct action_plan *p,
	const struct connector_wait *w, bool effect)
{
	struct strbuf within = STRBUF_INIT;
	struct request r = {0};
	struct err ignored = ERR_INIT;
	char *line;

	if (!w->request.path)
		return;
	if (exchange_make(&r, &p->ask, &w->request, p->view.values, &ignored)) {
		err_release(&ignored);
		request_release(&r);
		return;
	}
	line = action_line(&r);
	duration_human(&within, w->within_ns);
	if (effect)
		strbuf_addf(out, _("effect within %s: %s, until %s\n"), within.buf, line,
			w->says ? w->says : w->until.text);
	else
		strbuf_addf(out, _("read back within %s: %s, until %s\n"), within.buf,
			line, w->until.text);
	free(line);
	request_release(&r);
	strbuf_release(&within);
}

/* What it covers, in the connector's words, as it was read for the plan. */
static void show_preview(struct strbuf *out, const struct action_plan *p)
{
	struct err ignored = ERR_INIT;
	struct json *all = NULL;

	if (p->action->preview.text)
		(void)exchange_jq_all(&all, &p->ask, &p->action->preview, "preview", NULL,
			p->view.values, &ignored);
	json_each (line, all) {
		const char *text = json_text(line);

		if (!text)
			continue;
		text_safe(out, text, strlen(text), false);
		strbuf_addc(out, '\n');
	}
	json_free(all);
	err_release(&ignored);
}

/* The same for what is followed: its path as far as it is known before anything is started. */
static void show_follow(struct strbuf *out, const struct action_plan *p)
{
	const struct connector_follow *f = &p->action->follow;
	struct strbuf within = STRBUF_INIT, every = STRBUF_INIT;

	if (!f->request.path)
		return;
	duration_human(&within, f->within_ns);
	duration_human(&every, f->every_ns);
	strbuf_addf(out, _("followed for %s at the most, every %s: %s %s, until %s\n"),
		within.buf, every.buf, http_method_name(f->request.method),
		f->request.path, f->until.text);
	if (f->stop.action)
		strbuf_addf(out, _("whoever stops the step stops it too: %s\n"),
			f->stop.action);
	strbuf_release(&within);
	strbuf_release(&every);
}

void action_show(struct strbuf *out, const struct action_plan *p)
{
	strbuf_addf(out, "%s\n", p->view.line);
	if (p->headers)
		strbuf_adds(out, p->headers);
	if (p->view.body)
		strbuf_addf(out, "%s\n", p->view.body);
	if (p->view.before)
		strbuf_addf(out, _("now: %s\n"), p->view.before);
	show_preview(out, p);
	if (p->action->effects)
		strbuf_addf(out, "%s\n", p->action->effects);
	show_wait(out, p, &p->action->verify, false);
	show_follow(out, p);
	show_wait(out, p, &p->action->effect, true);
}
