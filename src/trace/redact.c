#include "config.h"
#include "trace/redact.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "core/json.h"

#define DEPTH_MAX 32

/* --- what is known by its form --- */

enum letters { WORD, /* A-Z a-z 0-9 _ - */ ALNUM, UPPER, TOKEN /* and . ~ + / = */ };

struct form {
	const char *prefix;
	enum letters letters; /* of what follows */
	size_t min; /* at least so many of them */
	const char *what;
};

/* clang-format off */
static const struct form forms[] = {
	{"sk-ant-", WORD, 8, "key"},
	{"sk-proj-", WORD, 8, "key"},
	{"sk-lf-", WORD, 8, "key"},
	{"pk-lf-", WORD, 8, "key"},
	{"sk-", ALNUM, 20, "key"},
	{"lsv2_", WORD, 16, "key"},
	{"hf_", ALNUM, 30, "key"},
	{"ghp_", ALNUM, 36, "key"},
	{"gho_", ALNUM, 36, "key"},
	{"ghu_", ALNUM, 36, "key"},
	{"ghs_", ALNUM, 36, "key"},
	{"ghr_", ALNUM, 36, "key"},
	{"github_pat_", WORD, 20, "key"},
	{"glpat-", WORD, 16, "key"},
	{"xoxa-", WORD, 10, "key"},
	{"xoxb-", WORD, 10, "key"},
	{"xoxe-", WORD, 10, "key"},
	{"xoxp-", WORD, 10, "key"},
	{"xoxr-", WORD, 10, "key"},
	{"xoxs-", WORD, 10, "key"},
	{"AKIA", UPPER, 16, "key"},
	{"ASIA", UPPER, 16, "key"},
	{"AIza", WORD, 35, "key"},
	{"ya29.", TOKEN, 20, "key"},
	{"sk_live_", ALNUM, 10, "key"},
	{"sk_test_", ALNUM, 10, "key"},
	{"rk_live_", ALNUM, 10, "key"},
	{"rk_test_", ALNUM, 10, "key"},
	{"SG.", TOKEN, 40, "key"},
	{"npm_", ALNUM, 36, "key"},
	{"pypi-", WORD, 16, "key"},
	{"eyJ", TOKEN, 40, "token"},
	{"Bearer ", TOKEN, 8, "token"},
	{"bearer ", TOKEN, 8, "token"},
	{"Basic ", TOKEN, 8, "token"},
};

/* Members and query parameters by name: whole, or behind "_", "-" or ".". */
static const char *const names[] = {"authorization", "cookie", "set-cookie", "password", "passwd",
	"pwd", "secret", "client_secret", "api_key", "apikey", "api-key", "access_key", "secret_key",
	"private_key", "token", "credential", "credentials", "connection_string", "signature", "sig"};

/* They end in token, and are none. */
static const char *const harmless[] = {"next_page_token", "page_token", "first_token",
	"pad_token", "eos_token", "bos_token", "stop_token"};
/* clang-format on */

static bool is_letter(enum letters kind, char c)
{
	static const char *const extra[] = {
		[WORD] = "_-", [ALNUM] = "", [UPPER] = "", [TOKEN] = "_-.~+/="};

	if (kind == UPPER)
		return isupper((unsigned char)c) || isdigit((unsigned char)c);
	return isalnum((unsigned char)c) || (c && strchr(extra[kind], c));
}

static bool name_is_secret(const char *name, size_t n)
{
	for (size_t i = 0; i < sizeof(harmless) / sizeof(*harmless); i++)
		if (strlen(harmless[i]) == n && !strncasecmp(harmless[i], name, n))
			return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t len = strlen(names[i]);

		if (len > n || strncasecmp(names[i], name + n - len, len))
			continue;
		if (len == n || strchr("_-.", name[n - len - 1]))
			return true;
	}
	return false;
}

/* Bytes of the secret that begins at s; 0: none does. */
static size_t form_at(const char *s, size_t n, const char **what)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		const struct form *f = &forms[i];
		size_t head = strlen(f->prefix), len = head;

		if (*s != *f->prefix || head > n || strncmp(s, f->prefix, head))
			continue;
		while (len < n && is_letter(f->letters, s[len]))
			len++;
		if (len - head < f->min)
			continue;
		*what = f->what;
		return len;
	}
	return 0;
}

/* A block from -----BEGIN ... PRIVATE KEY----- to its end, or to the text's. */
static size_t pem_at(const char *s, size_t n)
{
	static const char begin[] = "-----BEGIN ", end[] = "-----END ";
	const char *line_end, *stop;

	if (n < sizeof(begin) || strncmp(s, begin, sizeof(begin) - 1))
		return 0;
	line_end = memmem(s + 11, n - 11, "-----", 5);
	if (!line_end || !memmem(s, (size_t)(line_end - s), "PRIVATE KEY", 11))
		return 0;
	stop = memmem(line_end, n - (size_t)(line_end - s), end, sizeof(end) - 1);
	if (!stop)
		return n;
	line_end = memmem(stop + 9, n - (size_t)(stop + 9 - s), "-----", 5);
	return line_end ? (size_t)(line_end + 5 - s) : n;
}

/* "://user:password@": the user and the password; *skip is how far the "://" reaches. */
static size_t userinfo_at(const char *s, size_t n)
{
	size_t i = 3;
	bool colon = false;

	if (n < 6 || strncmp(s, "://", 3))
		return 0;
	for (; i < n && i < 512 && !strchr("/@ \t\r\n\"'<>", s[i]); i++)
		colon |= s[i] == ':';
	return colon && i < n && s[i] == '@' ? i : 0;
}

/* "?name=value" or "&name=value" with a telling name: bytes up to the value, and the value. */
static size_t query_at(const char *s, size_t n, size_t *value)
{
	size_t i = 1;

	if (*s != '?' && *s != '&')
		return 0;
	while (i < n && i < 64 && is_letter(WORD, s[i]))
		i++;
	if (i >= n || s[i] != '=' || i == 1 || !name_is_secret(s + 1, i - 1))
		return 0;
	for (*value = 0;
		i + 1 + *value < n && !strchr("& \t\r\n\"'<>#", s[i + 1 + *value]);)
		(*value)++;
	return *value ? i + 1 : 0;
}

static bool luhn(const char *digits, size_t n)
{
	int sum = 0;

	for (size_t i = 0; i < n; i++) {
		int d = digits[n - 1 - i] - '0';

		d = i % 2 ? d * 2 : d;
		sum += d > 9 ? d - 9 : d;
	}
	return sum % 10 == 0;
}

/* A card: 13 to 19 digits, in groups or not, that pass the check and begin as cards do. */
static size_t card_at(const char *s, size_t n)
{
	char digits[19];
	size_t i = 0, have = 0;

	if (!strchr("23456", *s))
		return 0;
	for (; i < n && have < sizeof(digits); i++) {
		if (isdigit((unsigned char)s[i]))
			digits[have++] = s[i];
		else if ((s[i] != ' ' && s[i] != '-') ||
			!isdigit((unsigned char)s[i - 1]))
			break;
	}
	while (i && !isdigit((unsigned char)s[i - 1]))
		i--;
	if (have < 13 || (i < n && isdigit((unsigned char)s[i])) || !luhn(digits, have))
		return 0;
	return i;
}

static void mark(struct strbuf *out, const char *what)
{
	strbuf_addf(out, "[redacted:%s]", what);
}

/* What begins here, when a word can: appended as a mark; bytes it took, 0 none. */
static size_t take(struct strbuf *out, const char *s, size_t n, bool fresh)
{
	const char *what = "key";
	size_t len, value = 0;

	if ((len = userinfo_at(s, n)) != 0) {
		strbuf_adds(out, "://");
		mark(out, "password");
		return len;
	}
	if ((len = query_at(s, n, &value)) != 0) {
		strbuf_add(out, s, len);
		mark(out, "parameter");
		return len + value;
	}
	if ((len = pem_at(s, n)) != 0) {
		mark(out, "private-key");
		return len;
	}
	if (!fresh)
		return 0;
	if ((len = form_at(s, n, &what)) != 0 || (len = card_at(s, n)) != 0) {
		mark(out, isdigit((unsigned char)*s) ? "card" : what);
		return len;
	}
	return 0;
}

void redact_plain(struct strbuf *out, const char *s, size_t n)
{
	bool fresh = true; /* nothing of a word stands before */
	size_t kept = 0, i = 0, whole = n;

	n = n > REDACT_MAX_BYTES ? REDACT_MAX_BYTES : n;
	while (i < n) {
		size_t mark_at = out->len, len;

		strbuf_add(out, s + kept, i - kept);
		len = take(out, s + i, n - i, fresh);
		if (len) {
			i += len;
			kept = i;
			fresh = true;
			continue;
		}
		strbuf_truncate(out, mark_at);
		fresh = !isalnum((unsigned char)s[i]) && s[i] != '_';
		i++;
		/* Nothing begins inside a run of plain letters: go on to where something can. */
		while (i < n && !fresh && isalnum((unsigned char)s[i]))
			i++;
	}
	strbuf_add(out, s + kept, n - kept);
	if (n < whole)
		strbuf_addf(out, "[cut: %zu bytes]", whole - n);
}

/* --- documents --- */

static struct json *redacted(const struct json *j, int depth);

static struct json *redacted_string(const struct json *j, int depth)
{
	struct strbuf out = STRBUF_INIT;
	struct json *text = json_array(), *result;
	const char *s = json_text(j);

	(void)depth;
	redact_text(&out, s, strlen(s));
	json_add_text(text, NULL, out.buf);
	result = json_copy(json_first(text));
	json_free(text);
	strbuf_release(&out);
	return result;
}

static struct json *redacted_list(const struct json *j, int depth)
{
	bool object = json_type(j) == JSON_OBJECT;
	struct json *out = object ? json_object() : json_array();

	json_each (item, j) {
		const char *key = object ? json_key(item) : NULL;

		if (key && json_type(item) == JSON_STRING &&
			name_is_secret(key, strlen(key)))
			json_add_text(out, key, "[redacted:member]");
		else
			json_add(out, key, redacted(item, depth + 1));
	}
	return out;
}

static struct json *redacted(const struct json *j, int depth)
{
	enum json_type type = json_type(j);

	if (depth > DEPTH_MAX)
		return json_array();
	if (type == JSON_STRING)
		return redacted_string(j, depth);
	if (type == JSON_OBJECT || type == JSON_ARRAY)
		return redacted_list(j, depth);
	return json_copy(j);
}

void redact_text(struct strbuf *out, const char *s, size_t n)
{
	struct err ignored = ERR_INIT;
	struct json *doc = NULL, *clean;

	if (n && n <= REDACT_MAX_BYTES && (*s == '{' || *s == '[') &&
		!json_parse(&doc, s, n, &ignored)) {
		clean = redacted(doc, 0);
		json_format(out, clean, false);
		json_free(clean);
	} else {
		redact_plain(out, s, n);
	}
	json_free(doc);
	err_release(&ignored);
}

/* --- spans --- */

enum keep keep_of(const char *word)
{
	if (word && !strcmp(word, "full"))
		return KEEP_FULL;
	return word && !strcmp(word, "none") ? KEEP_NONE : KEEP_MASKED;
}

static const char *clean(const char *text, struct arena *a, enum keep keep)
{
	struct strbuf out = STRBUF_INIT;
	const char *result;

	if (!text || keep == KEEP_NONE)
		return NULL;
	redact_text(&out, text, strlen(text));
	result = arena_strndup(a, out.buf, out.len);
	strbuf_release(&out);
	return result;
}

void redact_span(struct span *s, struct arena *a, enum keep keep)
{
	if (keep == KEEP_FULL)
		return;
	s->input = clean(s->input, a, keep);
	s->output = clean(s->output, a, keep);
	s->error = clean(s->error, a, KEEP_MASKED);
	s->attributes = clean(s->attributes, a, KEEP_MASKED);
}
