#include "tests/unit/unit.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/child.h"
#include "core/clock.h"
#include "core/path.h"
#include "record/chain.h"
#include "record/checkpoint.h"
#include "record/sign.h"
#include "record/verify.h"

struct place {
	char dir[64];
	char *store_dir;
	struct store *st;
};

static void open_store(struct place *p)
{
	struct err e = ERR_INIT;

	if (store_open(&p->st, p->store_dir, STORE_WRITE, &e))
		fail_msg("%s", e.what);
}

static int set_up(void **state)
{
	struct place *p = mem_new(1, sizeof(*p));

	snprintf(p->dir, sizeof(p->dir), "/tmp/tocsin-verify-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	setenv("XDG_STATE_HOME", p->dir, 1);
	unsetenv("SSH_AUTH_SOCK");
	p->store_dir = path_join(p->dir, "store");
	open_store(p);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char *command = mem_format("rm -rf '%s'", p->dir);

	store_free(p->st);
	assert_int_equal(system(command), 0);
	free(command);
	free(p->store_dir);
	free(p);
	return 0;
}

static void write_some(struct place *p, int n)
{
	const struct audit_event ev = {
		.kind = "test", .object = "shop", .step = NONE_INT};
	struct err e = ERR_INIT;

	for (int i = 0; i < n; i++)
		if (audit_write(p->st, NULL, &ev, NULL, &e))
			fail_msg("%s", e.what);
}

/* What somebody does who can write the file: triggers are no hindrance to them. */
static void tamper(struct place *p, const char *sql)
{
	static const char triggers[] =
		"SELECT group_concat('DROP TRIGGER ' || name, ';') FROM sqlite_master"
		" WHERE type = 'trigger'";
	char *file = path_join(p->store_dir, "record.db"), *drop = NULL;
	sqlite3 *db;
	sqlite3_stmt *s;

	store_free(p->st);
	p->st = NULL;
	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, triggers, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	drop = mem_strdup((const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	if (drop)
		assert_int_equal(sqlite3_exec(db, drop, NULL, NULL, NULL), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	sqlite3_close(db);
	free(drop);
	free(file);
	open_store(p);
}

static void assert_bad(struct place *p, int64_t first, const char *words)
{
	struct verdict v;
	struct arena a;
	struct err e = ERR_INIT;

	arena_init(&a);
	if (audit_verify(&v, &a, p->st, &e))
		fail_msg("%s", e.what);
	assert_false(v.ok);
	if (v.first_bad != first || !strstr(v.reason, words))
		fail_msg("%lld: %s", (long long)v.first_bad, v.reason);
	arena_release(&a);
}

static void assert_good(struct place *p, int64_t entries)
{
	struct verdict v;
	struct arena a;
	struct err e = ERR_INIT;

	arena_init(&a);
	if (audit_verify(&v, &a, p->st, &e))
		fail_msg("%s", e.what);
	if (!v.ok)
		fail_msg("%s", v.reason);
	assert_int_equal(v.entries, entries);
	for (size_t i = 0; i < v.n_checkpoints; i++)
		assert_true(v.checkpoints[i].ok);
	arena_release(&a);
}

static void forget_head(struct place *p)
{
	char *command = mem_format("rm -rf '%s/tocsin/heads'", p->dir);

	assert_int_equal(system(command), 0);
	free(command);
}

static void checkpoint(struct place *p, enum checkpoint_sign sign, char **why)
{
	struct err e = ERR_INIT;

	if (checkpoint_write(p->st, sign, why, &e))
		fail_msg("%s", e.what);
}

static void whole_logs_hold(void **state)
{
	struct place *p = *state;
	char *why;

	assert_good(p, 0);
	write_some(p, 1);
	assert_good(p, 1);
	checkpoint(p, CHECKPOINT_UNSIGNED, &why);
	assert_null(why);
	write_some(p, 2500);
	checkpoint(p, CHECKPOINT_UNSIGNED, &why);
	assert_good(p, 2501);
}

static void an_edit_is_found(void **state)
{
	struct place *p = *state;

	write_some(p, 9);
	tamper(p,
		"UPDATE audit SET entry = replace(entry, 'shop', 'shoq') WHERE seq = 5");
	assert_bad(p, 5, "changed after");
}

static void an_edited_time_is_found(void **state)
{
	struct place *p = *state;

	write_some(p, 5);
	tamper(p, "UPDATE audit SET at = at + 1 WHERE seq = 2");
	assert_bad(p, 2, "time");
}

static void a_deletion_is_found(void **state)
{
	struct place *p = *state;

	write_some(p, 9);
	tamper(p, "DELETE FROM audit WHERE seq = 4");
	assert_bad(p, 4, "missing");
}

static void a_closed_gap_is_found(void **state)
{
	struct place *p = *state;

	write_some(p, 9);
	tamper(p,
		"DELETE FROM audit WHERE seq = 4;"
		"UPDATE audit SET seq = -(seq - 1) WHERE seq > 4; UPDATE audit SET seq = "
		"-seq "
		"WHERE seq < 0");
	assert_bad(p, 3, "written after");
}

static void an_exchange_is_found(void **state)
{
	struct place *p = *state;

	write_some(p, 9);
	tamper(p,
		"UPDATE audit SET seq = -3 WHERE seq = 6; UPDATE audit SET seq = 6 WHERE "
		"seq = 3;"
		"UPDATE audit SET seq = 3 WHERE seq = -3");
	assert_bad(p, 2, "written after");
}

/* With its own hash made right again the next entry still covers the old one. */
static void a_forged_entry_is_found(void **state)
{
	struct place *p = *state;
	struct audit_list list;
	struct arena a;
	struct err e = ERR_INIT;
	struct digest hash;
	struct strbuf hex = STRBUF_INIT;
	char *entry, *sql;

	write_some(p, 9);
	arena_init(&a);
	assert_int_equal(audit_list(&list, &a, p->st, 5, 1, &e), 0);
	entry = mem_strdup(list.items[0].entry);
	memcpy(strstr(entry, "shop"), "shoq", 4);
	hash = chain_hash(&list.items[0].prev, entry, strlen(entry));
	digest_hex(&hex, &hash);
	sql = mem_format(
		"UPDATE audit SET entry = replace(entry, 'shop', 'shoq'), hash = x'%s'"
		" WHERE seq = 5",
		hex.buf);
	tamper(p, sql);
	assert_bad(p, 5, "written after");
	free(sql);
	free(entry);
	strbuf_release(&hex);
	arena_release(&a);
}

static void a_cut_is_found_by_the_head(void **state)
{
	struct place *p = *state;

	write_some(p, 9);
	tamper(p, "DELETE FROM audit WHERE seq > 6");
	assert_bad(p, 7, "cut short");
	/* Written on, it is another log than the one that was remembered. */
	forget_head(p);
	assert_good(p, 6);
}

static void a_rewritten_end_is_found_by_the_head(void **state)
{
	struct place *p = *state;
	struct chain_head head;
	struct err e = ERR_INIT;

	write_some(p, 9);
	assert_int_equal(chain_head_read(&head, p->st, &e), 0);
	tamper(p, "DELETE FROM audit WHERE seq > 6");
	write_some(p, 5);
	assert_int_equal(chain_head_write(p->st, &head, &e), 0);
	assert_bad(p, 1, "rewritten");
}

static void a_cut_is_found_by_a_checkpoint(void **state)
{
	struct place *p = *state;
	char *why;

	write_some(p, 4);
	checkpoint(p, CHECKPOINT_UNSIGNED, &why);
	write_some(p, 4);
	checkpoint(p, CHECKPOINT_UNSIGNED, &why);
	forget_head(p);
	tamper(p, "DELETE FROM audit WHERE seq > 6");
	assert_bad(p, 7, "cut short");
}

static void a_rewrite_is_found_by_a_checkpoint(void **state)
{
	struct place *p = *state;
	char *why;

	write_some(p, 4);
	checkpoint(p, CHECKPOINT_UNSIGNED, &why);
	write_some(p, 4);
	checkpoint(p, CHECKPOINT_UNSIGNED, &why);
	forget_head(p);
	tamper(p, "DELETE FROM audit WHERE seq > 5");
	write_some(p, 5);
	forget_head(p);
	assert_bad(p, 5, "does not hold");
}

/* --- signed, by a real agent --- */

struct agent {
	struct child child;
	bool there;
};

static bool run(const char *const *argv, struct strbuf *out)
{
	char *path = mem_format("PATH=%s", getenv("PATH"));
	char *sock = mem_format("SSH_AUTH_SOCK=%s", getenv("SSH_AUTH_SOCK"));
	const char *const env[] = {path, sock, NULL};
	const struct child_spec spec = {
		.argv = argv, .env = env, .out = CHILD_PIPE, .err = CHILD_OUT};
	struct err e = ERR_INIT;
	int status = -1;
	bool ok = !child_run(out, &status, &spec, NULL, 0, 1 << 16, 20 * NS_PER_S, &e) &&
		!status;

	err_release(&e);
	free(path);
	free(sock);
	return ok;
}

static bool start_agent(struct place *p, struct agent *g)
{
	char *sock = path_join(p->dir, "agent"), *key = path_join(p->dir, "key");
	const char *const agent[] = {"ssh-agent", "-D", "-a", sock, NULL};
	const char *const keygen[] = {
		"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key, NULL};
	const char *const add[] = {"ssh-add", "-q", key, NULL};
	const struct child_spec spec = {.argv = agent};
	struct strbuf out = STRBUF_INIT;
	struct err e = ERR_INIT;

	setenv("SSH_AUTH_SOCK", sock, 1);
	g->there = run(keygen, &out) && !child_start(&g->child, &spec, &e);
	for (int i = 0; g->there && i < 200 && access(sock, F_OK); i++)
		usleep(10000);
	if (g->there)
		assert_true(run(add, &out));
	err_release(&e);
	strbuf_release(&out);
	free(sock);
	free(key);
	return g->there;
}

static void stop_agent(struct agent *g)
{
	if (!g->there)
		return;
	child_signal(&g->child, SIGTERM);
	waitpid(g->child.pid, NULL, 0);
}

static void signed_checkpoints_hold(void **state)
{
	struct place *p = *state;
	struct agent g = {0};
	struct verdict v;
	struct arena a;
	struct err e = ERR_INIT;
	char *why;

	if (!start_agent(p, &g))
		skip();
	write_some(p, 3);
	checkpoint(p, CHECKPOINT_AGENT, &why);
	if (why)
		fail_msg("%s", why);
	arena_init(&a);
	assert_int_equal(audit_verify(&v, &a, p->st, &e), 0);
	assert_true(v.ok);
	assert_int_equal(v.n_checkpoints, 1);
	assert_non_null(v.checkpoints[0].signer);
	assert_memory_equal(v.checkpoints[0].signer, "SHA256:", 7);
	/* The root is signed, so a new one needs the key. */
	tamper(p, "UPDATE checkpoint SET note = replace(note, 'tocsin', 'tocsim')");
	assert_bad(p, 1, "signature");
	tamper(p,
		"UPDATE checkpoint SET note = substr(note, 1, instr(note, '-----') - 2)");
	assert_bad(p, 1, "");
	arena_release(&a);
	stop_agent(&g);
}

static void without_an_agent_it_is_unsigned(void **state)
{
	struct place *p = *state;
	char *why = NULL;

	write_some(p, 2);
	checkpoint(p, CHECKPOINT_AGENT, &why);
	assert_non_null(why);
	free(why);
	setenv("SSH_AUTH_SOCK", "/nonexistent", 1);
	checkpoint(p, CHECKPOINT_AGENT, &why);
	assert_non_null(why);
	free(why);
	assert_good(p, 2);
}

/* The signature that the reference gives as a golden vector. */
static void a_known_signature_holds(void **state)
{
	static const char armour[] =
		"-----BEGIN SSH SIGNATURE-----\n"
		"U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgrP/aULxeaibhCP+qDihq5qmi6u\n"
		"HO1ViwmaVUV6YABkwAAAAMdG9jc2luLWF1ZGl0AAAAAAAAAAZzaGE1MTIAAABTAAAAC3Nz\n"
		"aC1lZDI1NTE5AAAAQNOyP869sz7sEtzGppBGsgJPdSSoRV9KAYPux0HLM02AF9rtSCRHI9\n"
		"SFprMsdeK0Sc5kVD6rFrxKx7UI98fgkg0=\n"
		"-----END SSH SIGNATURE-----\n";
	struct strbuf key = STRBUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	if (sign_check(&key, armour, strlen(armour), "tocsin-audit", "hello audit\n", 12,
		    &e)) {
		if (e.code == ERR_NOT_FOUND)
			skip();
		fail_msg("%s", e.what);
	}
	assert_memory_equal(key.buf, "SHA256:", 7);
	assert_int_equal(sign_check(&key, armour, strlen(armour), "tocsin-audit",
				 "hello audit!", 12, &e),
		-1);
	err_clear(&e);
	assert_int_equal(sign_check(&key, armour, strlen(armour), "other",
				 "hello audit\n", 12, &e),
		-1);
	err_clear(&e);
	assert_int_equal(
		sign_check(&key, "x", 1, "tocsin-audit", "hello audit\n", 12, &e), -1);
	err_release(&e);
	strbuf_release(&key);
}

#define PLACED(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

UNIT_TESTS(PLACED(whole_logs_hold), PLACED(an_edit_is_found),
	PLACED(an_edited_time_is_found), PLACED(a_deletion_is_found),
	PLACED(a_closed_gap_is_found), PLACED(an_exchange_is_found),
	PLACED(a_forged_entry_is_found), PLACED(a_cut_is_found_by_the_head),
	PLACED(a_rewritten_end_is_found_by_the_head),
	PLACED(a_cut_is_found_by_a_checkpoint),
	PLACED(a_rewrite_is_found_by_a_checkpoint), PLACED(signed_checkpoints_hold),
	PLACED(without_an_agent_it_is_unsigned),
	cmocka_unit_test(a_known_signature_holds))
