#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/path.h"
#include "record/chain.h"
#include "record/checkpoint.h"

struct place {
	char dir[64];
	struct store *st;
};

static int set_up(void **state)
{
	struct place *p = mem_new(1, sizeof(*p));
	struct err e = ERR_INIT;
	char *store;

	snprintf(p->dir, sizeof(p->dir), "/tmp/tocsin-chain-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	setenv("XDG_STATE_HOME", p->dir, 1);
	store = path_join(p->dir, "store");
	assert_int_equal(store_open(&p->st, store, STORE_WRITE, &e), 0);
	free(store);
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
	free(p);
	return 0;
}

static int64_t write_one(struct place *p, const char *kind, const struct json *data)
{
	const struct audit_event ev = {
		.kind = kind, .object = "shop", .run = "R1", .step = 3, .data = data};
	struct err e = ERR_INIT;
	int64_t seq = 0;

	if (audit_write(p->st, NULL, &ev, &seq, &e))
		fail_msg("%s", e.what);
	return seq;
}

static void each_entry_covers_the_one_before(void **state)
{
	struct place *p = *state;
	struct audit_list list;
	struct arena a;
	struct json *data = json_object(), *entry = NULL;
	struct digest zero = {{0}}, hash;
	struct err e = ERR_INIT;

	json_add_text(data, "b", "two\n\"");
	json_add_text(data, "a", "one");
	assert_int_equal(write_one(p, "test.one", data), 1);
	assert_int_equal(write_one(p, "test.two", NULL), 2);
	assert_int_equal(write_one(p, "test.three", NULL), 3);
	arena_init(&a);
	assert_int_equal(audit_list(&list, &a, p->st, 1, 10, &e), 0);
	assert_int_equal(list.n, 3);
	assert_memory_equal(&list.items[0].prev, &zero, sizeof(zero));
	for (size_t i = 0; i < list.n; i++) {
		struct audit_row *r = &list.items[i];

		hash = chain_hash(&r->prev, r->entry, strlen(r->entry));
		assert_memory_equal(&hash, &r->hash, sizeof(hash));
		if (i)
			assert_memory_equal(
				&r->prev, &list.items[i - 1].hash, sizeof(hash));
	}
	assert_int_equal(
		json_parse(&entry, list.items[0].entry, strlen(list.items[0].entry), &e),
		0);
	assert_int_equal(json_int(json_get(entry, "seq")), 1);
	assert_int_equal(json_int(json_get(entry, "at")), list.items[0].at);
	assert_int_equal(json_int(json_get(entry, "step")), 3);
	assert_string_equal(json_text_at(entry, "data.b"), "two\n\"");
	assert_string_equal(json_text(json_get(entry, "kind")), "test.one");
	assert_int_equal(json_int(json_at(entry, "who.uid")), getuid());
	json_free(entry);
	json_free(data);
	arena_release(&a);
}

/* The form of the hash, worked out by hand: sha256("tocsin-audit-v1\n" 32 x 00 "{}"). */
static void hash_is_what_it_says(void **state)
{
	struct digest zero = {{0}}, d = chain_hash(&zero, "{}", 2);
	struct strbuf hex = STRBUF_INIT;

	(void)state;
	digest_hex(&hex, &d);
	assert_string_equal(hex.buf,
		"41b3d4b5115f633405e01dc3436d8a8a538275d4d34275e1d2315880e03358a8");
	strbuf_release(&hex);
}

static void head_is_remembered(void **state)
{
	struct place *p = *state;
	struct chain_head head;
	struct err e = ERR_INIT;

	assert_int_equal(chain_head_read(&head, p->st, &e), 0);
	assert_int_equal(head.size, 0);
	write_one(p, "a", NULL);
	write_one(p, "b", NULL);
	assert_int_equal(chain_head_read(&head, p->st, &e), 0);
	assert_int_equal(head.size, 2);
	/* Broken, it is said to be, and the writing goes on. */
	{
		char *command = mem_format(
			"for f in '%s'/tocsin/heads/*; do echo x > \"$f\"; done", p->dir);

		assert_int_equal(system(command), 0);
		free(command);
	}
	assert_int_equal(chain_head_read(&head, p->st, &e), -1);
	err_clear(&e);
	assert_int_equal(write_one(p, "c", NULL), 3);
	assert_int_equal(chain_head_read(&head, p->st, &e), 0);
	assert_int_equal(head.size, 3);
	err_release(&e);
}

static void checkpoints_have_c2sp_form(void **state)
{
	static const char text[] = "host/tocsin\n8\n"
				   "XcnaeacJpZqa1Vnct/HZ7aq8gs+cXqHsUykSNAjIAUU=\n";
	struct checkpoint c;
	struct strbuf out = STRBUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(checkpoint_parse(&c, text, strlen(text), &e), 0);
	assert_int_equal(c.size, 8);
	assert_int_equal(c.n_origin, 11);
	assert_null(c.signature);
	assert_int_equal(c.text_bytes, strlen(text));
	checkpoint_format(&out, "host/tocsin", 8, &c.root);
	assert_string_equal(out.buf, text);
	strbuf_adds(&out, "\nsigned\n");
	assert_int_equal(checkpoint_parse(&c, out.buf, out.len, &e), 0);
	assert_string_equal(c.signature, "signed\n");
	strbuf_release(&out);
}

static void broken_checkpoints_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"a",
		"a\n",
		"a\n1\n",
		"a\n1\nAA==\n",
		"\n1\n",
		"a\n-1\n",
		"a\n01\n",
		"a\n1x\nXcnaeacJpZqa1Vnct/HZ7aq8gs+cXqHsUykSNAjIAUU=\n",
		"a\n9999999999999999999\nXcnaeacJpZqa1Vnct/HZ7aq8gs+cXqHsUykSNAjIAUU=\n",
		"a\n1\nXcnaeacJpZqa1Vnct/HZ7aq8gs+cXqHsUykSNAjIAUU=",
		"a\n1\nXcnaeacJpZqa1Vnct/HZ7aq8gs+cXqHsUykSNAjIAUU=\nmore",
		"a\n1\n!!!\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct checkpoint c;
		struct err e = ERR_INIT;

		if (!checkpoint_parse(&c, bad[i], strlen(bad[i]), &e))
			fail_msg("%zu", i);
		err_release(&e);
	}
}

static void who_names_the_ssh_client(void **state)
{
	struct who w;
	struct arena a;

	(void)state;
	arena_init(&a);
	setenv("SSH_CONNECTION", "10.1.2.3 53122 10.0.0.1 22", 1);
	who_am_i(&w, &a);
	assert_string_equal(w.ssh_from, "10.1.2.3:53122");
	assert_non_null(w.user);
	assert_non_null(strstr(who_text(&w, &a), "10.1.2.3"));
	unsetenv("SSH_CONNECTION");
	unsetenv("SSH_CLIENT");
	who_am_i(&w, &a);
	assert_null(w.ssh_from);
	arena_release(&a);
}

/* The fingerprint of the reference's throw-away key, as sshd lists it. */
static void who_names_the_key(void **state)
{
	struct place *p = *state;
	static const char list[] =
		"publickey ssh-ed25519 "
		"AAAAC3NzaC1lZDI1NTE5AAAAIKz/2lC8Xmom4Qj/qg4oauapourhztVYsJmlVFemAAZM\n";
	char *file = path_join(p->dir, "auth");
	struct who w;
	struct arena a;
	struct err e = ERR_INIT;

	arena_init(&a);
	assert_int_equal(path_write(file, list, strlen(list), 0600, &e), 0);
	setenv("SSH_USER_AUTH", file, 1);
	who_am_i(&w, &a);
	assert_string_equal(w.key, "SHA256:VEP042x63CvhJ40pjiNmUSpFedbaud3Z9d2kvnqGIb8");
	unsetenv("SSH_USER_AUTH");
	arena_release(&a);
	free(file);
}

#define PLACED(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

UNIT_TESTS(PLACED(each_entry_covers_the_one_before),
	cmocka_unit_test(hash_is_what_it_says), PLACED(head_is_remembered),
	cmocka_unit_test(checkpoints_have_c2sp_form),
	cmocka_unit_test(broken_checkpoints_are_refused),
	cmocka_unit_test(who_names_the_ssh_client), PLACED(who_names_the_key))
