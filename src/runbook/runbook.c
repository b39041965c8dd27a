#include "config.h"
#include "runbook/runbook.h"

#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/strbuf.h"

static const char *const phase_names[PHASES] = {
	[PHASE_CAPTURE] = "capture",
	[PHASE_CONTAIN] = "contain",
	[PHASE_DIAGNOSE] = "diagnose",
	[PHASE_ROLLBACK] = "rollback",
	[PHASE_RESTORE] = "restore",
	[PHASE_VERIFY] = "verify",
	[PHASE_POSTMORTEM] = "postmortem",
};

static const char *const phase_titles[PHASES] = {
	[PHASE_CAPTURE] = N_("Capture"),
	[PHASE_CONTAIN] = N_("Contain"),
	[PHASE_DIAGNOSE] = N_("Diagnose"),
	[PHASE_ROLLBACK] = N_("Roll back"),
	[PHASE_RESTORE] = N_("Restore"),
	[PHASE_VERIFY] = N_("Verify"),
	[PHASE_POSTMORTEM] = N_("Postmortem"),
};

static const char *const kind_names[STEP_KINDS] = {
	[KIND_SH] = "sh",
	[KIND_ACTION] = "action",
	[KIND_GATE] = "gate",
	[KIND_MANUAL] = "manual",
	[KIND_POSTMORTEM] = "postmortem",
};

static const char *const risk_names[RISKS] = {
	[RISK_READ] = "read",
	[RISK_CHANGE] = "change",
	[RISK_DESTROY] = "destroy",
};

static const char *const confirm_names[CONFIRMS] = {
	[CONFIRM_NO] = "no",
	[CONFIRM_KEY] = "key",
	[CONFIRM_TYPE] = "type",
};

/* Words that set the phase, wherever they stand in a heading (reference, section 1.15). */
/* clang-format off */
static const struct alias {
	const char	*words;
	enum phase	phase;
} aliases[] = {
	{"capture", PHASE_CAPTURE}, {"evidence", PHASE_CAPTURE}, {"preserve", PHASE_CAPTURE},
	{"collect", PHASE_CAPTURE}, {"capturing", PHASE_CAPTURE}, {"collecting", PHASE_CAPTURE},

	{"contain", PHASE_CONTAIN}, {"containment", PHASE_CONTAIN},
	{"mitigation", PHASE_CONTAIN}, {"mitigations", PHASE_CONTAIN},
	{"mitigate", PHASE_CONTAIN}, {"mitigating", PHASE_CONTAIN},
	{"quick fix", PHASE_CONTAIN}, {"stop the bleeding", PHASE_CONTAIN},
	{"isolate", PHASE_CONTAIN}, {"isolation", PHASE_CONTAIN},

	{"diagnose", PHASE_DIAGNOSE}, {"diagnosis", PHASE_DIAGNOSE},
	{"diagnosing", PHASE_DIAGNOSE}, {"diagnostic", PHASE_DIAGNOSE},
	{"diagnostics", PHASE_DIAGNOSE}, {"troubleshooting", PHASE_DIAGNOSE},
	{"troubleshoot", PHASE_DIAGNOSE}, {"investigate", PHASE_DIAGNOSE},
	{"investigation", PHASE_DIAGNOSE}, {"investigating", PHASE_DIAGNOSE},
	{"detect", PHASE_DIAGNOSE}, {"detection", PHASE_DIAGNOSE},
	{"analyze", PHASE_DIAGNOSE}, {"analyse", PHASE_DIAGNOSE}, {"analysis", PHASE_DIAGNOSE},
	{"possible checks", PHASE_DIAGNOSE}, {"symptoms", PHASE_DIAGNOSE},
	{"symptom", PHASE_DIAGNOSE}, {"debug", PHASE_DIAGNOSE}, {"debugging", PHASE_DIAGNOSE},

	{"rollback", PHASE_ROLLBACK}, {"roll back", PHASE_ROLLBACK},
	{"rolling back", PHASE_ROLLBACK}, {"revert", PHASE_ROLLBACK},
	{"restore", PHASE_ROLLBACK}, {"recover", PHASE_ROLLBACK}, {"recovery", PHASE_ROLLBACK},
	{"eradicate", PHASE_ROLLBACK}, {"eradication", PHASE_ROLLBACK},
	{"resolution", PHASE_ROLLBACK}, {"resolutions", PHASE_ROLLBACK},
	{"resolve", PHASE_ROLLBACK}, {"resolving", PHASE_ROLLBACK},
	{"remediate", PHASE_ROLLBACK}, {"remediation", PHASE_ROLLBACK}, {"fix", PHASE_ROLLBACK},

	{"verify", PHASE_VERIFY}, {"verifying", PHASE_VERIFY}, {"verification", PHASE_VERIFY},
	{"validate", PHASE_VERIFY}, {"validation", PHASE_VERIFY}, {"confirm", PHASE_VERIFY},
	{"post checks", PHASE_VERIFY}, {"post check", PHASE_VERIFY},

	{"postmortem", PHASE_POSTMORTEM}, {"post mortem", PHASE_POSTMORTEM},
	{"post incident", PHASE_POSTMORTEM}, {"follow up", PHASE_POSTMORTEM},
	{"lessons", PHASE_POSTMORTEM}, {"after", PHASE_POSTMORTEM},
};

static const char *const reading_words[] = {
	"meaning", "impact", "overview", "background", "logging", "architecture",
};
/* clang-format on */

static const char *name_of(const char *const *names, size_t n, size_t i)
{
	return i < n ? names[i] : NULL;
}

const char *phase_name(enum phase p)
{
	return name_of(phase_names, PHASES, p);
}

const char *phase_title(enum phase p)
{
	const char *title = name_of(phase_titles, PHASES, p);

	return title ? title : "";
}

enum phase phase_of_name(const char *name)
{
	for (size_t i = 1; name && i < PHASES; i++)
		if (!strcmp(name, phase_names[i]))
			return (enum phase)i;
	return PHASE_NONE;
}

const char *step_kind_name(enum step_kind k)
{
	return name_of(kind_names, STEP_KINDS, k);
}

const char *risk_name(enum risk r)
{
	return name_of(risk_names, RISKS, r);
}

const char *confirm_name(enum confirm c)
{
	return name_of(confirm_names, CONFIRMS, c);
}

/* " part 3 contain ": lower case, one space for what is no letter or digit, and around it. */
static void heading_words(struct strbuf *out, const char *s)
{
	strbuf_addc(out, ' ');
	for (; *s; s++) {
		char c = *s;

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			(unsigned char)c >= 0x80)
			strbuf_addc(out, c);
		else if (out->buf[out->len - 1] != ' ')
			strbuf_addc(out, ' ');
	}
	if (out->buf[out->len - 1] != ' ')
		strbuf_addc(out, ' ');
}

/* Where the words stand in text as whole words, or NULL. */
static const char *find_words(const char *text, const char *words)
{
	size_t n = strlen(words);

	for (const char *at = strstr(text, words); at; at = strstr(at + 1, words))
		if (at[-1] == ' ' && at[n] == ' ')
			return at;
	return NULL;
}

enum phase phase_of_heading(const char *heading, bool *reading)
{
	struct strbuf words = STRBUF_INIT;
	const char *first = NULL;
	size_t longest = 0;
	enum phase found = PHASE_NONE;

	heading_words(&words, heading);
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++) {
		const char *at = find_words(words.buf, aliases[i].words);
		size_t n = strlen(aliases[i].words);

		if (!at || (first && (at > first || (at == first && n <= longest))))
			continue;
		first = at;
		longest = n;
		found = aliases[i].phase;
	}
	*reading = false;
	for (size_t i = 0; !found && i < ARRAY_LEN(reading_words); i++)
		*reading |= find_words(words.buf, reading_words[i]) != NULL;
	strbuf_release(&words);
	return found;
}

const struct step *runbook_step(const struct runbook *rb, const char *name)
{
	for (size_t i = 0; name && i < rb->n_steps; i++)
		if (!strcmp(rb->steps[i].name, name))
			return &rb->steps[i];
	return NULL;
}

const char *step_attr(const struct step *s, const char *name)
{
	for (size_t i = 0; i < s->n_attrs; i++)
		if (!strcmp(s->attrs[i].name, name))
			return s->attrs[i].value;
	return NULL;
}

enum confirm step_confirm(const struct step *s)
{
	static const enum confirm by_risk[RISKS] = {
		[RISK_READ] = CONFIRM_NO,
		[RISK_CHANGE] = CONFIRM_KEY,
		[RISK_DESTROY] = CONFIRM_TYPE,
	};

	return s->confirm ? s->confirm : by_risk[s->risk];
}

int64_t step_timeout(const struct step *s)
{
	if (s->timeout_ns || s->kind == KIND_GATE)
		return s->timeout_ns; /* a gate has its own limit: within */
	return s->risk == RISK_READ ? 5 * NS_PER_MIN : 30 * NS_PER_MIN;
}

bool step_changes(const struct step *s)
{
	return s->risk > RISK_READ;
}

int step_retries(const struct step *s)
{
	return step_changes(s) && !s->idempotent ? 0 : s->retries;
}

static struct json *texts_json(const struct yaml_texts *t)
{
	struct json *array = json_array();

	for (size_t i = 0; i < t->n; i++)
		json_add_text(array, NULL, t->items[i]);
	return array;
}

static void vars_json(struct json *array, const struct runbook *rb)
{
	for (size_t i = 0; i < rb->n_vars; i++) {
		const struct var_decl *d = &rb->vars[i];
		struct json *v = json_add_object(array, NULL);

		json_add_text(v, "name", d->name);
		json_add_text(v, "from", d->from);
		json_add_text(v, "ask", d->ask);
		json_add(v, "choices",
			d->choices_from ? json_array() : texts_json(&d->choices));
		json_add_text(v, "choices_from", d->choices_from);
		json_add_text(v, "pattern", d->pattern);
		json_add_text(v, "default", d->secret ? NULL : d->value);
		json_add_text(v, "env", d->env);
		json_add_bool(v, "secret", d->secret);
		json_add_bool(v, "optional", d->optional);
		json_add_int(v, "line", d->line);
	}
}

static void step_json(struct json *array, const struct step *s)
{
	struct json *j = json_add_object(array, NULL), *attrs;

	json_add_int(j, "n", s->n);
	json_add_text(j, "name", s->name);
	json_add_text(j, "kind", step_kind_name(s->kind));
	json_add_text(j, "lang", s->lang);
	json_add_text(j, "phase", phase_name(s->phase));
	json_add_int(j, "line", s->line);
	attrs = json_add_object(j, "attrs");
	for (size_t i = 0; i < s->n_attrs; i++)
		if (!json_get(attrs, s->attrs[i].name))
			json_add_text(attrs, s->attrs[i].name, s->attrs[i].value);
	json_add_text(j, "title", s->title);
	json_add_text(j, "risk", risk_name(s->risk));
	json_add_text(j, "confirm", confirm_name(step_confirm(s)));
	json_add(j, "inputs", texts_json(&s->inputs));
	json_add_text(j, "source", s->source);
	json_add_text(j, "script", s->script);
	json_add_text(j, "broken", s->broken);
}

struct json *runbook_to_json(const struct runbook *rb)
{
	struct json *doc = json_object(), *list;

	json_add_text(doc, "schema", "tocsin.runbook/1");
	json_add_text(doc, "name", rb->name);
	json_add_text(doc, "file", rb->file);
	json_add_text(doc, "title", rb->title);
	json_add_text(doc, "sha256", rb->sha256);
	vars_json(json_add_array(doc, "vars"), rb);
	list = json_add_array(doc, "headings");
	for (size_t i = 0; i < rb->n_headings; i++) {
		struct json *h = json_add_object(list, NULL);

		json_add_int(h, "level", rb->headings[i].level);
		json_add_text(h, "text", rb->headings[i].text);
		json_add_int(h, "line", rb->headings[i].line);
		json_add_text(h, "phase", phase_name(rb->headings[i].phase));
	}
	json_add_int(doc, "blocks", (int64_t)rb->blocks);
	json_add_int(doc, "tasks", (int64_t)rb->tasks);
	list = json_add_array(doc, "steps");
	for (size_t i = 0; i < rb->n_steps; i++)
		step_json(list, &rb->steps[i]);
	list = json_add_array(doc, "problems");
	for (size_t i = 0; i < rb->problems.n; i++) {
		struct json *p = json_add_object(list, NULL);

		json_add_int(p, "line", rb->problems.items[i].line);
		json_add_text(p, "message", rb->problems.items[i].message);
		json_add_text(p, "hint", rb->problems.items[i].hint);
	}
	return doc;
}
