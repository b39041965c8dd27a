#include "config.h"
#include "runbook/script.h"

#include <string.h>
#include <strings.h>

#include "core/i18n.h"
#include "core/strbuf.h"

#define MAX_NAMES 32
#define MAX_NAME 40
#define MAX_DEPTH 16
#define MAX_HEREDOCS 4

/* clang-format off */
static const struct lang {
	const char	*name;
	const char	*argv[2];	/* words before the script; next when it is missing */
	bool		shell, console;
} langs[] = {
	{"sh",		{"sh -e -c", NULL}, true, false},
	{"bash",	{"bash -e -o pipefail -c", NULL}, true, false},
	{"zsh",		{"zsh -e -o pipefail -c", NULL}, true, false},
	{"ksh",		{"ksh -e -o pipefail -c", "mksh -e -o pipefail -c"}, true, false},
	{"dash",	{"dash -e -c", "sh -e -c"}, true, false},
	{"shell",	{"bash -e -o pipefail -c", "sh -e -c"}, true, false},
	{"shellscript",	{"bash -e -o pipefail -c", "sh -e -c"}, true, false},
	{"console",	{"bash -e -o pipefail -c", "sh -e -c"}, true, true},
	{"terminal",	{"bash -e -o pipefail -c", "sh -e -c"}, true, true},
	{"shell-session", {"bash -e -o pipefail -c", "sh -e -c"}, true, true},
	{"shellsession", {"bash -e -o pipefail -c", "sh -e -c"}, true, true},
	{"sh-session",	{"sh -e -c", NULL}, true, true},
	{"bash-session", {"bash -e -o pipefail -c", NULL}, true, true},
	{"python",	{"python3 -c", "python -c"}, false, false},
	{"python3",	{"python3 -c", NULL}, false, false},
	{"py",		{"python3 -c", "python -c"}, false, false},
	{"perl",	{"perl -e", NULL}, false, false},
	{"ruby",	{"ruby -e", NULL}, false, false},
	{"node",	{"node -e", NULL}, false, false},
	{"javascript",	{"node -e", NULL}, false, false},
	{"js",		{"node -e", NULL}, false, false},
	{"lua",		{"lua -e", NULL}, false, false},
	{"php",		{"php -r", NULL}, false, false},
};

/* Set by the system or read by programs before any script: never a step's variable. */
static const char *const kept_names[] = {
	"PATH", "HOME", "USER", "LOGNAME", "SHELL", "IFS", "ENV", "PS1", "PS2", "PS3", "PS4",
	"PROMPT_COMMAND", "CDPATH", "GLOBIGNORE", "SHELLOPTS", "BASHOPTS", "BASH", "PWD",
	"OLDPWD", "TERM", "LANG", "LANGUAGE", "TMPDIR", "HOSTNAME", "UID", "EUID", "PPID",
	"RANDOM", "SECONDS", "LINENO", "OPTARG", "OPTIND", "REPLY", "PIPESTATUS", "FUNCNAME",
	"SSH_AUTH_SOCK", "EDITOR", "VISUAL", "PAGER", "MANPAGER", "LESSOPEN", "LESSCLOSE", "TZ",
	"NODE_OPTIONS", "JAVA_TOOL_OPTIONS",
};
static const char *const kept_prefixes[] = {
	"LD_", "DYLD_", "LC_", "BASH_", "TOCSIN_", "PYTHON", "PERL5", "RUBY", "GIT_", "XDG_",
};
static const char *const assigning[] = {
	"for ", "read ", "export ", "local ", "declare ", "typeset ", "readonly ", "mapfile ",
	"readarray ", "getopts ", "printf -v ", "select ",
};
/* clang-format on */

static const struct lang *lang_find(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_LEN(langs); i++)
		if (!strcmp(langs[i].name, name))
			return &langs[i];
	return NULL;
}

bool script_runs(const char *lang)
{
	return lang_find(lang) != NULL;
}

bool script_is_shell(const char *lang)
{
	const struct lang *l = lang_find(lang);

	return l && l->shell;
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return is_upper(c) || (c >= 'a' && c <= 'z');
}

static bool is_word(char c)
{
	return is_alpha(c) || is_digit(c) || c == '_';
}

bool script_var_allowed(const char *name)
{
	size_t n = strlen(name);

	if (!n || n > 64 || is_digit(*name))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_word(name[i]))
			return false;
	for (size_t i = 0; i < ARRAY_LEN(kept_names); i++)
		if (!strcmp(name, kept_names[i]))
			return false;
	for (size_t i = 0; i < ARRAY_LEN(kept_prefixes); i++)
		if (!strncmp(name, kept_prefixes[i], strlen(kept_prefixes[i])))
			return false;
	return true;
}

/* --- reading shell text --- */

struct heredoc {
	char delimiter[64];
	bool quoted, tabs;
};

struct scan {
	struct arena *a;
	struct step *step;
	struct strbuf *out; /* NULL: only follow the quoting */
	char quote[MAX_DEPTH]; /* 0, ' or "; one for each open $( or ( */
	int depth;
	struct heredoc docs[MAX_HEREDOCS]; /* announced; the first is being read */
	size_t n_docs;
	bool in_doc;
	bool continued; /* the line ended in a backslash */
	const char *names[MAX_NAMES];
	size_t n_names;
};

static bool scan_open(const struct scan *sc)
{
	return sc->in_doc || sc->continued || sc->depth || sc->quote[0];
}

static void emit(struct scan *sc, const char *s, size_t n)
{
	if (sc->out)
		strbuf_add(sc->out, s, n);
}

static void need(struct scan *sc, const char *name)
{
	for (size_t i = 0; i < sc->n_names; i++)
		if (!strcmp(sc->names[i], name))
			return;
	if (sc->out && sc->n_names < MAX_NAMES)
		sc->names[sc->n_names++] = name;
}

static void breaks(struct scan *sc, const char *why)
{
	if (sc->out && !sc->step->broken)
		sc->step->broken = why;
}

/* "pod-name" -> POD_NAME; what is not allowed gets a tail. */
static const char *variable_name(struct arena *a, const char *s, size_t n)
{
	char *name = arena_format(a, "%s%.*s", is_digit(*s) ? "V_" : "", (int)n, s);

	for (char *c = name; *c; c++) {
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
		else if (!is_word(*c))
			*c = '_';
	}
	return script_var_allowed(name) ? name : arena_format(a, "%s_VALUE", name);
}

/* <name>, {{ name }}: bytes it takes, 0 when it is none; the name is put in *name, *len. */
static size_t placeholder(const char *s, const char *end, const char **name, size_t *len)
{
	bool braces = end - s > 4 && s[0] == '{' && s[1] == '{';
	const char *at = s + (braces ? 2 : 1), *start;

	if (!braces && *s != '<')
		return 0;
	if (braces)
		while (at < end && *at == ' ')
			at++;
	if (at >= end || !is_alpha(*at))
		return 0;
	start = at;
	while (at < end &&
		(is_word(*at) ||
			(!braces && strchr("-. /:", *at) && at + 1 < end &&
				at[1] != '>')))
		at++;
	*name = start;
	*len = (size_t)(at - start);
	if (*len > MAX_NAME)
		return 0;
	while (braces && at < end && *at == ' ')
		at++;
	if (braces)
		return end - at >= 2 && at[0] == '}' && at[1] == '}'
			? (size_t)(at + 2 - s)
			: 0;
	return at < end && *at == '>' ? (size_t)(at + 1 - s) : 0;
}

/* NAME_HERE, with nothing that makes it a variable's name already. */
static size_t name_here(const char *s, const char *line, const char *end)
{
	size_t n = 0;

	if (!is_upper(*s) || (s > line && (is_word(s[-1]) || strchr("$-./", s[-1]))) ||
		(s > line && s[-1] == '{'))
		return 0;
	while (s + n < end && (is_upper(s[n]) || is_digit(s[n]) || s[n] == '_'))
		n++;
	if (n < 6 || n > MAX_NAME || strncmp(s + n - 5, "_HERE", 5))
		return 0;
	return s + n < end && (is_word(s[n]) || s[n] == '=') ? 0 : n;
}

/* Replace a placeholder at s by an expansion that fits the quoting; bytes used, 0: none. */
static size_t replace(
	struct scan *sc, const char *s, const char *line, const char *end, char quote)
{
	const char *name = s, *var;
	size_t len, n = placeholder(s, end, &name, &len);
	char *form;

	if (n && *s == '<' && s > line && s[-1] == '<')
		n = 0;
	if (!n && (n = name_here(s, line, end)) > 0)
		len = n;
	if (!n)
		return 0;
	var = variable_name(sc->a, name, len);
	need(sc, var);
	if (quote == '\'')
		form = arena_format(sc->a, "'\"$%s\"'", var);
	else if (quote)
		form = arena_format(sc->a, "${%s}", var);
	else
		form = arena_format(sc->a, "\"$%s\"", var);
	emit(sc, form, strlen(form));
	return n;
}

/* $NAME, ${NAME}: note that it must have a value.  Bytes of the name and what leads to it. */
static size_t expansion(struct scan *sc, const char *s, const char *end)
{
	const char *start = s + 1, *at;
	bool braces = start < end && *start == '{';
	char *name;

	start += braces;
	for (at = start; at < end && is_word(*at); at++)
		;
	if (at - start < 2 || !is_upper(*start) ||
		(braces && at < end && strchr("-=+", *at)) ||
		(braces && at + 1 < end && *at == ':' && strchr("-=+", at[1])))
		return 1;
	name = arena_strndup(sc->a, start, (size_t)(at - start));
	for (const char *c = name; *c; c++)
		if (!is_upper(*c) && !is_digit(*c) && *c != '_')
			return 1;
	if (script_var_allowed(name))
		need(sc, name);
	return 1;
}

static void announce_doc(struct scan *sc, const char *s, const char *end)
{
	struct heredoc *d;
	size_t n = 0;

	if (sc->n_docs == MAX_HEREDOCS)
		return;
	d = &sc->docs[sc->n_docs];
	d->tabs = s < end && *s == '-';
	s += d->tabs;
	while (s < end && *s == ' ')
		s++;
	d->quoted = s < end && strchr("'\"\\", *s) != NULL;
	for (s += d->quoted; s < end && is_word(*s) && n + 1 < sizeof(d->delimiter); s++)
		d->delimiter[n++] = *s;
	d->delimiter[n] = '\0';
	sc->n_docs += n > 0;
}

static bool ends_doc(const struct heredoc *d, const char *s, size_t n)
{
	while (d->tabs && n && *s == '\t') {
		s++;
		n--;
	}
	return strlen(d->delimiter) == n && !strncmp(d->delimiter, s, n);
}

static void scan_doc_line(struct scan *sc, const char *line, size_t n)
{
	const struct heredoc *d = &sc->docs[0];
	const char *end = line + n, *name;
	size_t len;

	if (ends_doc(d, line, n)) {
		emit(sc, line, n);
		memmove(&sc->docs[0], &sc->docs[1],
			(MAX_HEREDOCS - 1) * sizeof(sc->docs[0]));
		sc->in_doc = --sc->n_docs > 0;
		return;
	}
	for (const char *s = line; s < end; s++) {
		size_t used = 0;

		if (d->quoted && placeholder(s, end, &name, &len))
			breaks(sc,
				_("a here-document whose delimiter is quoted holds a "
				  "placeholder"));
		else if (!d->quoted)
			used = replace(sc, s, line, end, '"');
		if (!d->quoted && *s == '$')
			expansion(sc, s, end);
		if (used)
			s += used - 1;
		else
			emit(sc, s, 1);
	}
}

static void blank_word(struct scan *sc, const char *s, const char *line, const char *end)
{
	static const char *const blanks[] = {"...", "xxx", "\xe2\x80\xa6"};

	if (s > line && s[-1] != ' ' && s[-1] != '\t')
		return;
	for (size_t i = 0; i < ARRAY_LEN(blanks); i++) {
		size_t n = strlen(blanks[i]);

		if ((size_t)(end - s) >= n && !strncasecmp(s, blanks[i], n) &&
			(s + n == end || s[n] == ' '))
			breaks(sc, _("the text leaves something out ('...' or 'xxx')"));
	}
}

/* One character outside of single quotes; bytes taken. */
static size_t scan_char(struct scan *sc, const char *s, const char *end)
{
	char *quote = &sc->quote[sc->depth];

	if (*s == '\\' && s + 1 < end)
		return 2;
	if (*s == '"') {
		*quote = *quote == '"' ? 0 : '"';
	} else if (*s == '$') {
		if (s + 1 < end && s[1] == '(' && sc->depth + 1 < MAX_DEPTH) {
			sc->quote[++sc->depth] = 0;
			return 2;
		}
		return expansion(sc, s, end);
	} else if (!*quote && *s == '\'') {
		*quote = '\'';
	} else if (!*quote && *s == '(' && sc->depth + 1 < MAX_DEPTH) {
		sc->quote[++sc->depth] = 0;
	} else if (!*quote && *s == ')' && sc->depth) {
		sc->depth--;
	} else if (!*quote && end - s > 2 && !strncmp(s, "<<<", 3)) {
		return 3;
	} else if (!*quote && end - s > 1 && !strncmp(s, "<<", 2)) {
		announce_doc(sc, s + 2, end);
		return 2;
	}
	return 1;
}

static void scan_line(struct scan *sc, const char *line, size_t n)
{
	const char *end = line + n;

	sc->continued = false;
	if (sc->in_doc) {
		scan_doc_line(sc, line, n);
		return;
	}
	for (const char *s = line; s < end;) {
		char quote = sc->quote[sc->depth];
		size_t used;

		if (!quote && *s == '#' && (s == line || strchr(" \t;", s[-1]))) {
			emit(sc, s, (size_t)(end - s));
			break;
		}
		if (!quote)
			blank_word(sc, s, line, end);
		used = replace(sc, s, line, end, quote);
		if (used) {
			s += used;
			continue;
		}
		if (quote == '\'') {
			used = 1;
			if (*s == '\'')
				sc->quote[sc->depth] = 0;
		} else {
			sc->continued = *s == '\\' && s + 1 == end;
			used = scan_char(sc, s, end);
		}
		emit(sc, s, used);
		s += used;
	}
	sc->in_doc = sc->n_docs > 0;
}

/* --- prompts and transcripts --- */

static size_t line_bytes(const char *s)
{
	return strcspn(s, "\n");
}

/* The text behind a prompt at the line's start, or NULL. */
static const char *behind_prompt(const char *line, size_t n, char prompt)
{
	size_t i = 0;

	while (i < n && (line[i] == ' ' || line[i] == '\t'))
		i++;
	if (i < n && line[i] == prompt && (i + 1 == n || line[i + 1] == ' '))
		return line + i + (i + 1 == n ? 1 : 2);
	return NULL;
}

static bool any_prompt(const char *text, char prompt)
{
	for (; *text; text += line_bytes(text), text += *text == '\n') {
		const char *rest = behind_prompt(text, line_bytes(text), prompt);

		if (rest && rest < text + line_bytes(text))
			return true;
	}
	return false;
}

/* Split a transcript: commands to script, the rest to expected. */
static void split_transcript(struct strbuf *script, struct strbuf *expected,
	const char *text, char prompt, struct arena *a)
{
	struct scan sc = {.a = a};

	for (; *text; text += line_bytes(text), text += *text == '\n') {
		size_t n = line_bytes(text);
		bool open = scan_open(&sc);
		const char *command = behind_prompt(text, n, prompt);

		if (open) {
			command = behind_prompt(text, n, '>');
			command = command ? command : text;
		}
		if (command) {
			size_t left = n - (size_t)(command - text);

			scan_line(&sc, command, left);
			strbuf_add(script, command, left);
			strbuf_addc(script, '\n');
		} else {
			strbuf_add(expected, text, n);
			strbuf_addc(expected, '\n');
		}
	}
}

/* --- names that the text gives values to --- */

static bool assigns_here(const char *text, const char *at, size_t n)
{
	const char *line = at;

	if (at > text && (is_word(at[-1]) || strchr("$", at[-1]) || at[-1] == '{'))
		return false;
	if (is_word(at[n]))
		return false;
	if (at[n] == '=' || (at[n] == '+' && at[n + 1] == '='))
		return true;
	while (line > text && line[-1] != '\n')
		line--;
	for (size_t i = 0; i < ARRAY_LEN(assigning); i++) {
		const char *word = strstr(line, assigning[i]);

		if (word && word < at)
			return true;
	}
	return false;
}

static bool assigns(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = strstr(text, name); at; at = strstr(at + 1, name))
		if (assigns_here(text, at, n))
			return true;
	return false;
}

static void keep_inputs(
	struct step *s, const struct scan *sc, const char *text, struct arena *a)
{
	s->inputs.items = arena_alloc(a, MAX_NAMES, sizeof(*s->inputs.items));
	for (size_t i = 0; i < sc->n_names; i++)
		if (!assigns(text, sc->names[i]))
			s->inputs.items[s->inputs.n++] = sc->names[i];
}

static bool exports_by_name(const char *name)
{
	size_t n = name ? strlen(name) : 0;

	for (size_t i = 0; i < n; i++)
		if (!is_upper(name[i]) && !is_digit(name[i]) && name[i] != '_')
			return false;
	return n >= 3 && is_upper(*name) && script_var_allowed(name);
}

static void find_outputs(struct step *s, struct arena *a)
{
	const char *text = s->source;

	s->outputs.items = arena_alloc(a, MAX_NAMES, sizeof(*s->outputs.items));
	if (exports_by_name(s->name))
		s->outputs.items[s->outputs.n++] = s->name;
	if (!strstr(text, "TOCSIN_OUTPUT"))
		return;
	for (const char *at = strchr(text, '='); at; at = strchr(at + 1, '=')) {
		const char *start = at;
		char *name;

		while (start > text && is_word(start[-1]))
			start--;
		name = arena_strndup(a, start, (size_t)(at - start));
		if (s->outputs.n < MAX_NAMES && script_var_allowed(name))
			s->outputs.items[s->outputs.n++] = name;
	}
}

/* "$NAME" and "${NAME}" in YAML, where they stand for whole values. */
void script_find_inputs(struct step *s, struct arena *a)
{
	s->inputs.items = arena_alloc(a, MAX_NAMES, sizeof(*s->inputs.items));
	for (const char *at = strchr(s->source, '$'); at; at = strchr(at + 1, '$')) {
		const char *start = at + 1 + (at[1] == '{');
		size_t n = 0;
		char *name;

		while (is_word(start[n]))
			n++;
		name = arena_strndup(a, start, n);
		if (script_var_allowed(name) && s->inputs.n < MAX_NAMES)
			s->inputs.items[s->inputs.n++] = name;
	}
}

/* --- the whole --- */

static void prepare_shell(struct step *s, const struct lang *lang, struct arena *a)
{
	struct strbuf commands = STRBUF_INIT, expected = STRBUF_INIT,
		      script = STRBUF_INIT;
	struct scan sc = {.a = a, .step = s, .out = &script};
	char prompt = any_prompt(s->source, '$')              ? '$'
		: lang->console && any_prompt(s->source, '#') ? '#'
							      : 0;

	if (prompt)
		split_transcript(&commands, &expected, s->source, prompt, a);
	else
		strbuf_adds(&commands, s->source);
	for (const char *t = commands.buf; *t; t += line_bytes(t), t += *t == '\n') {
		scan_line(&sc, t, line_bytes(t));
		strbuf_addc(&script, '\n');
	}
	s->script = arena_strdup(a, script.buf);
	s->expected = expected.len ? arena_strdup(a, expected.buf) : NULL;
	keep_inputs(s, &sc, s->script, a);
	strbuf_release(&commands);
	strbuf_release(&expected);
	strbuf_release(&script);
}

void script_prepare(struct step *s, struct arena *a)
{
	const struct lang *lang = lang_find(s->lang);

	s->script = s->source;
	if (lang->shell)
		prepare_shell(s, lang, a);
	find_outputs(s, a);
	if (!s->script[strspn(s->script, " \t\n")])
		s->broken = _("there is no command in it");
	else if (strlen(s->script) > SCRIPT_MAX_BYTES)
		s->broken = _("the script is longer than 100 KB");
}

bool script_argv(const char *argv[SCRIPT_MAX_ARGV], const struct step *s, bool second,
	struct arena *a)
{
	const char *slash = s->interpreter ? strrchr(s->interpreter, '/') : NULL;
	const char *name = slash ? slash + 1 : s->interpreter ? s->interpreter : s->lang;
	const struct lang *lang = lang_find(name);
	const char *words = lang ? lang->argv[second] : NULL;
	size_t n = 0;

	if (!words)
		return false;
	while (*words && n < SCRIPT_MAX_ARGV - 3) {
		size_t len = strcspn(words, " ");

		argv[n++] = arena_strndup(a, words, len);
		words += len;
		words += strspn(words, " ");
	}
	argv[n++] = s->script;
	if (lang->shell)
		argv[n++] = s->name; /* $0, for its messages */
	argv[n] = NULL;
	return true;
}
