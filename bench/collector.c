/*
 * collector.c - what watching costs: a thousand sources of connectors, half of them over TLS, of
 * which one answer in twenty is news; a registry of 10,000 models with 20 versions each
 */
#include "config.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "bench/figure.h"
#include "core/child.h"
#include "core/clock.h"
#include "core/path.h"

#define SOURCES 1000
#define EVERY_S 15
#define ANSWER_BYTES 2048
#define MODELS 10000
#define VERSIONS 20
#define PAGE 1000
#define WARM_S 25
#define MEASURE_S 30

static void must(bool fine, const char *what)
{
	if (fine)
		return;
	(void)fprintf(stderr, "bench/collector: %s\n", what);
	exit(1);
}

/* --- a certificate of our own for 127.0.0.1 --- */

static void add_name(X509 *cert)
{
	X509_EXTENSION *alt =
		X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
	X509_NAME *name = X509_get_subject_name(cert);

	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_ASC, (const unsigned char *)"bench", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	X509_add_ext(cert, alt, -1);
	X509_EXTENSION_free(alt);
}

static char *pem_text(BIO *bio)
{
	char *data;
	long n = BIO_get_mem_data(bio, &data);
	char *text = mem_strndup(data, (size_t)n);

	BIO_free(bio);
	return text;
}

static void make_certificate(char **cert_pem, char **key_pem)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	EVP_PKEY *key = NULL;
	X509 *cert = X509_new();
	BIO *out;

	must(ctx && EVP_PKEY_keygen_init(ctx) > 0 &&
			EVP_PKEY_CTX_set_ec_paramgen_curve_nid(
				ctx, NID_X9_62_prime256v1) > 0 &&
			EVP_PKEY_keygen(ctx, &key) > 0,
		"no key");
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_set_pubkey(cert, key);
	add_name(cert);
	must(X509_sign(cert, key, EVP_sha256()) > 0, "no certificate");
	out = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(out, cert);
	*cert_pem = pem_text(out);
	out = BIO_new(BIO_s_mem());
	PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
	*key_pem = pem_text(out);
	X509_free(cert);
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(ctx);
}

/* --- the server, in a process of its own --- */

/* How often each source was asked: every twentieth answer is another one than before. */
static unsigned asked[SOURCES];

static void small_answer(struct strbuf *out, int source, bool moves)
{
	unsigned version = moves ? (asked[source]++ + (unsigned)source) / 20 : 1;

	strbuf_addf(out,
		"{\"services\":[{\"name\":\"s%d\",\"version\":\"%u\"}],\"padding\":\"",
		source, version);
	while (out->len < ANSWER_BYTES - 2)
		strbuf_addc(out, 'x');
	strbuf_adds(out, "\"}");
}

static void registry_page(struct strbuf *out, int from)
{
	strbuf_adds(out, "{\"versions\":[");
	for (int i = from; i < from + PAGE; i++)
		strbuf_addf(out,
			"%s{\"name\":\"model-%05d\",\"version\":\"%d\",\"status\":"
			"\"READY\","
			"\"run_id\":\"%032x\",\"created\":%lld,\"tags\":{\"team\":\"t%"
			"d\"}}",
			i > from ? "," : "", i / VERSIONS, i % VERSIONS + 1, (unsigned)i,
			1763700000000LL + i, i % 7);
	strbuf_adds(out, "]");
	if (from + PAGE < MODELS * VERSIONS)
		strbuf_addf(out, ",\"next\":\"%d\"", from + PAGE);
	strbuf_adds(out, "}");
}

static enum MHD_Result serve(void *cls, struct MHD_Connection *c, const char *url,
	const char *method, const char *http, const char *data, size_t *n, void **state)
{
	struct strbuf body = STRBUF_INIT;
	struct MHD_Response *r;
	enum MHD_Result result;
	const char *from;

	(void)cls;
	(void)method;
	(void)http;
	(void)data;
	(void)n;
	(void)state;
	if (!strncmp(url, "/s/", 3)) {
		small_answer(&body, atoi(url + 3) % SOURCES, true);
	} else if (!strncmp(url, "/still/", 7)) {
		small_answer(&body, atoi(url + 7) % SOURCES, false);
	} else {
		from = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "from");
		registry_page(&body, from ? atoi(from) : 0);
	}
	r = MHD_create_response_from_buffer(body.len, body.buf, MHD_RESPMEM_MUST_COPY);
	MHD_add_response_header(r, "Content-Type", "application/json");
	result = MHD_queue_response(c, MHD_HTTP_OK, r);
	MHD_destroy_response(r);
	strbuf_release(&body);
	return result;
}

static int port_of(struct MHD_Daemon *d)
{
	must(d != NULL, "no server");
	return MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT)->port;
}

/* The ports go through the pipe; it ends with us. */
static pid_t start_server(int ports[2], const char *cert, const char *key)
{
	int pipe_fds[2];
	pid_t pid;

	must(pipe(pipe_fds) == 0, "no pipe");
	pid = fork();
	must(pid >= 0, "no process");
	if (pid == 0) {
		const unsigned flags = MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ports[0] = port_of(MHD_start_daemon(flags, 0, NULL, NULL, serve, NULL,
			MHD_OPTION_CONNECTION_LIMIT, 2 * SOURCES, MHD_OPTION_END));
		ports[1] = port_of(MHD_start_daemon(flags | MHD_USE_TLS, 0, NULL, NULL,
			serve, NULL, MHD_OPTION_CONNECTION_LIMIT, 2 * SOURCES,
			MHD_OPTION_HTTPS_MEM_CERT, cert, MHD_OPTION_HTTPS_MEM_KEY, key,
			MHD_OPTION_END));
		must(write(pipe_fds[1], ports, 2 * sizeof(int)) == 2 * sizeof(int),
			"pipe");
		for (;;)
			pause();
	}
	must(read(pipe_fds[0], ports, 2 * sizeof(int)) == 2 * sizeof(int),
		"the server does not start");
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return pid;
}

/* --- what the collector reads --- */

static const char connector[] = "connector: bench\n"
				"reads:\n"
				"  - name: services\n"
				"    emits: serving\n"
				"    get: /\n"
				"    map: '.services[] | {service: .name, variant: "
				"\"main\", version: .version}'\n";

static const char registry[] = "connector: registry\n"
			       "reads:\n"
			       "  - name: versions\n"
			       "    emits: model_version\n"
			       "    get: /versions\n"
			       "    page: {cursor: .next, query: from, max: 1000}\n"
			       "    map: |\n"
			       "      .versions[] | {model: .name, version: .version, "
			       "status: .status, run: .run_id,\n"
			       "                     created: .created, tags: .tags}\n";

struct place {
	char top[64];
	char *config;
	struct strbuf text;
};

static void put(const struct place *at, const char *name, const char *text)
{
	char *file = path_join(at->top, name);
	struct err e = ERR_INIT;

	if (path_write(file, text, strlen(text), 0600, &e))
		must(false, e.what);
	free(file);
}

static void place_open(struct place *at, const char *cert)
{
	const char *tmp = getenv("TMPDIR");
	char *dir;

	(void)snprintf(at->top, sizeof(at->top), "%.40s/tocsin-bench-XXXXXX",
		tmp ? tmp : "/tmp");
	must(mkdtemp(at->top) != NULL, "no directory");
	dir = path_join(at->top, "connectors");
	must(mkdir(dir, 0700) == 0, "no directory");
	put(at, "connectors/bench.yaml", connector);
	put(at, "connectors/registry.yaml", registry);
	put(at, "ca.pem", cert);
	at->config = path_join(at->top, "config.yaml");
	strbuf_init(&at->text);
	strbuf_addf(&at->text, "store: {path: %s/store}\nconnectors: [%s]\nsources:\n",
		at->top, dir);
	free(dir);
}

static int remove_one(const char *path, const struct stat *s, int flag, struct FTW *at)
{
	(void)s;
	(void)flag;
	(void)at;
	return remove(path);
}

static void place_close(struct place *at)
{
	nftw(at->top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(at->config);
	strbuf_release(&at->text);
}

/* --- the collector's process and its jq worker --- */

static struct child start_collector(const struct place *at, const char *mode)
{
	char *exe = mem_format(
		"%s/tocsin", getenv("TOCSIN_BUILD") ? getenv("TOCSIN_BUILD") : ".");
	const char *const argv[] = {exe, "--config", at->config, "poll", mode, NULL};
	char *home = mem_format("HOME=%s", at->top);
	const char *const env[] = {home, "LC_ALL=C", "PATH=/usr/bin:/bin", NULL};
	const struct child_spec spec = {.argv = argv,
		.env = env,
		.in = CHILD_NULL,
		.out = CHILD_NULL,
		.err = CHILD_NULL};
	struct child c;
	struct err e = ERR_INIT;

	if (child_start(&c, &spec, &e))
		must(false, e.what);
	free(exe);
	free(home);
	return c;
}

static char *proc_text(pid_t pid, const char *name)
{
	char *file = mem_format("/proc/%d/%s", (int)pid, name);
	struct strbuf text = STRBUF_INIT;
	FILE *in = fopen(file, "r");
	char part[4096];
	size_t n;

	while (in && (n = fread(part, 1, sizeof(part), in)) > 0)
		strbuf_add(&text, part, n);
	if (in)
		(void)fclose(in);
	free(file);
	return strbuf_detach(&text, NULL);
}

static double field_of(pid_t pid, const char *name, const char *field)
{
	char *text = proc_text(pid, name), *at = text ? strstr(text, field) : NULL;
	double value = at ? atof(at + strlen(field)) : 0;

	free(text);
	return value;
}

/* utime and stime stand behind the name, which may hold anything. */
static double cpu_seconds(pid_t pid)
{
	char *text = proc_text(pid, "stat"), *at = text ? strrchr(text, ')') : NULL;
	unsigned long user = 0, system = 0;

	if (at)
		(void)sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
			&user, &system);
	free(text);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* Those whose parent it is: the jq worker. */
static size_t family(pid_t out[16], pid_t top)
{
	char *text = mem_format("task/%d/children", (int)top);
	char *children = proc_text(top, text), *at = children, *end;
	size_t n = 0;

	out[n++] = top;
	while (at && n < 16) {
		long pid = strtol(at, &end, 10);

		if (end == at)
			break;
		out[n++] = (pid_t)pid;
		at = end;
	}
	free(text);
	free(children);
	return n;
}

static double family_pss_mib(pid_t top)
{
	pid_t pids[16];
	size_t n = family(pids, top);
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += field_of(pids[i], "smaps_rollup", "\nPss:");
	return sum / 1024;
}

static double family_cpu(pid_t top)
{
	pid_t pids[16];
	size_t n = family(pids, top);
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += cpu_seconds(pids[i]);
	return sum;
}

static void wait_seconds(int s)
{
	struct timespec t = {.tv_sec = s};

	nanosleep(&t, NULL);
}

static void stop(struct child *c)
{
	int status;

	kill(c->pid, SIGTERM);
	waitpid(c->pid, &status, 0);
	child_close(c);
}

/* --- the figures --- */

static void put_sources(struct place *at, const int ports[2], const char *path)
{
	for (int i = 0; i < SOURCES; i++) {
		strbuf_addf(&at->text,
			"  - {name: s%d, type: bench, every: %ds, "
			"url: \"%s://127.0.0.1:%d/%s/%d\"",
			i, EVERY_S, i % 2 ? "https" : "http", ports[i % 2], path, i);
		if (i % 2)
			strbuf_addf(&at->text, ", tls: {ca: %s/ca.pem}", at->top);
		strbuf_adds(&at->text, "}\n");
	}
	put(at, "config.yaml", at->text.buf);
}

static void thousand_sources(const int ports[2], const char *cert, bool moves)
{
	struct place at;
	struct child c;
	double cpu, written, polls = (double)SOURCES * MEASURE_S / EVERY_S;
	int64_t began;

	place_open(&at, cert);
	put_sources(&at, ports, moves ? "s" : "still");
	c = start_collector(&at, "--daemon");
	wait_seconds(WARM_S);
	must(kill(c.pid, 0) == 0, "the collector has ended");
	began = clock_mono();
	cpu = family_cpu(c.pid);
	written = field_of(c.pid, "io", "write_bytes: ");
	wait_seconds(MEASURE_S);
	cpu = family_cpu(c.pid) - cpu;
	written = field_of(c.pid, "io", "write_bytes: ") - written;
	if (moves) {
		figure(0, "collector_cpu_1000_sources",
			100 * cpu / ((double)(clock_mono() - began) / 1e9), "%", 10);
		figure(0, "collector_pss_1000_sources", family_pss_mib(c.pid), "MiB", 60);
	}
	figure(0,
		moves ? "collector_written_per_poll" : "collector_written_per_quiet_poll",
		written / polls, "bytes", moves ? NO_BUDGET : 1024);
	stop(&c);
	place_close(&at);
}

/* One round over the registry; the largest sum of collector and worker seen. */
static void large_registry(const int ports[2], const char *cert)
{
	struct place at;
	struct child c;
	double most = 0, began = (double)clock_mono() / 1e9;
	int status = 0;

	place_open(&at, cert);
	strbuf_addf(&at.text,
		"  - {name: r, type: registry, url: \"http://127.0.0.1:%d\", timeout: "
		"60s}\n",
		ports[0]);
	put(&at, "config.yaml", at.text.buf);
	for (int round = 0; round < 2; round++) {
		began = (double)clock_mono() / 1e9;
		c = start_collector(&at, "--once");
		most = 0;
		while (waitpid(c.pid, &status, WNOHANG) == 0) {
			double now = family_pss_mib(c.pid);
			struct timespec t = {.tv_nsec = 20000000};

			most = now > most ? now : most;
			nanosleep(&t, NULL);
		}
		child_close(&c);
		must(WIFEXITED(status) && WEXITSTATUS(status) == 0,
			"the registry could not be read");
		figure(0,
			round ? "registry_200000_again_pss" : "registry_200000_first_pss",
			most, "MiB", 60);
		figure(0, round ? "registry_200000_again" : "registry_200000_first",
			(double)clock_mono() / 1e9 - began, "s", NO_BUDGET);
	}
	place_close(&at);
}

int main(void)
{
	char *cert, *key;
	int ports[2];
	pid_t server;

	make_certificate(&cert, &key);
	server = start_server(ports, cert, key);
	large_registry(ports, cert);
	thousand_sources(ports, cert, true);
	thousand_sources(ports, cert, false);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	free(cert);
	free(key);
	return 0;
}
