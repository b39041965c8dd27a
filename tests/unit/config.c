#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/path.h"
#include "model/config.h"

/* A directory for two files, given as texts. */
struct place {
	char dir[64];
	char *system, *own;
};

static char *put(const char *dir, const char *name, const char *text)
{
	char *file = path_join(dir, name);
	struct err e = ERR_INIT;

	if (text && path_write(file, text, strlen(text), 0600, &e))
		fail_msg("%s", e.what);
	return file;
}

static void place_init(struct place *p, const char *system, const char *own)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(p->dir, sizeof(p->dir), "%.40s/tocsin-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(p->dir));
	p->system = put(p->dir, "system.yaml", system);
	p->own = put(p->dir, "own.yaml", own);
}

static void place_release(struct place *p)
{
	unlink(p->system);
	unlink(p->own);
	rmdir(p->dir);
	free(p->system);
	free(p->own);
}

/* Both files read; they have to be fine. */
static void load(struct config *c, const char *system, const char *own)
{
	struct place where;
	struct problems p;
	struct err e = ERR_INIT;

	place_init(&where, system, own);
	problems_init(&p, NULL);
	if (config_load_files(c, where.system, where.own, &p, &e))
		fail_msg("%s: %s", e.what, p.n ? p.items[0].message : "");
	problems_release(&p);
	place_release(&where);
}

/* What is wrong with both, a line each: "own.yaml:1:2: message | hint". */
static void complain(const char *system, const char *own, const char *expected)
{
	struct place where;
	struct problems p;
	struct err e = ERR_INIT;
	struct config c;
	struct strbuf sb = STRBUF_INIT;

	place_init(&where, system, own);
	problems_init(&p, NULL);
	assert_int_equal(config_load_files(&c, where.system, where.own, &p, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	for (size_t i = 0; i < p.n; i++)
		strbuf_addf(&sb, "%s:%d:%d: %s%s%s\n", path_base(p.items[i].file),
			p.items[i].line, p.items[i].column, p.items[i].message,
			p.items[i].hint ? " | " : "",
			p.items[i].hint ? p.items[i].hint : "");
	assert_string_equal(sb.buf, expected);
	strbuf_release(&sb);
	problems_release(&p);
	err_release(&e);
	place_release(&where);
}

static void nothing_at_all_is_fine(void **state)
{
	struct config c;

	(void)state;
	load(&c, NULL, NULL);
	assert_int_equal(c.n_contexts, 1);
	assert_string_equal(config_context(&c, NULL)->name, "default");
	assert_false(config_context(&c, NULL)->read_only);
	assert_int_equal(c.n_sources + c.n_services + c.files.n, 0);
	assert_true(
		c.store_keep_ns == 14 * NS_PER_DAY && c.store_max_bytes == 2000000000);
	assert_null(c.store_path);
	assert_string_equal(c.audit_sign, "off");
	assert_string_equal(c.ui.clock, "local");
	assert_int_equal(c.ui.low_bandwidth, -1);
	assert_true(c.ui.mouse && c.notify.desktop);
	config_release(&c);
	load(&c, "", "# only a comment\n");
	assert_int_equal(c.files.n, 2);
	config_release(&c);
}

static const char whole[] =
	"context: prod-eu\n"
	"contexts:\n"
	"  - name: prod-eu\n"
	"    region: eu-west-1\n"
	"    read_only: true\n"
	"    sources: [prom, mlflow]\n"
	"  - name: all\n"
	"sources:\n"
	"  - name: prom\n"
	"    type: prometheus\n"
	"    url: https://prom.internal:9090/base@1\n"
	"    every: 30s\n"
	"    timeout: 5s\n"
	"    auth: {bearer: {file: prom.token}}\n"
	"    headers: {X-Scope-OrgID: ml, X-N: 3}\n"
	"    tls: {ca: /etc/ssl/internal.pem}\n"
	"    max_bytes: 1MB\n"
	"  - name: mlflow\n"
	"    type: mlflow\n"
	"    auth: {basic: {user: me, password: {env: ML_PASSWORD}}}\n"
	"    keep_content: none\n"
	"  - name: k\n"
	"    type: kserve\n"
	"    url: http+unix://run/k.sock\n"
	"    auth: {header: {name: X-Key, value: {cmd: [pass, show, k]}}}\n"
	"    tls: {insecure: true}\n"
	"  - name: m\n"
	"    type: metrics\n"
	"    targets: ['http://127.0.0.1:8000/metrics?x=1', http://localhost/metrics]\n"
	"services:\n"
	"  - name: checkout\n"
	"    owner: team\n"
	"    model: {source: mlflow, name: ranker, alias: production}\n"
	"    serving: {source: k, name: checkout}\n"
	"    slos: slos/checkout.yaml\n"
	"    agents: {source: mlflow, match: {name: agent}}\n"
	"    runbooks: [bad-model-version]\n"
	"    levers:\n"
	"      - {name: stop, source: k, do: block, with: {key: 7}, within: 1m, owner: "
	"team,\n"
	"         effect: {session: none-started}}\n"
	"runbooks: [books, ~/more]\n"
	"connectors: /srv/connectors\n"
	"store: {path: store, keep: 7d, max: 1GiB}\n"
	"audit: {sign: ssh-agent, ship: [syslog]}\n"
	"notify: {desktop: false, terminal: on, bell: off, command: [/bin/page, me]}\n"
	"ui: {theme: night, clock: utc, mouse: false, low_bandwidth: off, plain: true}\n";

static void sources_are_read(void **state)
{
	struct config c;
	const struct source_conf *s;

	(void)state;
	load(&c, NULL, whole);
	s = config_source(&c, "prom");
	assert_int_equal(c.n_sources, 4);
	assert_string_equal(s->url, "https://prom.internal:9090/base@1");
	assert_true(s->every_ns == 30 * NS_PER_S && s->timeout_ns == 5 * NS_PER_S);
	assert_int_equal(s->max_bytes, 1000000);
	assert_int_equal(s->line, 9);
	assert_false(s->system);
	assert_string_equal(s->auth.kind, "bearer");
	assert_int_equal(*s->auth.secret.file, '/');
	assert_string_equal(path_base(s->auth.secret.file), "prom.token");
	assert_int_equal(s->n_headers, 2);
	assert_string_equal(s->header_names[0], "X-Scope-OrgID");
	assert_string_equal(s->header_values[1], "3");
	assert_string_equal(s->tls.ca, "/etc/ssl/internal.pem");
	s = config_source(&c, "mlflow");
	assert_null(s->url);
	assert_true(s->every_ns == 15 * NS_PER_S && s->timeout_ns == 10 * NS_PER_S);
	assert_string_equal(s->auth.user, "me");
	assert_string_equal(s->auth.secret.env, "ML_PASSWORD");
	assert_string_equal(s->keep_content, "none");
	s = config_source(&c, "k");
	assert_string_equal(s->auth.name, "X-Key");
	assert_int_equal(s->auth.secret.cmd.n, 3);
	assert_string_equal(s->keep_content, "masked");
	assert_true(s->tls.insecure);
	assert_int_equal(config_source(&c, "m")->targets.n, 2);
	assert_null(config_source(&c, "none"));
	assert_null(config_source(&c, NULL));
	config_release(&c);
}

static void the_rest_is_read(void **state)
{
	struct config c;
	const struct service_conf *s;

	(void)state;
	load(&c, NULL, whole);
	assert_string_equal(config_context(&c, NULL)->region, "eu-west-1");
	assert_true(config_context(&c, "")->read_only);
	assert_true(context_has_source(config_context(&c, "prod-eu"), "mlflow"));
	assert_false(context_has_source(config_context(&c, "prod-eu"), "k"));
	assert_int_equal(config_context(&c, "all")->sources.n, 4); /* no list: all */
	assert_null(config_context(&c, "none"));
	s = config_service(&c, "checkout");
	assert_string_equal(s->model.alias, "production");
	assert_string_equal(s->agents.match_name, "agent");
	assert_int_equal(*s->slos.items[0], '/');
	assert_string_equal(s->runbooks.items[0], "bad-model-version");
	assert_string_equal(s->levers[0].action, "block");
	assert_string_equal(s->levers[0].with_values[0], "7");
	assert_true(s->levers[0].within_ns == NS_PER_MIN);
	assert_int_equal(c.runbooks.n, 2);
	assert_int_equal(*c.runbooks.items[1], '/');
	assert_string_equal(c.connectors.items[0], "/srv/connectors");
	assert_string_equal(path_base(c.store_path), "store");
	assert_true(c.store_keep_ns == 7 * NS_PER_DAY &&
		c.store_max_bytes == INT64_C(1) << 30);
	assert_string_equal(c.audit_sign, "ssh-agent");
	assert_string_equal(c.audit_ship.items[0], "syslog");
	assert_string_equal(c.notify.terminal, "on");
	assert_string_equal(c.notify.bell, "off");
	assert_int_equal(c.notify.command.n, 2);
	assert_string_equal(c.ui.theme, "night");
	assert_string_equal(c.ui.clock, "utc");
	assert_int_equal(c.ui.low_bandwidth, 0);
	assert_true(c.ui.plain && !c.ui.mouse && !c.notify.desktop);
	config_release(&c);
}

static void secrets_are_references(void **state)
{
	static const char missing[] =
		"refer to it: {env: NAME}, {file: PATH} or {cmd: [PROGRAM, ...]}";
	char *expected = mem_format(
		"own.yaml:2:60: a secret does not stand in this file | %s\n"
		"own.yaml:3:52: a secret does not stand in this file | refer to it: "
		"auth: {bearer: {env: NAME}}\n"
		"own.yaml:4:80: a secret does not stand in this file | %s\n"
		"own.yaml:5:60: a secret is exactly one of env, file and cmd\n"
		"own.yaml:6:60: a secret is exactly one of env, file and cmd\n"
		"own.yaml:7:52: auth names exactly one kind of authentication | such as "
		"auth: "
		"{bearer: {env: NAME}}, or auth: {kube: {}}\n"
		"own.yaml:8:65: the header 'authorization' carries a secret, and a "
		"secret does not "
		"stand in this file | use auth: {header: {name: authorization, value: "
		"{env: NAME}}}\n"
		"own.yaml:9:61: there is no key 'fiel' here | did you mean 'file'?\n",
		missing, missing);

	(void)state;
	complain(NULL,
		"sources:\n"
		"- {name: a, type: t, url: http://aaaaaaaaa, auth: {bearer: abc}}\n"
		"- {name: b, type: t, url: http://aaaaaaaaaa, auth: s3cret}\n"
		"- {name: c, type: t, url: http://aaaaaaaaaa, auth: {basic: {user: u, "
		"password: p}}}\n"
		"- {name: d, type: t, url: http://aaaaaaaaa, auth: {bearer: {env: A, "
		"file: b}}}\n"
		"- {name: e, type: t, url: http://aaaaaaaaa, auth: {bearer: {env: ''}}}\n"
		"- {name: f, type: t, url: http://aaaaaaaaaa, auth: {}}\n"
		"- {name: g, type: t, url: http://aaaa, headers: {authorization: Bearer "
		"x}}\n"
		"- {name: h, type: t, url: http://aaaaaaaaa, auth: {bearer: {fiel: "
		"x}}}\n",
		expected);
	free(expected);
}

static void every_kind_of_authentication(void **state)
{
	static const char text[] =
		"sources:\n"
		"- {name: a, type: t, auth: {login: {user: u, password: {env: P}}}}\n"
		"- {name: b, type: t, auth: {oauth2: {token_url: 'https://t', client_id: "
		"i, "
		"client_secret: {env: P}, scope: s, send: body}}}\n"
		"- {name: c, type: t, auth: {oci: {}}}\n"
		"- {name: d, type: t, auth: {sigv4: {region: r, service: s, access_key: "
		"AK, "
		"secret_key: {env: P}, session_token: {env: Q}}}}\n"
		"- {name: e, type: t, auth: {gcp: {file: key.json}}}\n"
		"- {name: f, type: t, auth: {kube: {context: c, file: kc}}}\n"
		"- {name: g, type: t, auth: {kube: {in_cluster: true}}, "
		"with: {namespace: ml, names: [a, b], n: 7}}\n";
	struct config c;

	(void)state;
	load(&c, NULL, text);
	assert_int_equal(c.n_sources, 7);
	assert_string_equal(c.sources[0].auth.kind, "login");
	assert_string_equal(c.sources[0].auth.user, "u");
	assert_string_equal(c.sources[0].auth.secret.env, "P");
	assert_true(c.sources[1].auth.oauth2.in_body);
	assert_string_equal(c.sources[1].auth.oauth2.token_url, "https://t");
	assert_string_equal(c.sources[2].auth.kind, "oci");
	assert_string_equal(c.sources[3].auth.sigv4.access_key, "AK");
	assert_string_equal(c.sources[3].auth.sigv4.session_token.env, "Q");
	assert_int_equal(*c.sources[4].auth.gcp.file, '/');
	assert_int_equal(*c.sources[5].auth.kube.file, '/');
	assert_true(c.sources[6].auth.kube.in_cluster);
	assert_string_equal(c.sources[6].with,
		"{\"namespace\":\"ml\",\"names\":[\"a\",\"b\"],\"n\":7}");
	config_release(&c);
}

static void kinds_are_checked_by_line(void **state)
{
	(void)state;
	complain(NULL,
		"sources:\n"
		"- {name: a, type: t, auth: {login: {user: u}}}\n"
		"- {name: b, type: t, auth: {oauth2: {client_id: i, client_secret: "
		"hunter2}}}\n"
		"- {name: c, type: t, auth: {oci: {usr: x}}}\n"
		"- {name: d, type: t, auth: {sigv4: {secret_key: {env: P}}}}\n"
		"- {name: e, type: t, auth: {gcp: {file: x, metadata: true}}}\n"
		"- {name: f, type: t, auth: {kube: {context: c, in_cluster: true}}}\n"
		"- {name: g, type: t, auth: {kub: {}}}\n"
		"- {name: h, type: t, with: [1]}\n",
		"own.yaml:2:36: user and password come together\n"
		"own.yaml:3:37: the key 'token_url' is missing\n"
		"own.yaml:4:35: there is no key 'usr' here | did you mean 'user'?\n"
		"own.yaml:5:36: access_key and secret_key come together\n"
		"own.yaml:6:34: gcp has file or metadata, not both\n"
		"own.yaml:7:60: in_cluster needs no file and no context\n"
		"own.yaml:8:29: there is no key 'kub' here | did you mean 'kube'?\n"
		"own.yaml:9:28: a map of names to values is expected here\n");
}

/* A connector's own section, and a source that leaves some of it open. */
static void connectors_complete_their_sources(void **state)
{
	static const char text[] =
		"login: {post: /auth, json: '{u: $user, p: [$password, 1]}', token: .t, "
		"expires: jwt}\n";
	struct yaml_doc *doc = NULL;
	struct problems p;
	struct arena a = {0};
	struct auth_conf rule = {0}, mine = {.kind = "login", .user = "me"}, other;
	struct json *options = json_object();

	(void)state;
	problems_init(&p, NULL);
	assert_int_equal(yaml_parse(&doc, text, strlen(text), &p), 0);
	assert_int_equal(auth_conf_read_default(&rule, yaml_root(doc, 0), &a, &p), 0);
	assert_string_equal(rule.login.json, "{\"u\":\"$user\",\"p\":[\"$password\",1]}");
	assert_string_equal(rule.login.prefix, "Bearer ");
	auth_conf_merge(&mine, &rule, options, &a);
	assert_string_equal(mine.user, "me");
	assert_string_equal(mine.login.path, "/auth");
	other = (struct auth_conf){.kind = "bearer"};
	auth_conf_merge(&other, &rule, options, &a);
	assert_null(other.login.path);
	other = (struct auth_conf){0};
	rule = (struct auth_conf){
		.kind = "kube", .kube = {.context = "$ctx", .file = "$no"}};
	json_add_text(options, "ctx", "prod");
	auth_conf_merge(&other, &rule, options, &a);
	assert_string_equal(other.kube.context, "prod");
	assert_null(other.kube.file);
	json_free(options);
	yaml_free(doc);
	arena_release(&a);
	problems_release(&p);
}

static void urls_have_a_form(void **state)
{
	static const char form[] = "write it as https://HOST[:PORT][/PATH]";
	static const char *const wrong[] = {"host:9090", "ftp://host", "https://",
		"http:///x", "'http://a b'", "\"http://a\\nb\"", "/path"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		char *text =
			mem_format("sources:\n- {name: a, type: t, url: %s}\n", wrong[i]);
		struct place where;
		struct problems p;
		struct err e = ERR_INIT;
		struct config c;

		place_init(&where, NULL, text);
		problems_init(&p, NULL);
		assert_int_equal(
			config_load_files(&c, where.system, where.own, &p, &e), -1);
		assert_int_equal(p.n, 1);
		assert_string_equal(p.items[0].hint, form);
		assert_int_equal(p.items[0].column, 27);
		problems_release(&p);
		err_release(&e);
		place_release(&where);
		free(text);
	}
	complain(NULL, "sources:\n- {name: a, type: t, url: 'http://u:p@host/'}\n",
		"own.yaml:2:27: a URL here holds no user and no password | use auth: "
		"{basic: {user: "
		"NAME, password: {env: NAME}}}\n");
	complain(NULL, "sources:\n- {name: a, type: t, url: 'http://host/?q=1'}\n",
		"own.yaml:2:27: a source's URL ends before the '?' or '#'\n");
}

static void insecure_is_for_this_machine(void **state)
{
	static const char said[] =
		"tls.insecure is for this machine only | name the certificate's "
		"authority with tls: {ca: FILE}\n";
	static const char *const far[] = {"https://host", "https://127.evil.example",
		"https://localhost.evil.example", "https://evil.example/://localhost",
		"https://[::2]"};
	struct config c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(far); i++) {
		char *text = mem_format(
			"sources:\n- name: a\n  type: t\n  tls: {insecure: true}\n"
			"  url: '%s'\n",
			far[i]);
		char *expected = mem_format("own.yaml:4:19: %s", said);

		complain(NULL, text, expected);
		free(expected);
		free(text);
	}
	load(&c, NULL,
		"sources:\n- {name: a, type: t, url: 'https://[::1]:1/', tls: {insecure: "
		"true}}\n"
		"- {name: b, type: t, url: 'https://127.0.0.1', tls: {insecure: true}}\n"
		"- {name: c, type: t, url: 'https://localhost:80/x', tls: {insecure: "
		"true}}\n");
	config_release(&c);
}

static void values_have_limits(void **state)
{
	(void)state;
	complain(NULL,
		"sources:\n"
		"- {name: a b, type: t}\n"
		"- {name: a, type: t, every: 10ms, timeout: 1h, max_bytes: 2GiB}\n"
		"- {name: b, type: t, targets: [http://x], tls: {cert: x}}\n"
		"- {name: c, type: t, headers: {'a b': x, X: \"a\\nb\", Y: [1]}}\n"
		"- {name: -d, type: t}\n"
		"store: {keep: 1s, max: 1KB}\n",
		"own.yaml:2:10: 'a b' cannot be a name | use letters, digits, '.', '_' "
		"and '-', at "
		"most 64\n"
		"own.yaml:3:29: 'every' lies between 1s and 1d\n"
		"own.yaml:3:44: 'timeout' lies between 100ms and 10m\n"
		"own.yaml:3:59: 'max_bytes' lies between 1KB and 1GiB\n"
		"own.yaml:4:31: only sources of type metrics have targets\n"
		"own.yaml:4:48: tls.cert and tls.key come together\n"
		"own.yaml:5:56: 'Y' is a text\n"
		"own.yaml:5:39: 'a b' cannot be a header's name\n"
		"own.yaml:5:45: the header 'X' has a control character in it\n"
		"own.yaml:6:10: '-d' cannot be a name | use letters, digits, '.', '_' "
		"and '-', at "
		"most 64\n"
		"own.yaml:7:15: 'keep' lies between 1h and 3650d\n"
		"own.yaml:7:24: 'max' lies between 16MB and 1000TB\n");
}

static void names_are_unique_and_there(void **state)
{
	(void)state;
	complain(NULL,
		"context: prod\n"
		"contexts:\n"
		"- {name: prd, sources: [prom, prmo]}\n"
		"- {name: prd}\n"
		"sources:\n"
		"- {name: prom, type: t}\n"
		"- {name: prom, type: t}\n"
		"services:\n"
		"- {name: s, model: {source: xyz, name: m}, serving: {source: pron, "
		"name: m},\n"
		"   levers: [{name: l, source: q1, do: x}, {name: l, source: prom, do: "
		"x}]}\n"
		"- name: s\n",
		"own.yaml:7:10: there are two sources named 'prom'\n"
		"own.yaml:4:10: there are two contexts named 'prd'\n"
		"own.yaml:11:9: there are two services named 's'\n"
		"own.yaml:3:31: there is no source 'prmo' | did you mean 'prom'?\n"
		"own.yaml:9:29: there is no source 'xyz' | give it under sources\n"
		"own.yaml:9:62: there is no source 'pron' | did you mean 'prom'?\n"
		"own.yaml:10:31: there is no source 'q1' | give it under sources\n"
		"own.yaml:10:43: there are two levers named 'l'\n"
		"own.yaml:1:10: there is no context 'prod' to start in\n");
}

static void all_problems_of_both_files(void **state)
{
	(void)state;
	complain("sorces: []\nui: {mouse: maybe}\n",
		"ui:\n  teme: x\n  clock: mars\nsources:\n- type: t\n- {name: "
		"n}\nservices: 5\n",
		"system.yaml:1:1: there is no key 'sorces' here | did you mean "
		"'sources'?\n"
		"system.yaml:2:13: 'mouse' is true or false, and not 'maybe'\n"
		"own.yaml:2:3: there is no key 'teme' here | did you mean 'theme'?\n"
		"own.yaml:3:10: 'clock' cannot be 'mars' | there are: local, utc\n"
		"own.yaml:5:3: the key 'name' is missing\n"
		"own.yaml:6:3: the key 'type' is missing\n"
		"own.yaml:7:11: 'services' is a list, and not '5'\n");
	complain(NULL, "a: [\n",
		"own.yaml:2:1: a value is missing | or a '[' or '{' above is not "
		"closed\n");
	complain(NULL, "[]\n",
		"own.yaml:1:1: a map of keys is expected here, and not a list\n");
	complain(NULL, "ui: {}\n---\nui: {}\n",
		"own.yaml:3:1: a second document; one is read\n");
}

static void yours_adds_to_the_system(void **state)
{
	struct config c;

	(void)state;
	load(&c,
		"sources: [{name: a, type: t}]\nui: {theme: dark, clock: utc, "
		"low_bandwidth: on}\n"
		"runbooks: [/srv/books]\nnotify: {bell: ticket}\nstore: {keep: 3d}\n"
		"audit: {sign: ssh-agent, ship: [syslog]}\n",
		"sources: [{name: b, type: t}]\nui: {theme: light}\nrunbooks: "
		"[/home/books]\n"
		"audit: {ship: [https://x]}\nstore: {max: 1GB}\n");
	assert_true(config_source(&c, "a")->system);
	assert_false(config_source(&c, "b")->system);
	assert_int_equal(config_context(&c, NULL)->sources.n, 2);
	assert_string_equal(c.ui.theme, "light");
	assert_string_equal(c.ui.clock, "utc");
	assert_int_equal(c.ui.low_bandwidth, 1);
	assert_string_equal(c.notify.bell, "ticket");
	assert_string_equal(c.audit_sign, "ssh-agent");
	assert_int_equal(c.audit_ship.n, 2);
	assert_int_equal(c.runbooks.n, 2);
	assert_true(c.store_keep_ns == 3 * NS_PER_DAY && c.store_max_bytes == 1000000000);
	assert_int_equal(c.files.n, 2);
	config_release(&c);
}

static const char locked[] = "contexts: [{name: prod, read_only: true, sources: [a]}, "
			     "{name: lab, sources: [b]}]\n"
			     "sources: [{name: a, type: t}, {name: b, type: t}]\n";

static void yours_cannot_loosen(void **state)
{
	struct config c;

	(void)state;
	complain(locked, "contexts: [{name: prod, read_only: false}]\n",
		"own.yaml:1:36: the system's configuration makes 'prod' read-only\n");
	complain(locked, "contexts: [{name: prod, sources: [b]}]\n",
		"own.yaml:1:34: the context 'prod' is the system configuration's\n");
	load(&c, locked, "contexts: [{name: lab, read_only: true}]\n");
	assert_true(config_context(&c, "lab")->read_only);
	config_release(&c);
	/* What a read-only context alone holds is not writable through one of yours. */
	load(&c, locked,
		"contexts: [{name: mine, sources: [a, m]}, {name: free, sources: [b, "
		"m]}, {name: all}]\n"
		"sources: [{name: m, type: t}]\n");
	assert_true(config_context(&c, "mine")->read_only);
	assert_false(config_context(&c, "free")->read_only);
	assert_true(config_context(&c, "all")->read_only);
	assert_false(config_context(&c, "lab")->read_only);
	assert_int_equal(config_context(&c, "all")->sources.n, 3);
	config_release(&c);
}

static void a_shared_store_is_the_systems(void **state)
{
	static const char system[] =
		"store: {path: /var/lib/tocsin}\nsources: [{name: a, type: t}]\n";
	static const char hint[] =
		"set store: {path: auto} to watch your own in a store of your own";
	char *expected =
		mem_format("own.yaml:1:10: the store is shared: its sources are the "
			   "system configuration's | %s\n",
			hint);
	struct config c;

	(void)state;
	complain(system, "sources: [{name: b, type: t}]\n", expected);
	load(&c, system, "ui: {theme: x}\nrunbooks: /x\n");
	assert_string_equal(c.store_path, "/var/lib/tocsin");
	config_release(&c);
	load(&c, system, "store: {path: auto}\nsources: [{name: b, type: t}]\n");
	assert_null(c.store_path);
	assert_int_equal(c.n_sources, 2);
	config_release(&c);
	free(expected);
}

static void one_file_replaces_both(void **state)
{
	struct place where;
	struct problems p;
	struct err e = ERR_INIT;
	struct config c;

	(void)state;
	place_init(&where, "sources: [{name: only, type: t}]\n", NULL);
	problems_init(&p, NULL);
	assert_int_equal(config_load(&c, where.system, &p, &e), 0);
	assert_int_equal(c.n_sources, 1);
	assert_string_equal(c.files.items[0], where.system);
	config_release(&c);
	assert_int_equal(config_load(&c, where.own, &p, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(p.n, 0);
	err_clear(&e);
	assert_int_equal(config_load(&c, where.dir, &p, &e), -1);
	err_release(&e);
	problems_release(&p);
	place_release(&where);
}

/* Each key that is shown to people has words, and a place of its own. */
static void check_table(const struct yaml_field *fields)
{
	for (const struct yaml_field *f = fields; f->key; f++) {
		assert_true(f->want > YAML_WANT_NONE && f->want <= YAML_SELF);
		assert_true(!f->choices == (f->want != YAML_CHOICE));
		for (const struct yaml_field *g = f + 1; g->key; g++) {
			assert_string_not_equal(f->key, g->key);
			assert_int_not_equal(f->offset, g->offset);
		}
		if (f->sub)
			check_table(f->sub);
	}
}

static void the_table_is_sound(void **state)
{
	(void)state;
	check_table(config_fields());
}

UNIT_TESTS(cmocka_unit_test(every_kind_of_authentication),
	cmocka_unit_test(kinds_are_checked_by_line),
	cmocka_unit_test(connectors_complete_their_sources),
	cmocka_unit_test(nothing_at_all_is_fine), cmocka_unit_test(sources_are_read),
	cmocka_unit_test(the_rest_is_read), cmocka_unit_test(secrets_are_references),
	cmocka_unit_test(urls_have_a_form),
	cmocka_unit_test(insecure_is_for_this_machine),
	cmocka_unit_test(values_have_limits),
	cmocka_unit_test(names_are_unique_and_there),
	cmocka_unit_test(all_problems_of_both_files),
	cmocka_unit_test(yours_adds_to_the_system), cmocka_unit_test(yours_cannot_loosen),
	cmocka_unit_test(a_shared_store_is_the_systems),
	cmocka_unit_test(one_file_replaces_both), cmocka_unit_test(the_table_is_sound))
