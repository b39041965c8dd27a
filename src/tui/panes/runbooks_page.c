#include "config.h"
#include "tui/panes/runbooks_page.h"

#include "core/i18n.h"
#include "runbook/runbook.h"
#include "tui/console.h"

static void add_problems(const struct runbook *rb, struct doc *out)
{
	if (!rb->problems.n)
		return;
	doc_heading(out, _("Problems"));
	for (size_t i = 0; i < rb->problems.n; i++)
		doc_textf(out, ROLE_TICKET, _("line %d: %s"), rb->problems.items[i].line,
			rb->problems.items[i].message);
}

static void add_vars(const struct runbook *rb, struct doc *out)
{
	if (!rb->n_vars)
		return;
	doc_heading(out, _("Variables"));
	doc_columns_begin(out, "lll");
	for (size_t i = 0; i < rb->n_vars; i++) {
		const struct var_decl *v = &rb->vars[i];

		doc_cell(out, ROLE_STRONG, v->name);
		if (v->from)
			doc_cellf(out, ROLE_DIM, _("from %s"), v->from);
		else if (v->env)
			doc_cellf(out, ROLE_DIM, _("from the environment's %s"), v->env);
		else
			doc_cell(out, ROLE_DIM, v->value && !v->secret ? v->value : "");
		doc_cell(out, ROLE_TEXT, v->ask ? v->ask : "");
	}
	doc_columns_end(out);
}

static enum role risk_role(enum risk r)
{
	return r == RISK_DESTROY ? ROLE_PAGE : r == RISK_CHANGE ? ROLE_TICKET : ROLE_DIM;
}

static void add_step(const struct step *s, struct doc *out)
{
	doc_cellf(out, ROLE_DIM, "%d", s->n);
	doc_cell(out, ROLE_STRONG, s->name);
	doc_cell(out, ROLE_DIM, step_kind_name(s->kind));
	doc_cell(out, risk_role(s->risk), risk_name(s->risk));
	doc_cell(out, ROLE_DIM, confirm_name(step_confirm(s)));
	doc_cell(out, s->broken ? ROLE_TICKET : ROLE_TEXT,
		s->broken ? s->broken : s->title);
}

/* Headings in the order of the document, each with its steps. */
static void add_steps(const struct runbook *rb, struct doc *out)
{
	for (int h = -1; h < (int)rb->n_headings; h++) {
		bool any = false;

		for (size_t i = 0; i < rb->n_steps; i++) {
			if (rb->steps[i].heading != h)
				continue;
			if (!any && h >= 0)
				doc_heading(out, rb->headings[h].text);
			if (!any)
				doc_columns_begin(out, "rlllll");
			any = true;
			add_step(&rb->steps[i], out);
		}
		if (any)
			doc_columns_end(out);
		else if (h >= 0 && rb->headings[h].level > 1)
			doc_heading(out, rb->headings[h].text);
	}
}

static void entry_page(const struct book_row *row, struct doc *out)
{
	const struct library_entry *entry = row->entry;
	struct runbook rb;
	struct err e = ERR_INIT;

	doc_title(out, ROLE_STRONG, "%s  %s", entry->name,
		entry->title ? entry->title : "");
	if (row->reason)
		doc_textf(out, severity_role(row->severity), _("suggested: %s"),
			row->reason);
	if (entry->error) {
		doc_text(out, ROLE_ERROR, entry->error);
		return;
	}
	if (runbook_read(&rb, entry->file, NULL, &e)) {
		doc_text(out, ROLE_ERROR, e.what);
		err_release(&e);
		return;
	}
	if (rb.summary && *rb.summary)
		doc_text(out, ROLE_TEXT, rb.summary);
	doc_blank(out);
	doc_field(out, _("file"), ROLE_TEXT, entry->file);
	doc_field(
		out, _("from"), ROLE_TEXT, entry->built_in ? _("built in") : _("yours"));
	doc_field(out, "SHA-256", ROLE_DIM, rb.sha256);
	add_problems(&rb, out);
	add_vars(&rb, out);
	add_steps(&rb, out);
	runbook_release(&rb);
}

static void run_page(struct pane *p, const struct run_row *run, struct doc *out)
{
	struct console *c = pane_console(p);
	struct strbuf at = STRBUF_INIT;
	struct step_list steps = {0};
	struct err e = ERR_INIT;
	struct arena a;

	arena_init(&a);
	doc_title(out, ROLE_STRONG, "%s", run->title ? run->title : run->runbook);
	doc_field(out, _("state"), ROLE_TEXT, run->state);
	doc_field(out, _("service"), ROLE_TEXT, run->service);
	doc_field(out, _("by"), ROLE_TEXT, run->user);
	console_time(c, &at, run->started);
	doc_field(out, _("began"), ROLE_TEXT, at.buf);
	doc_link(out, _("run"), run->id, "run", run->id);
	if (step_list(&steps, &a, console_store(c), run->id, &e)) {
		doc_text(out, ROLE_ERROR, e.what);
		err_release(&e);
	} else if (steps.n) {
		doc_heading(out, _("Steps"));
		doc_columns_begin(out, "rlll");
		for (size_t i = 0; i < steps.n; i++) {
			doc_cellf(out, ROLE_DIM, "%lld", (long long)steps.items[i].n);
			doc_cell(out, ROLE_STRONG, steps.items[i].name);
			doc_cell(out, ROLE_TEXT, step_state_name(steps.items[i].state));
			doc_cell(out, ROLE_DIM,
				steps.items[i].error ? steps.items[i].error
						     : steps.items[i].note);
		}
		doc_columns_end(out);
	}
	strbuf_release(&at);
	arena_release(&a);
}

void runbooks_page(struct pane *p, const struct book_row *row, struct doc *out)
{
	if (row->entry)
		entry_page(row, out);
	else
		run_page(p, row->run, out);
}
