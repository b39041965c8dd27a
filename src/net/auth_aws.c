#include "config.h"

#include "net/auth_aws.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/json.h"
#include "core/path.h"
#include "net/auth_job.h"
#include "net/auth_sigv4.h"
#include "net/auth_token.h"

/* --- INI --- */

static void trim(const char **s, const char **end)
{
	while (*s < *end && isspace((unsigned char)**s))
		(*s)++;
	while (*end > *s && isspace((unsigned char)(*end)[-1]))
		(*end)--;
}

static bool is_text(const char *s, const char *end, const char *text)
{
	return (size_t)(end - s) == strlen(text) && !strncmp(s, text, (size_t)(end - s));
}

/* "[name]", also "[ name ]". */
static bool is_section(const char *s, const char *end, const char *section)
{
	s++;
	end = memchr(s, ']', (size_t)(end - s));
	if (!end)
		return false;
	trim(&s, &end);
	return is_text(s, end, section);
}

static const char *comment_of(const char *s, const char *end)
{
	for (const char *p = s; p < end; p++) {
		if ((*p == '#' || *p == ';') && p > s && isspace((unsigned char)p[-1]))
			return p;
	}
	return end;
}

static bool take_value(
	struct strbuf *out, size_t from, const char *s, const char *end, const char *key)
{
	const char *equals = memchr(s, '=', (size_t)(end - s));
	const char *name_end = equals, *value;

	if (!equals)
		return false;
	value = equals + 1;
	trim(&s, &name_end);
	if (!is_text(s, name_end, key))
		return false;
	end = comment_of(value, end);
	trim(&value, &end);
	strbuf_truncate(out, from);
	strbuf_add(out, value, (size_t)(end - value));
	return true;
}

bool aws_ini_get(
	struct strbuf *out, const char *s, size_t n, const char *section, const char *key)
{
	const char *end = s + n;
	size_t from = out->len;
	bool inside = false, found = false;

	while (s < end) {
		const char *line_end = memchr(s, '\n', (size_t)(end - s));
		const char *from_line = s, *to;

		if (!line_end)
			line_end = end;
		to = line_end;
		trim(&from_line, &to);
		/* An indented line belongs to a nested value, such as of s3. */
		if (from_line == to || *from_line == '#' || *from_line == ';')
			;
		else if (*from_line == '[')
			inside = is_section(from_line, to, section);
		else if (inside && from_line == s)
			found |= take_value(out, from, from_line, to, key);
		s = line_end + (line_end < end);
	}
	return found && out->len > from;
}

/* --- profiles --- */

static char *aws_file(const char *variable, const char *name)
{
	const char *given = getenv(variable);

	if (given && *given)
		return path_expand(given, "/");
	return path_expand(name, "/");
}

const char *aws_profile_name(const char *profile)
{
	const char *named = getenv("AWS_PROFILE");

	return profile ? profile : named && *named ? named : "default";
}

static bool file_get(struct strbuf *out, char *file, const char *section, const char *key)
{
	struct strbuf text = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	bool found = false;

	strbuf_room(&text, 16384);
	if (!path_read(&text, file, AWS_FILE_MAX_BYTES, &ignored))
		found = aws_ini_get(out, text.buf, text.len, section, key);
	err_release(&ignored);
	secret_release(&text);
	free(file);
	return found;
}

bool aws_profile_get(struct strbuf *out, const char *profile, const char *key)
{
	const char *name = aws_profile_name(profile);
	char *section =
		mem_format("%s%s", strcmp(name, "default") ? "profile " : "", name);
	bool found =
		file_get(out,
			aws_file("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
			name, key) ||
		file_get(out, aws_file("AWS_CONFIG_FILE", "~/.aws/config"), section, key);

	free(section);
	return found;
}

bool aws_region(struct strbuf *out, const char *profile)
{
	static const char *const names[] = {"AWS_REGION", "AWS_DEFAULT_REGION"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value) {
			strbuf_adds(out, value);
			return true;
		}
	}
	return aws_profile_get(out, profile, "region");
}

const char *aws_endpoint(const char *service)
{
	const char *off = getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
	const char *value = NULL;
	char *name = mem_format("AWS_ENDPOINT_URL_%s", service ? service : "");

	for (char *p = name; *p; p++)
		*p = (char)(*p == '-' || *p == ' ' ? '_' : toupper((unsigned char)*p));
	if (!off || strcmp(off, "true") != 0) {
		value = service ? getenv(name) : NULL;
		if (!value || !*value)
			value = getenv("AWS_ENDPOINT_URL");
	}
	free(name);
	return value && *value ? value : NULL;
}

/* --- a credential --- */

static int keys_check(const struct credential *c, const char *origin, struct err *e)
{
	static const enum credential_part parts[] = {
		CREDENTIAL_ACCESS_KEY, CREDENTIAL_SECRET_KEY, CREDENTIAL_SESSION};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		for (const char *p = credential_text(c, parts[i]); *p; p++) {
			if ((unsigned char)*p > ' ' && (unsigned char)*p < 0x7f)
				continue;
			return err_set(e, ERR_AUTH,
				_("the AWS key from %s holds a character that no header "
				  "can carry"),
				origin);
		}
	}
	return AUTH_DONE;
}

static int part_secret(struct auth_try *t, enum credential_part part,
	const struct secret_ref *ref, struct err *e)
{
	struct strbuf text = STRBUF_INIT;
	int rc = auth_secret(t, &text, ref, e);

	if (rc == AUTH_DONE && text.len)
		credential_set(t->out, part, text.buf, text.len);
	secret_release(&text);
	return rc;
}

static int keys_from_config(struct auth_try *t, struct err *e)
{
	const struct auth_conf *conf = &t->ask->source->auth;
	const struct sigv4_conf *s = &conf->sigv4;
	int rc = AUTH_DONE;

	if (s->access_key)
		credential_set(t->out, CREDENTIAL_ACCESS_KEY, s->access_key,
			strlen(s->access_key));
	else
		rc = part_secret(t, CREDENTIAL_ACCESS_KEY, &s->access_key_secret, e);
	if (rc == AUTH_DONE)
		rc = part_secret(t, CREDENTIAL_SECRET_KEY, &conf->secret, e);
	if (rc == AUTH_DONE)
		rc = part_secret(t, CREDENTIAL_SESSION, &s->session_token, e);
	return rc == AUTH_DONE ? keys_check(t->out, s->service, e) : rc;
}

static bool keys_from_env(struct credential *out)
{
	const char *id = getenv("AWS_ACCESS_KEY_ID");
	const char *key = getenv("AWS_SECRET_ACCESS_KEY");
	const char *session = getenv("AWS_SESSION_TOKEN");

	if (!id || !*id || !key || !*key)
		return false;
	credential_set(out, CREDENTIAL_ACCESS_KEY, id, strlen(id));
	credential_set(out, CREDENTIAL_SECRET_KEY, key, strlen(key));
	if (session)
		credential_set(out, CREDENTIAL_SESSION, session, strlen(session));
	return true;
}

static bool part_profile(struct credential *out, enum credential_part part,
	const char *profile, const char *key)
{
	struct strbuf text = STRBUF_INIT;
	bool found;

	strbuf_room(&text, 4096);
	found = aws_profile_get(&text, profile, key);
	if (found)
		credential_set(out, part, text.buf, text.len);
	secret_release(&text);
	return found;
}

/* credential_process: a program that prints keys as JSON. */
static int process_done(struct auth_job *job, const struct auth_ask *ask,
	const struct http_answer *answer, struct err *e)
{
	static const struct {
		const char *key;
		enum credential_part part;
	} parts[] = {
		{"AccessKeyId", CREDENTIAL_ACCESS_KEY},
		{"SecretAccessKey", CREDENTIAL_SECRET_KEY},
		{"SessionToken", CREDENTIAL_SESSION},
	};
	struct json *j = NULL;
	struct err inner = ERR_INIT;
	int rc = json_parse(&j, job->out.buf, job->out.len, &inner);

	(void)ask;
	(void)answer;
	err_release(&inner);
	secret_release(&job->out);
	credential_release(&job->made);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const char *text = json_text(json_get(j, parts[i].key));

		if (text)
			credential_set(&job->made, parts[i].part, text, strlen(text));
	}
	if (rc < 0 || !*credential_text(&job->made, CREDENTIAL_ACCESS_KEY) ||
		!*credential_text(&job->made, CREDENTIAL_SECRET_KEY))
		rc = err_set(e, ERR_AUTH,
			_("the credential_process '%s' printed no AWS keys"),
			job->program);
	if (rc == 0)
		rc = keys_check(&job->made, job->program, e);
	if (rc == 0)
		token_keep(job, token_life(json_get(j, "Expiration"), clock_now()));
	json_wipe(j);
	return rc;
}

static int keys_from_process(struct auth_try *t, const char *command, struct err *e)
{
	extern char **environ;
	const char *argv[] = {"sh", "-c", command, NULL};
	char *key = mem_format("aws-process\x1f%s", command);
	struct auth_job *job;
	int rc = auth_job_for(&job, t, key, e);

	free(key);
	if (rc == AUTH_START)
		rc = auth_job_command(job, t, argv, (const char *const *)environ, NULL,
			process_done, e);
	if (rc == AUTH_DONE)
		credential_copy(t->out, &job->made);
	return rc;
}

static int profile_err(const char *name, struct err *e)
{
	struct strbuf ignored = STRBUF_INIT;
	bool sso = aws_profile_get(&ignored, name, "sso_session") ||
		aws_profile_get(&ignored, name, "sso_start_url") ||
		aws_profile_get(&ignored, name, "role_arn");

	strbuf_release(&ignored);
	if (!sso) {
		err_set(e, ERR_AUTH,
			_("there are no AWS keys in the environment or in the profile "
			  "'%s'"),
			name);
		return err_hint(e,
			_("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run: aws "
			  "configure"));
	}
	err_set(e, ERR_AUTH,
		_("the AWS profile '%s' signs in by SSO or assumes a role, which only "
		  "the aws tool does"),
		name);
	return err_hint(e,
		_("add a profile with: credential_process = aws configure "
		  "export-credentials --profile %s"),
		name);
}

static int keys_from_profile(struct auth_try *t, const char *profile, struct err *e)
{
	const char *name = aws_profile_name(profile);
	struct strbuf command = STRBUF_INIT;
	int rc;

	if (part_profile(t->out, CREDENTIAL_ACCESS_KEY, name, "aws_access_key_id") &&
		part_profile(
			t->out, CREDENTIAL_SECRET_KEY, name, "aws_secret_access_key")) {
		part_profile(t->out, CREDENTIAL_SESSION, name, "aws_session_token");
		return keys_check(t->out, name, e);
	}
	if (aws_profile_get(&command, name, "credential_process"))
		rc = keys_from_process(t, command.buf, e);
	else
		rc = profile_err(name, e);
	strbuf_release(&command);
	return rc;
}

static int where_set(struct auth_try *t, struct err *e)
{
	const struct source_conf *s = t->ask->source;
	const struct sigv4_conf *v = &s->auth.sigv4;
	struct strbuf region = STRBUF_INIT;
	bool known = v->region || aws_region(&region, v->profile);

	if (!v->service) {
		err_set(e, ERR_INPUT, _("the signature for '%s' needs a service"),
			s->name);
		return err_hint(
			e, _("name it with auth: {sigv4: {service: execute-api}}"));
	}
	if (!known) {
		err_set(e, ERR_INPUT, _("the signature for '%s' needs a region"),
			s->name);
		return err_hint(e, _("set AWS_REGION, or auth: {sigv4: {region: NAME}}"));
	}
	credential_set(t->out, CREDENTIAL_SERVICE, v->service, strlen(v->service));
	if (v->region)
		credential_set(t->out, CREDENTIAL_REGION, v->region, strlen(v->region));
	else
		credential_set(t->out, CREDENTIAL_REGION, region.buf, region.len);
	strbuf_release(&region);
	return AUTH_DONE;
}

int auth_sigv4_build(struct auth_try *t, struct err *e)
{
	const struct auth_conf *conf = &t->ask->source->auth;
	int rc = sigv4_check(e);

	if (rc == 0 && secret_ref_is_set(&conf->secret))
		rc = keys_from_config(t, e);
	else if (rc == 0 && !conf->sigv4.profile && keys_from_env(t->out))
		rc = keys_check(t->out, "AWS_ACCESS_KEY_ID", e);
	else if (rc == 0)
		rc = keys_from_profile(t, conf->sigv4.profile, e);
	return rc == AUTH_DONE ? where_set(t, e) : rc;
}
