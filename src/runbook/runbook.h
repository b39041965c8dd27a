/*
 * runbook.h - a Markdown document as headings and steps (design, section 7)
 *
 * Opening, listing and previewing never run anything.  Any Markdown file is a runbook: what is
 * wrong with one is in problems, and only a step that depends on it refuses to start.
 */
#ifndef TOCSIN_RUNBOOK_H
#define TOCSIN_RUNBOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/digest.h"
#include "core/err.h"
#include "core/json.h"
#include "core/yaml.h"

#define RUNBOOK_MAX_BYTES (4 * 1024 * 1024)

enum phase {
	PHASE_NONE, PHASE_CAPTURE, PHASE_CONTAIN, PHASE_DIAGNOSE, PHASE_ROLLBACK, PHASE_RESTORE,
	PHASE_VERIFY, PHASE_POSTMORTEM, PHASES,
};
const char *phase_name(enum phase p);		/* "rollback"; PHASE_NONE: NULL */
const char *phase_title(enum phase p);		/* N_("Roll back") */
enum phase phase_of_name(const char *name);
/* By the first alias that stands anywhere in the heading; *reading: "Overview", "Impact" … */
enum phase phase_of_heading(const char *heading, bool *reading);

enum step_kind {
	KIND_NONE,
	KIND_SH,	/* any fence that an interpreter runs; lang says which */
	KIND_ACTION, KIND_GATE, KIND_MANUAL, KIND_POSTMORTEM, STEP_KINDS,
};
const char *step_kind_name(enum step_kind k);	/* "sh", "action" … */

enum risk { RISK_NONE, RISK_READ, RISK_CHANGE, RISK_DESTROY, RISKS };
const char *risk_name(enum risk r);

enum confirm { CONFIRM_NONE, CONFIRM_NO, CONFIRM_KEY, CONFIRM_TYPE, CONFIRMS };
const char *confirm_name(enum confirm c);

struct attr { const char *name, *value; };	/* value "" for a bare word */

#define STEP_MAX_OK 8

struct step {
	int		n;		/* from 1, in the order of the document */
	const char	*name;		/* unique; made from the text when not given */
	enum step_kind	kind;
	const char	*lang;		/* of a fence: lower case, "" none */
	enum phase	phase;
	int		line;		/* of the fence or the item */
	int		heading;	/* index of the heading above, -1: none */
	const char	*title;		/* one line for people */
	const char	*source;	/* the body as written */
	const char	*script;	/* KIND_SH: what runs: prompts off, placeholders as "$NAME" */
	const char	*expected;	/* a transcript's sample output, or NULL */
	const struct attr *attrs;	/* all of them, in order, unknown ones too */
	size_t		n_attrs;
	struct yaml_texts inputs;	/* variables without which it cannot start */
	struct yaml_texts outputs;	/* variables that it may put out */
	const char	*broken;	/* why it can never start, in words; or NULL */

	enum risk	risk;		/* never RISK_NONE */
	bool		risk_given;	/* written down, not assumed */
	enum confirm	confirm;	/* CONFIRM_NONE: by risk, see step_confirm() */
	int64_t		timeout_ns;	/* 0: by risk, see step_timeout() */
	int		retries;
	const char	*undo, *before;	/* names of steps, or NULL */
	const char	*when;		/* condition, or NULL */
	const char	*cwd, *needs, *interpreter;
	int		approve;	/* signatures of other people */
	bool		idempotent, interactive, background, secret;
	int		ok[STEP_MAX_OK];	/* exit codes that mean success */
	size_t		n_ok;
	bool		undo_only;	/* runs as another step's undo only (when=undo) */
};

struct heading {
	int		level, line;
	const char	*text;
	enum phase	phase;	/* its own, else that of the heading it stands under */
	bool		reading;
};

struct var_decl {
	const char		*name;
	const char		*from;		/* "service.model.name", "alert.labels.pod" … */
	const char		*ask;		/* the question, or NULL */
	const char		*choices_from;	/* "previous-versions" …; NULL: see choices */
	struct yaml_texts	choices;
	const char		*pattern;	/* extended regular expression for the whole value */
	const char		*value;		/* the default, or NULL */
	const char		*env;		/* our own environment's variable, or NULL */
	bool			secret;
	bool			optional;	/* may stay empty */
	int			line;
};

struct runbook {
	struct arena		arena;	/* owned: all below lives here */
	const char		*name;	/* the file's, without folder and ".md" */
	const char		*file;	/* or NULL */
	const char		*title;	/* "" when there is none */
	const char		*summary;	/* front matter's description, or the first paragraph */
	char			sha256[2 * DIGEST_BYTES + 1];
	size_t			bytes;
	struct heading		*headings;
	size_t			n_headings;
	struct step		*steps;
	size_t			n_steps;
	struct var_decl		*vars;
	size_t			n_vars;
	size_t			blocks;	/* code blocks, fenced or indented */
	size_t			tasks;
	struct yaml_texts	alerts, changes;	/* applies: */
	const char		*cwd;	/* front matter's, or NULL */
	struct problems		problems;	/* owned */
};

struct destroy;	/* patterns of destructive commands: runbook/destroy.h, or NULL */

/* From text; fails only when it is too large (ERR_LIMIT) or no text at all (ERR_INPUT). */
int runbook_parse(struct runbook *out, const char *name, const char *s, size_t n,
	const struct destroy *patterns, struct err *e);
/* From a file, which must be a regular one that not everybody can write. */
int runbook_read(struct runbook *out, const char *file, const struct destroy *patterns,
	struct err *e);
void runbook_release(struct runbook *rb);

/* The document tocsin.runbook/1 (design, section 10). */
struct json *runbook_to_json(const struct runbook *rb);

const struct step *runbook_step(const struct runbook *rb, const char *name);	/* NULL: none */
const char *step_attr(const struct step *s, const char *name);			/* NULL: none */
enum confirm step_confirm(const struct step *s);	/* given, or by risk: no, key, type */
int64_t step_timeout(const struct step *s);		/* given, or by risk and kind */
bool step_changes(const struct step *s);		/* risk over read */
int step_retries(const struct step *s);		/* 0 unless it only reads or is idempotent */

#endif
