#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/digest.h"
#include "core/log.h"
#include "core/path.h"
#include "net/auth_kubeconfig.h"
#include "net/auth_source.h"
#include "net/http.h"
#include "tests/unit/web.h"

/* --- the files alone --- */

static const char one[] =
	"apiVersion: v1\nkind: Config\ncurrent-context: prod\n"
	"clusters:\n"
	"- name: a\n  cluster: {server: 'https://a.example:6443', "
	"certificate-authority: ca.pem, tls-server-name: kube, proxy-url: "
	"'http://proxy:3128'}\n"
	"- {name: b, cluster: {server: 'https://b.example', insecure-skip-tls-verify: "
	"true}}\n"
	"contexts:\n"
	"- {name: prod, context: {cluster: a, user: u, namespace: ml}}\n"
	"- {name: test, context: {cluster: b}}\n"
	"- {name: far, context: {cluster: c, user: v}}\n"
	"- {name: lost, context: {cluster: a, user: nobody}}\n"
	"users:\n"
	"- {name: u, user: {token: abc, client-certificate: c.pem, client-key: "
	"/k.pem}}\n";

static const char two[] = "current-context: far\n"
			  "clusters:\n"
			  "- {name: a, cluster: {server: 'https://other'}}\n"
			  "- {name: c, cluster: {server: 'https://c.example', "
			  "certificate-authority: x/ca}}\n"
			  "users:\n"
			  "- {name: u, user: {token: never}}\n"
			  "- {name: v, user: {tokenFile: t, token: loses, as: me, "
			  "as-uid: '7', as-groups: [g1, "
			  "g2], as-user-extra: {scopes: [a, b]}}}\n";

struct parsed {
	struct kube_target k;
	struct arena a;
	struct err e;
};

static int parse(
	struct parsed *p, const char *first, const char *second, const char *context)
{
	const char *texts[] = {first, second};
	static const char *const dirs[] = {"/one", "/two"};

	*p = (struct parsed){0};
	return kubeconfig_parse(
		&p->k, texts, dirs, second ? 2 : 1, context, &p->a, &p->e);
}

static void parsed_release(struct parsed *p)
{
	arena_wipe(&p->a);
	err_release(&p->e);
}

static void files_are_merged_as_kubectl_does(void **state)
{
	struct parsed p;

	(void)state;
	assert_int_equal(parse(&p, one, two, NULL), 0);
	assert_string_equal(p.k.context, "prod");
	assert_string_equal(p.k.server, "https://a.example:6443");
	assert_string_equal(p.k.ca_file, "/one/ca.pem");
	assert_string_equal(p.k.tls_name, "kube");
	assert_string_equal(p.k.proxy, "http://proxy:3128");
	assert_string_equal(p.k.token, "abc");
	assert_string_equal(p.k.cert_file, "/one/c.pem");
	assert_string_equal(p.k.key_file, "/k.pem");
	assert_string_equal(p.k.space, "ml");
	parsed_release(&p);
	assert_int_equal(parse(&p, two, one, NULL), 0); /* the first one counts */
	assert_string_equal(p.k.context, "far");
	assert_string_equal(p.k.ca_file, "/one/x/ca");
	assert_string_equal(p.k.token_file, "/one/t");
	assert_null(p.k.token);
	assert_string_equal(p.k.as, "me");
	assert_string_equal(p.k.as_uid, "7");
	assert_int_equal(p.k.as_groups.n, 2);
	assert_int_equal(p.k.as_extra.n, 2);
	assert_string_equal(p.k.as_extra.values[1], "b");
	parsed_release(&p);
	assert_int_equal(parse(&p, one, two, "test"), 0);
	assert_true(p.k.insecure);
	assert_null(p.k.user);
	parsed_release(&p);
}

static void what_is_missing_is_named(void **state)
{
	static const struct {
		const char *text, *context, *says;
	} cases[] = {
		{one, "nowhere", "context 'nowhere'"},
		{one, "far", "cluster 'c'"},
		{one, "lost", "user 'nobody'"},
		{"", NULL, "current-context"},
		{"[]", NULL, "current-context"},
		{"current-context: a\ncontexts: [{name: a, context: {user: u}}]", NULL,
			"no cluster"},
		{"current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\n"
		 "clusters: [{name: c, cluster: {}}]",
			NULL, "no server"},
		{"current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\n"
		 "clusters: [{name: c, cluster: {server: 'ftp://x'}}]",
			NULL, "http"},
		{"current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\n"
		 "clusters: [{name: c, cluster: {server: 'https://x', "
		 "certificate-authority-data: '!!'}}]",
			NULL, "certificate-authority-data"},
		{"current-context: a\ncontexts: [{name: a, context: {cluster: c, user: "
		 "u}}]\n"
		 "clusters: [{name: c, cluster: {server: 'https://x'}}]\n"
		 "users: [{name: u, user: {auth-provider: {name: gcp}}}]",
			NULL, "auth-provider 'gcp'"},
		{"current-context: a\ncontexts: [{name: a, context: {cluster: c, user: "
		 "u}}]\n"
		 "clusters: [{name: c, cluster: {server: 'https://x'}}]\n"
		 "users: [{name: u, user: {exec: {args: [x]}}}]",
			NULL, "no command"},
		{"a: [", NULL, ""},
	};
	struct parsed p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(parse(&p, cases[i].text, NULL, cases[i].context), -1);
		assert_non_null(strstr(p.e.what, cases[i].says));
		parsed_release(&p);
	}
}

static void json_and_plug_ins_are_read(void **state)
{
	static const char text[] =
		"{\"current-context\":\"c\",\"contexts\":[{\"name\":\"c\",\"context\":"
		"{\"cluster\":\"k\",\"user\":\"u\"}}],\"clusters\":[{\"name\":\"k\","
		"\"cluster\":{\"server\":\"https://h\"}}],\"users\":[{\"name\":\"u\","
		"\"user\":{\"exec\":{\"command\":\"./bin/tok\",\"args\":[\"a\",\"b c\"],"
		"\"env\":[{\"name\":\"P\",\"value\":\"1\"}],\"apiVersion\":"
		"\"client.authentication.k8s.io/v1beta1\",\"provideClusterInfo\":true,"
		"\"interactiveMode\":\"Always\"}}}]}";
	struct parsed p;

	(void)state;
	assert_int_equal(parse(&p, text, NULL, NULL), 0);
	assert_string_equal(p.k.exec.command, "/one/./bin/tok");
	assert_int_equal(p.k.exec.args.n, 2);
	assert_string_equal(p.k.exec.args.items[1], "b c");
	assert_string_equal(p.k.exec.env.names[0], "P");
	assert_true(p.k.exec.cluster_info);
	assert_true(p.k.exec.interactive);
	parsed_release(&p);
}

/* --- requests --- */

struct fixture {
	char dir[40];
	struct loop *loop;
	struct web *web;
	struct http *http;
	struct source_conf source;
	struct arena arena;
	char *url, *config;
	int refusals;
	const char *refused;
	struct strbuf request;
	int done, ok;
	struct err e;
};

static enum web_fault serve(void *ctx, const char *request, struct strbuf *reply)
{
	struct fixture *f = ctx;

	strbuf_reset(&f->request);
	strbuf_adds(&f->request, request);
	if (f->refused && strstr(request, f->refused))
		web_reply(reply, 401, NULL, "no", 2);
	else
		web_json(reply, "{}");
	return WEB_OK;
}

static const char *const variables[] = {"KUBECONFIG", "KUBERNETES_SERVICE_HOST",
	"KUBERNETES_SERVICE_PORT", "TOCSIN_SERVICEACCOUNT"};

static int setup(void **state)
{
	struct fixture *f = mem_new(1, sizeof(*f));

	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		unsetenv(variables[i]);
	snprintf(f->dir, sizeof(f->dir), "/tmp/tocsin-kube-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	setenv("HOME", f->dir, 1);
	f->loop = loop_new();
	f->web = web_new(f->loop, serve, f);
	f->http = http_new(f->loop);
	f->url = mem_format("http://127.0.0.1:%d/k8s", web_port(f->web));
	f->config = mem_format("%s/config", f->dir);
	setenv("KUBECONFIG", f->config, 1);
	strbuf_init(&f->request);
	f->source = (struct source_conf){.name = "kserve"};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {"config", "token", "plugin", "count",
		"ca.crt", "ca.pem", "ca.key", "server.pem", "server.key", "client.pem",
		"client.key", "client.csr", "server.csr", "ext", "ca.srl", "serve.py"};
	struct fixture *f = *state;

	clock_real();
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *file = mem_format("%s/%s", f->dir, names[i]);

		unlink(file);
		free(file);
	}
	rmdir(f->dir);
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		unsetenv(variables[i]);
	http_free(f->http);
	web_free(f->web);
	loop_free(f->loop);
	arena_release(&f->arena);
	strbuf_release(&f->request);
	err_release(&f->e);
	free(f->url);
	free(f->config);
	free(f);
	return 0;
}

static void put(struct fixture *f, const char *name, const char *text, mode_t mode)
{
	char *file = mem_format("%s/%s", f->dir, name);

	assert_int_equal(path_write(file, text, strlen(text), mode, &f->e), 0);
	assert_int_equal(chmod(file, mode), 0);
	free(file);
}

static void config_put(
	struct fixture *f, const char *server, const char *more, const char *user)
{
	char *text =
		mem_format("current-context: here\n"
			   "contexts: [{name: here, context: {cluster: c, user: u}}]\n"
			   "clusters: [{name: c, cluster: {server: '%s'%s}}]\n"
			   "users: [{name: u, user: {%s}}]\n",
			server, more, user);

	put(f, "config", text, 0600);
	free(text);
}

/* What connector_source() does. */
static int resolve(struct fixture *f)
{
	static const struct auth_conf by_default = {.kind = "kube"};

	f->source = (struct source_conf){.name = "kserve"};
	err_clear(&f->e);
	return auth_source(&f->source, &by_default, NULL, &f->arena, &f->e);
}

static void on_answer(void *ctx, struct http_answer *a, const struct err *e)
{
	struct fixture *f = ctx;

	f->done++;
	if (e) {
		err_clear(&f->e);
		err_copy(&f->e, e);
		assert_null(strstr(e->what, "hunter2"));
	} else {
		f->ok++;
		if (a->body.len > 2) { /* the TLS server's */
			strbuf_reset(&f->request);
			strbuf_adds(&f->request, a->body.buf);
		}
	}
}

static void start(struct fixture *f)
{
	char *url = mem_format("%s/api", f->source.url);
	struct http_request req = {.source = &f->source, .method = HTTP_GET, .url = url};

	http_start(f->http, &req, on_answer, f);
	free(url);
}

static void turn(struct fixture *f, int done)
{
	for (int i = 0; i < 2000 && f->done < done; i++)
		loop_turn(f->loop, 50 * NS_PER_MS);
	assert_int_equal(f->done, done);
}

static bool ask(struct fixture *f)
{
	int before = f->ok;

	start(f);
	turn(f, f->done + 1);
	return f->ok > before;
}

static bool sent(const struct fixture *f, const char *line)
{
	return strstr(f->request.buf, line) != NULL;
}

static void tokens_and_users(void **state)
{
	struct fixture *f = *state;

	config_put(f, f->url, "", "token: hunter2");
	assert_int_equal(resolve(f), 0);
	assert_string_equal(f->source.url, f->url);
	assert_string_equal(f->source.auth.kube.context, "here");
	assert_true(ask(f));
	assert_true(sent(f, "GET /k8s/api"));
	assert_true(sent(f, "Authorization: Bearer hunter2"));
	f->source.name = "other";
	config_put(f, f->url, "", "username: me, password: hunter2");
	assert_true(ask(f));
	assert_true(sent(f, "Authorization: Basic bWU6aHVudGVyMg=="));
	f->source.name = "third";
	config_put(f, f->url, "",
		"token: t, as: 'system:me', as-uid: u1, as-groups: [a, b], "
		"as-user-extra: "
		"{'x/y': [v]}");
	assert_true(ask(f));
	assert_true(sent(f, "Impersonate-User: system:me"));
	assert_true(sent(f, "Impersonate-Uid: u1"));
	assert_true(sent(f, "Impersonate-Group: a\r\nImpersonate-Group: b"));
	assert_true(sent(f, "Impersonate-Extra-x%2Fy: v"));
	f->source.name = "fourth";
	config_put(f, f->url, "", "token: \"a\\nb\"");
	assert_false(ask(f));
}

static void token_files_are_read_again(void **state)
{
	struct fixture *f = *state;

	config_put(f, f->url, "", "tokenFile: token");
	put(f, "token", "first\n", 0600);
	assert_int_equal(resolve(f), 0);
	clock_freeze(clock_now(), clock_mono());
	assert_true(ask(f));
	assert_true(sent(f, "Bearer first"));
	put(f, "token", "second\n", 0600);
	clock_advance(61 * NS_PER_S);
	assert_true(ask(f));
	assert_true(sent(f, "Bearer second"));
	/* ... and on a 401. */
	put(f, "token", "third\n", 0600);
	f->refused = "second";
	assert_true(ask(f));
	assert_true(sent(f, "Bearer third"));
}

static void a_source_stays_at_its_cluster(void **state)
{
	struct fixture *f = *state;

	config_put(f, f->url, "", "token: hunter2");
	assert_int_equal(resolve(f), 0);
	config_put(f, "http://127.0.0.1:1", "", "token: hunter3");
	assert_false(ask(f));
	assert_int_equal(f->e.code, ERR_CONFLICT);
	/* A url of its own and no auth: kubectl proxy, which needs no kubeconfig. */
	f->source = (struct source_conf){.name = "proxied", .url = f->url};
	assert_int_equal(auth_source(&f->source, &(struct auth_conf){.kind = "kube"},
				 NULL, &f->arena, &f->e),
		0);
	assert_null(f->source.auth.kind);
	assert_true(ask(f));
	assert_false(sent(f, "Authorization"));
	/* A url of its own and auth: through a tunnel. */
	f->source = (struct source_conf){
		.name = "tunnel", .url = f->url, .auth = {.kind = "kube"}};
	assert_int_equal(auth_source(&f->source, &(struct auth_conf){.kind = "kube"},
				 NULL, &f->arena, &f->e),
		0);
	assert_true(ask(f));
	assert_true(sent(f, "Bearer hunter3"));
}

static void a_pod_is_its_service_account(void **state)
{
	struct fixture *f = *state;
	struct kube_target k;
	struct err e = ERR_INIT;

	unsetenv("KUBECONFIG");
	assert_int_equal(resolve(f), -1);
	assert_int_equal(f->e.code, ERR_NOT_FOUND);
	setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
	setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	setenv("TOCSIN_SERVICEACCOUNT", f->dir, 1);
	assert_int_equal(kubeconfig_in_cluster(&k, &f->arena, &e), 0);
	assert_string_equal(k.server, "https://[fd00::1]:443");
	assert_int_equal(resolve(f), 0);
	assert_true(f->source.auth.kube.in_cluster);
	put(f, "token", "pod\n", 0644);
	put(f, "ca.crt", "-----BEGIN CERTIFICATE-----\n", 0644);
	f->source.url = f->url;
	f->source.auth.kube.server = NULL;
	assert_true(ask(f));
	assert_true(sent(f, "Bearer pod"));
	err_release(&e);
}

/* --- exec plug-ins --- */

static void plugin_put(struct fixture *f, const char *status)
{
	char *text = mem_format(
		"#!/bin/sh\necho \"$1 $EXTRA $KUBERNETES_EXEC_INFO\" >> '%s/count'\n"
		"echo '{\"kind\":\"ExecCredential\",\"apiVersion\":"
		"\"client.authentication.k8s.io/v1\",\"status\":%s}'\n",
		f->dir, status);

	put(f, "plugin", text, 0700);
	free(text);
}

static const char exec_user[] =
	"exec: {command: ./plugin, args: [get], env: [{name: EXTRA, value: more}], "
	"apiVersion: client.authentication.k8s.io/v1, provideClusterInfo: true}";

static size_t runs(struct fixture *f, struct strbuf *said)
{
	char *file = mem_format("%s/count", f->dir);
	size_t n = 0;

	strbuf_reset(said);
	assert_int_equal(path_read(said, file, 10000, &f->e), 0);
	for (size_t i = 0; i < said->len; i++)
		n += said->buf[i] == '\n';
	free(file);
	return n;
}

static void plug_ins_run_once_and_until_they_expire(void **state)
{
	struct fixture *f = *state;
	struct strbuf said = STRBUF_INIT;

	config_put(f, f->url, "", exec_user);
	plugin_put(f,
		"{\"token\":\"hunter2\",\"expirationTimestamp\":\"2026-01-01T01:00:"
		"00Z\"}");
	assert_int_equal(resolve(f), 0);
	clock_freeze(INT64_C(1767225600) * NS_PER_S, clock_mono()); /* an hour before */
	for (int i = 0; i < 5; i++)
		start(f);
	turn(f, 5);
	assert_int_equal(f->ok, 5);
	assert_true(sent(f, "Bearer hunter2"));
	assert_int_equal(runs(f, &said), 1);
	assert_non_null(strstr(said.buf,
		"get more {\"kind\":\"ExecCredential\","
		"\"apiVersion\":\"client.authentication.k8s.io/v1\","
		"\"spec\":{\"interactive\":false,\"cluster\":"
		"{\"server\":\"http://127.0.0.1:"));
	clock_advance(50 * NS_PER_MIN);
	assert_true(ask(f));
	assert_int_equal(runs(f, &said), 1);
	clock_advance(9 * NS_PER_MIN + 30 * NS_PER_S);
	assert_true(ask(f));
	assert_int_equal(runs(f, &said), 2);
	strbuf_release(&said);
}

static void a_refused_plug_in_is_asked_once_more(void **state)
{
	struct fixture *f = *state;
	struct strbuf said = STRBUF_INIT;

	config_put(f, f->url, "", exec_user);
	plugin_put(f, "{\"token\":\"hunter2\"}");
	assert_int_equal(resolve(f), 0);
	assert_true(ask(f));
	plugin_put(f, "{\"token\":\"renewed\"}");
	f->refused = "hunter2";
	assert_true(ask(f));
	assert_true(sent(f, "Bearer renewed"));
	f->refused = "Bearer";
	assert_false(ask(f));
	assert_false(ask(f));
	assert_int_equal(runs(f, &said), 2);
	strbuf_release(&said);
}

static void plug_ins_are_logged_without_secrets(void **state)
{
	struct fixture *f = *state;
	struct strbuf text = STRBUF_INIT;
	char *file = mem_format("%s/log", f->dir);

	config_put(f, f->url, "",
		"exec: {command: ./plugin, args: [get-token, --region, eu, --token, "
		"hunter2, --password=hunter3, last], apiVersion: "
		"client.authentication.k8s.io/v1}");
	plugin_put(f, "{\"token\":\"hunter4\"}");
	assert_int_equal(resolve(f), 0);
	assert_int_equal(log_open(file, LOG_DEBUG, &f->e), 0);
	assert_true(ask(f));
	log_close();
	assert_int_equal(path_read(&text, file, 1 << 20, &f->e), 0);
	assert_non_null(strstr(
		text.buf, "get-token --region eu --token *** --password=*** last"));
	assert_null(strstr(text.buf, "hunter"));
	strbuf_release(&text);
	free(file);
}

static void plug_ins_that_go_wrong(void **state)
{
	static const char *const statuses[] = {"{}", "null", "{\"token\":\"\"}",
		"{\"token\":\"a b\"}", "{\"clientCertificateData\":\"x\"}", "[]",
		"\"x\""};
	struct fixture *f = *state;

	config_put(f, f->url, "", exec_user);
	plugin_put(f, "{}");
	assert_int_equal(resolve(f), 0);
	clock_freeze(clock_now(), clock_mono());
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		plugin_put(f, statuses[i]);
		assert_false(ask(f));
		clock_advance(60 * NS_PER_S);
	}
	put(f, "plugin", "#!/bin/sh\necho hunter2\n", 0700);
	assert_false(ask(f));
	assert_non_null(strstr(f->e.what, "ExecCredential"));
	clock_advance(60 * NS_PER_S);
	put(f, "plugin", "#!/bin/sh\nexit 3\n", 0700);
	assert_false(ask(f));
	clock_advance(60 * NS_PER_S);
	config_put(f, f->url, "",
		"exec: {command: no-such-plugin, installHint: get it from x, apiVersion: "
		"client.authentication.k8s.io/v1}");
	assert_false(ask(f));
	assert_string_equal(f->e.hint, "get it from x");
	config_put(f, f->url, "",
		"exec: {command: ./plugin, apiVersion: "
		"client.authentication.k8s.io/v1alpha1}");
	assert_false(ask(f));
	config_put(f, f->url, "",
		"exec: {command: ./plugin, apiVersion: client.authentication.k8s.io/v1, "
		"interactiveMode: Always}");
	assert_false(ask(f));
	assert_non_null(strstr(f->e.what, "terminal"));
}

/* --- certificates --- */

static const char server_py[] =
	"import http.server, ssl, sys\n"
	"class H(http.server.BaseHTTPRequestHandler):\n"
	"    def do_GET(self):\n"
	"        cert = self.connection.getpeercert() or {}\n"
	"        body = repr(cert.get('subject')) + self.headers.get('Host', '')\n"
	"        body = ('{\"saw\":\"%s\"}' % body.replace('\"', '')).encode()\n"
	"        self.send_response(200)\n"
	"        self.send_header('Content-Length', str(len(body)))\n"
	"        self.end_headers()\n"
	"        self.wfile.write(body)\n"
	"    def log_message(self, *a):\n"
	"        pass\n"
	"c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n"
	"c.load_cert_chain('server.pem', 'server.key')\n"
	"c.load_verify_locations('ca.pem')\n"
	"c.verify_mode = ssl.CERT_REQUIRED\n"
	"s = http.server.HTTPServer(('127.0.0.1', 0), H)\n"
	"s.socket = c.wrap_socket(s.socket, server_side=True)\n"
	"print(s.server_port, flush=True)\n"
	"s.serve_forever()\n";

static const char certs_sh[] =
	"cd %s && exec 2>/dev/null && k='-newkey ec -pkeyopt "
	"ec_paramgen_curve:prime256v1 "
	"-nodes'\n"
	"openssl req -x509 $k -keyout ca.key -out ca.pem -subj /CN=ca -days 2 &&\n"
	"openssl req $k -keyout server.key -out server.csr -subj /CN=kube.internal &&\n"
	"openssl req $k -keyout client.key -out client.csr -subj /CN=oncall &&\n"
	"echo subjectAltName=DNS:kube.internal > ext &&\n"
	"openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days "
	"2 "
	"-extfile ext -out server.pem &&\n"
	"openssl x509 -req -in client.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days "
	"2 "
	"-out client.pem";

static void base64_file(struct fixture *f, struct strbuf *out, const char *name)
{
	char *file = mem_format("%s/%s", f->dir, name);
	struct strbuf text = STRBUF_INIT;

	assert_int_equal(path_read(&text, file, 100000, &f->e), 0);
	base64_encode(out, text.buf, text.len);
	strbuf_release(&text);
	free(file);
}

static void tls_requests(struct fixture *f, int port)
{
	struct strbuf more = STRBUF_INIT, user = STRBUF_INIT;
	char *server = mem_format("https://127.0.0.1:%d", port);
	char *host = mem_format("127.0.0.1:%d", port);

	/* By files, and another name than the URL's. */
	config_put(f, server,
		", certificate-authority: ca.pem, tls-server-name: kube.internal",
		"client-certificate: client.pem, client-key: client.key");
	assert_int_equal(resolve(f), 0);
	assert_true(ask(f));
	assert_true(sent(f, "oncall"));
	assert_true(sent(f, host));
	/* By data. */
	strbuf_adds(
		&more, ", tls-server-name: kube.internal, certificate-authority-data: ");
	base64_file(f, &more, "ca.pem");
	strbuf_adds(&user, "client-certificate-data: ");
	base64_file(f, &user, "client.pem");
	strbuf_adds(&user, ", client-key-data: ");
	base64_file(f, &user, "client.key");
	config_put(f, server, more.buf, user.buf);
	f->source.name = "data";
	strbuf_reset(&f->request);
	assert_true(ask(f));
	assert_true(sent(f, "oncall"));
	/* No certificate; the wrong name; an authority that is not known. */
	config_put(f, server, more.buf, "token: x");
	f->source.name = "bare";
	assert_false(ask(f));
	config_put(f, server, ", certificate-authority: ca.pem", user.buf);
	f->source.name = "name";
	assert_false(ask(f));
	config_put(f, server, ", tls-server-name: kube.internal", user.buf);
	f->source.name = "authority";
	assert_false(ask(f));
	/* Unverified on this machine only. */
	config_put(f, server, ", insecure-skip-tls-verify: true", user.buf);
	f->source.name = "loopback";
	assert_true(ask(f));
	config_put(
		f, "https://10.255.255.1", ", insecure-skip-tls-verify: true", user.buf);
	assert_int_equal(resolve(f), 0);
	assert_false(ask(f));
	assert_int_equal(f->e.code, ERR_DENIED);
	strbuf_release(&more);
	strbuf_release(&user);
	free(server);
	free(host);
}

/* The same by tls: of a source. */
static void mutual_tls(struct fixture *f, int port)
{
	char *ca = mem_format("%s/ca.pem", f->dir),
	     *cert = mem_format("%s/client.pem", f->dir);
	char *key = mem_format("%s/client.key", f->dir);
	char *url = mem_format("https://127.0.0.1:%d", port);

	f->source = (struct source_conf){.name = "mtls",
		.url = url,
		.tls = {.cert = cert, .key = key, .insecure = true}};
	strbuf_reset(&f->request);
	assert_true(ask(f));
	assert_true(sent(f, "oncall"));
	f->source.tls = (struct tls_conf){.ca = ca, .cert = cert, .key = key};
	assert_false(ask(f)); /* another name */
	f->source.tls = (struct tls_conf){.insecure = true};
	assert_false(ask(f));
	free(ca);
	free(cert);
	free(key);
	free(url);
}

static void client_certificates(void **state)
{
	struct fixture *f = *state;
	char *script = mem_format(certs_sh, f->dir), *command;
	FILE *server;
	int port = 0, pid = 0;

	if (system("command -v openssl >/dev/null && python3 -c 'import ssl' "
		   "2>/dev/null") ||
		system(script)) {
		free(script);
		skip();
	}
	put(f, "serve.py", server_py, 0600);
	command = mem_format("cd %s && echo $$ && exec python3 serve.py", f->dir);
	server = popen(command, "r");
	assert_non_null(server);
	assert_int_equal(fscanf(server, "%d %d", &pid, &port), 2);
	tls_requests(f, port);
	mutual_tls(f, port);
	kill(pid, SIGTERM);
	pclose(server);
	free(command);
	free(script);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

UNIT_TESTS(cmocka_unit_test(files_are_merged_as_kubectl_does),
	cmocka_unit_test(what_is_missing_is_named),
	cmocka_unit_test(json_and_plug_ins_are_read), WITH(tokens_and_users),
	WITH(token_files_are_read_again), WITH(a_source_stays_at_its_cluster),
	WITH(a_pod_is_its_service_account), WITH(plug_ins_run_once_and_until_they_expire),
	WITH(a_refused_plug_in_is_asked_once_more),
	WITH(plug_ins_are_logged_without_secrets), WITH(plug_ins_that_go_wrong),
	WITH(client_certificates))
