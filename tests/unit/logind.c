#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/path.h"
#include "runbook/logind.h"

static void put(const char *root, const char *file, const char *text)
{
	char *path = mem_format("%s%s", root, file), *dir = path_dir(path);
	struct err e = ERR_INIT;

	assert_int_equal(path_make_dir(dir, 0700, &e), 0);
	assert_int_equal(path_write(path, text, strlen(text), 0600, &e), 0);
	free(path);
	free(dir);
}

static void assert_look(
	const char *root, const char *user, bool is_root, bool kills, bool lingers)
{
	struct logind l;

	logind_look(&l, root, user, is_root);
	assert_int_equal(l.kills, kills);
	assert_int_equal(l.lingers, lingers);
}

static void reads_what_logind_reads(void **state)
{
	char root[] = "/tmp/tocsin-logind-XXXXXX";
	char *command;

	(void)state;
	assert_non_null(mkdtemp(root));
	put(root, "/etc/systemd/logind.conf",
		"[Login]\n#KillUserProcesses=no\nKillUserProcesses=yes\n");
	assert_look(root, "ann", false, false, false); /* no logind there */
	put(root, "/run/systemd/seats/seat0", "");
	assert_look(root, "ann", false, true, false);
	assert_look(root, "root", true, false, false);
	put(root, "/var/lib/systemd/linger/ann", "");
	assert_look(root, "ann", false, true, true);
	put(root, "/etc/systemd/logind.conf.d/50-a.conf",
		"[Login]\nKillExcludeUsers=bob ann\n");
	assert_look(root, "ann", false, false, true);
	assert_look(root, "an", false, true, false);
	assert_look(root, "root", true, true, false);
	put(root, "/etc/systemd/logind.conf.d/60-b.conf",
		"[Login]\nKillExcludeUsers=\n  KillOnlyUsers=eve \n");
	assert_look(root, "ann", false, false, true);
	assert_look(root, "eve", false, true, false);
	put(root, "/etc/systemd/logind.conf.d/70-c.conf",
		"[Login]\nKillUserProcesses=0\n");
	assert_look(root, "eve", false, false, false);
	command = mem_format("rm -rf '%s'", root);
	assert_int_equal(system(command), 0);
	free(command);
}

UNIT_TESTS(cmocka_unit_test(reads_what_logind_reads))
