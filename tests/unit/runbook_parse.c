#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/path.h"
#include "core/strbuf.h"
#include "runbook/destroy.h"
#include "runbook/runbook.h"
#include "runbook/script.h"
#include "tests/fuzz/fuzz.h"

static struct destroy *patterns;

static int load_patterns(void **state)
{
	struct problems p;
	struct err e = ERR_INIT;

	(void)state;
	problems_init(&p, NULL);
	assert_int_equal(destroy_load(&patterns, &p, &e), 0);
	assert_int_equal(p.n, 0);
	problems_release(&p);
	return 0;
}

static int free_patterns(void **state)
{
	(void)state;
	destroy_free(patterns);
	return 0;
}

static void parse(struct runbook *rb, const char *text)
{
	struct err e = ERR_INIT;

	assert_int_equal(
		runbook_parse(rb, "dir/test.md", text, strlen(text), patterns, &e), 0);
}

/* The only step of a document. */
static const struct step *one(struct runbook *rb, const char *text)
{
	parse(rb, text);
	assert_int_equal(rb->n_steps, 1);
	return &rb->steps[0];
}

static bool has_problem(const struct runbook *rb, int line, const char *words)
{
	for (size_t i = 0; i < rb->problems.n; i++)
		if (rb->problems.items[i].line == line &&
			strstr(rb->problems.items[i].message, words))
			return true;
	return false;
}

static bool has_text(const struct yaml_texts *t, const char *s)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->items[i], s))
			return true;
	return false;
}

/* --- headings --- */

static void headings_set_the_phase(void **state)
{
	static const struct {
		const char *text;
		enum phase phase;
		bool reading;
	} cases[] = {
		{"Capture", PHASE_CAPTURE, false},
		{"Preserve the evidence", PHASE_CAPTURE, false},
		{"Part 3 - Contain", PHASE_CONTAIN, false},
		{"Containment", PHASE_CONTAIN, false},
		{"Mitigation", PHASE_CONTAIN, false},
		{"Quick fix", PHASE_CONTAIN, false},
		{"Container restarts", PHASE_NONE, false},
		{"Prefix list", PHASE_NONE, false},
		{"Diagnosis", PHASE_DIAGNOSE, false},
		{"Detect & Analyze", PHASE_DIAGNOSE, false},
		{"Troubleshooting Pointers", PHASE_DIAGNOSE, false},
		{"Possible checks", PHASE_DIAGNOSE, false},
		{"Rolling back", PHASE_ROLLBACK, false},
		{"Eradicate & Recover", PHASE_ROLLBACK, false},
		{"Resolution", PHASE_ROLLBACK, false},
		{"Restore", PHASE_ROLLBACK, false},
		{"Verify the fix", PHASE_VERIFY, false},
		{"Post-checks", PHASE_VERIFY, false},
		{"Post-Incident Activity", PHASE_POSTMORTEM, false},
		{"Lessons", PHASE_POSTMORTEM, false},
		{"Follow-up", PHASE_POSTMORTEM, false},
		{"Diagnosis and Mitigation", PHASE_DIAGNOSE, false},
		{"Meaning", PHASE_NONE, true},
		{"Impact", PHASE_NONE, true},
		{"Impact on diagnosis", PHASE_DIAGNOSE, false},
		{"", PHASE_NONE, false},
		{"\xe4\xbf\xae\xe5\xa4\x8d", PHASE_NONE, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool reading = false;

		if (phase_of_heading(cases[i].text, &reading) != cases[i].phase ||
			reading != cases[i].reading)
			fail_msg("'%s'", cases[i].text);
	}
}

static void phase_reaches_down_and_ends(void **state)
{
	struct runbook rb;

	(void)state;
	parse(&rb,
		"# Title\n## Mitigation\n### Pods\n```sh\nls\n```\n## "
		"Other\n```sh\nls\n```\n"
		"## Overview\n```sh\nls\n```\n### Mitigate\n```sh "
		"{phase=restore}\nls\n```\n");
	assert_string_equal(rb.title, "Title");
	assert_int_equal(rb.n_headings, 6);
	assert_int_equal(rb.headings[2].phase, PHASE_CONTAIN);
	assert_int_equal(rb.steps[0].phase, PHASE_CONTAIN);
	assert_int_equal(rb.steps[1].phase, PHASE_NONE);
	assert_int_equal(rb.steps[2].phase, PHASE_DIAGNOSE);
	assert_int_equal(rb.steps[2].risk, RISK_CHANGE);
	assert_int_equal(rb.steps[3].phase, PHASE_RESTORE);
	runbook_release(&rb);
}

/* --- attributes --- */

static void both_spellings_of_attributes(void **state)
{
	struct runbook rb;
	const struct step *s;

	(void)state;
	s = one(&rb,
		"```sh { name=drain risk=change confirm=type timeout=60s retries=2 "
		"idempotent "
		"ok=0,1 undo=drain2 needs=ssh-agent cwd=/tmp other=\"a b\" }\nls\n```\n");
	assert_string_equal(s->name, "drain");
	assert_int_equal(s->risk, RISK_CHANGE);
	assert_true(s->risk_given);
	assert_int_equal(s->confirm, CONFIRM_TYPE);
	assert_int_equal(s->timeout_ns, 60 * INT64_C(1000000000));
	assert_int_equal(s->retries, 2);
	assert_true(s->idempotent);
	assert_int_equal(s->n_ok, 2);
	assert_int_equal(s->ok[1], 1);
	assert_string_equal(s->needs, "ssh-agent");
	assert_string_equal(step_attr(s, "other"), "a b");
	assert_true(has_problem(&rb, 1, "drain2"));
	runbook_release(&rb);

	s = one(&rb,
		"```bash {\"name\":\"say \\\"hi\\\" {now}\",\"interactive\":\"false\","
		"\"background\":true,\"n\":{\"a\":1}}\nls\n```\n");
	assert_string_equal(s->name, "say \"hi\" {now}");
	assert_string_equal(s->lang, "bash");
	assert_false(s->interactive);
	assert_true(s->background);
	assert_string_equal(step_attr(s, "n"), "{\"a\":1}");
	assert_int_equal(rb.problems.n, 0);
	runbook_release(&rb);
}

static void wrong_attributes_are_reported(void **state)
{
	struct runbook rb;
	const struct step *s;

	(void)state;
	s = one(&rb,
		"\n\n```sh {name=a confrim=type confirm=maybe mimeType=x tag=y "
		"z}\nls\n```\n");
	assert_true(has_problem(&rb, 3, "no attribute 'confrim'"));
	assert_true(has_problem(&rb, 3, "'maybe' is no value"));
	assert_int_equal(rb.problems.n, 2);
	assert_non_null(s->broken);
	assert_int_equal(s->n_attrs, 6);
	runbook_release(&rb);

	one(&rb, "```sh {name=a\nls\n```\n");
	assert_true(has_problem(&rb, 1, "not closed"));
	runbook_release(&rb);

	parse(&rb, "```sh {name=a}\nls\n```\n```sh {name=a}\nls\n```\n");
	assert_true(has_problem(&rb, 4, "two steps"));
	assert_string_equal(rb.steps[1].name, "a-2");
	runbook_release(&rb);
}

/* --- steps --- */

static void kinds_of_steps(void **state)
{
	struct runbook rb;

	(void)state;
	parse(&rb,
		"```python\nprint(1)\n```\n```\noutput\n```\n```json\n{}\n```\n"
		"```action\nsource: mlflow\ndo: set-alias\nwith: {model: $MODEL, "
		"version: 3}\n"
		"```\n```gate {name=g}\nslo: s\nburn: \"< 1\"\n```\n- [ ] Tell support\n"
		"- [x] Told already\n- plain\n\nCall the owner {manual name=call}\n\n"
		"```postmortem\nIt was late.\n```\n\n    indented\n");
	assert_int_equal(rb.blocks, 7);
	assert_int_equal(rb.tasks, 2);
	assert_int_equal(rb.n_steps, 7);
	assert_int_equal(rb.steps[0].kind, KIND_SH);
	assert_string_equal(rb.steps[0].lang, "python");
	assert_int_equal(rb.steps[1].kind, KIND_ACTION);
	assert_int_equal(rb.steps[1].risk, RISK_CHANGE);
	assert_int_equal(rb.steps[2].kind, KIND_GATE);
	assert_int_equal(rb.steps[2].risk, RISK_READ);
	assert_int_equal(rb.steps[3].kind, KIND_MANUAL);
	assert_string_equal(rb.steps[3].source, "Tell support");
	assert_string_equal(rb.steps[3].name, "tell-support");
	assert_int_equal(rb.steps[5].kind, KIND_MANUAL);
	assert_string_equal(rb.steps[5].name, "call");
	assert_string_equal(rb.steps[5].source, "Call the owner");
	assert_int_equal(rb.steps[6].kind, KIND_POSTMORTEM);
	assert_int_equal(rb.problems.n, 0);
	runbook_release(&rb);
}

static void unclosed_fence_is_named_and_never_runs(void **state)
{
	struct runbook rb;
	const struct step *s;

	(void)state;
	s = one(&rb,
		"# Fix\n\n```sh {name=rm}\nrm -rf /tmp/x\n\n## Verify\n\nAll text "
		"now.\n");
	assert_true(has_problem(&rb, 3, "never closed"));
	assert_non_null(s->broken);
	assert_int_equal(s->line, 3);
	runbook_release(&rb);

	s = one(&rb, "- item\n  ```sh\n  ls\n\ntext\n");
	assert_true(has_problem(&rb, 2, "never closed"));
	assert_non_null(s->broken);
	runbook_release(&rb);
}

static void destructive_text_is_destroy(void **state)
{
	struct runbook rb;

	(void)state;
	parse(&rb,
		"```sh\nkubectl delete pod x\n```\n```sh {risk=change}\nrm -rf /x\n```\n"
		"```sh\necho deleted\n```\n```sh\n# rm -rf /\nls\n```\n```sh "
		"{risk=read}\nls\n```\n");
	assert_int_equal(rb.steps[0].risk, RISK_DESTROY);
	assert_int_equal(step_confirm(&rb.steps[0]), CONFIRM_TYPE);
	assert_int_equal(rb.steps[1].risk, RISK_CHANGE);
	assert_true(has_problem(&rb, 4, "destructive"));
	assert_int_equal(rb.steps[2].risk, RISK_CHANGE);
	assert_int_equal(step_confirm(&rb.steps[2]), CONFIRM_KEY);
	assert_int_equal(rb.steps[3].risk, RISK_CHANGE);
	assert_int_equal(step_confirm(&rb.steps[4]), CONFIRM_NO);
	runbook_release(&rb);
}

static void references_are_checked(void **state)
{
	struct runbook rb;

	(void)state;
	parse(&rb,
		"```sh {name=a before=b}\nls\n```\n```sh {name=b before=a}\nls\n```\n"
		"```sh {name=c undo=nothing}\nls\n```\n```sh {name=d "
		"retries=3}\nls\n```\n"
		"```sh {name=e when=\"A ~ b\"}\nls\n```\n```sh {name=f "
		"approve=2}\nls\n```\n"
		"```sh {name=g needs=magic}\nls\n```\n```sh {name=h "
		"interpreter=cobol}\nls\n```\n");
	assert_true(has_problem(&rb, 1, "wait for each other"));
	assert_non_null(rb.steps[1].broken);
	assert_true(has_problem(&rb, 7, "'nothing'"));
	assert_true(has_problem(&rb, 10, "retries are ignored"));
	assert_null(rb.steps[3].broken);
	assert_int_equal(step_retries(&rb.steps[3]), 0);
	assert_true(has_problem(&rb, 13, "condition"));
	assert_true(has_problem(&rb, 16, "approvals"));
	assert_true(has_problem(&rb, 19, "magic"));
	assert_true(has_problem(&rb, 22, "cobol"));
	runbook_release(&rb);
}

static void actions_and_gates_are_checked(void **state)
{
	struct runbook rb;

	(void)state;
	parse(&rb,
		"```action\nsource: m\ndoo: x\n```\n```action\nsource: m\ndo: x\nwith: "
		"[1]\n```\n"
		"```gate\npromql: up\n```\n```gate\nslo: a\n```\n```gate\nmodel: "
		"m\nserving: 3\n"
		"```\n```gate\nslo: a\nburn: < 1\nfor: 10m\nwithin: 5m\n```\n"
		"```gate\n- x\n```\n```action {risk=read}\nsource: m\ndo: x\n```\n");
	assert_true(has_problem(&rb, 3, "doo"));
	assert_true(has_problem(&rb, 8, "with"));
	assert_true(has_problem(&rb, 11, "'promql' are not supported"));
	assert_true(has_problem(&rb, 14, "burn rate"));
	assert_true(has_problem(&rb, 17, "version"));
	assert_true(has_problem(&rb, 21, "never pass"));
	for (size_t i = 0; i < 7; i++)
		assert_non_null(rb.steps[i].broken);
	assert_null(rb.steps[7].broken);
	assert_int_equal(rb.steps[7].risk, RISK_CHANGE);
	runbook_release(&rb);
}

/* --- scripts --- */

static void prompts_and_transcripts(void **state)
{
	struct runbook rb;
	const struct step *s;

	(void)state;
	s = one(&rb,
		"```console\n$ kubectl get \\\n>   pods\nNAME READY\n$ echo "
		"'a\nb'\na\nb\n"
		"$ cat <<E\n$ not a prompt\nE\ndone\n```\n");
	assert_string_equal(s->script,
		"kubectl get \\\n  pods\necho 'a\nb'\ncat <<E\n$ not a prompt\nE\n");
	assert_string_equal(s->expected, "NAME READY\na\nb\ndone\n");
	runbook_release(&rb);

	s = one(&rb, "```sh\n# a comment\n$EDITOR file\n```\n");
	assert_string_equal(s->script, "# a comment\n$EDITOR file\n");
	runbook_release(&rb);

	s = one(&rb, "```console\n# systemctl status x\nactive\n```\n");
	assert_string_equal(s->script, "systemctl status x\n");
	assert_string_equal(s->expected, "active\n");
	runbook_release(&rb);

	s = one(&rb, "```sh\n\n  \n```\n");
	assert_non_null(s->broken);
	runbook_release(&rb);
}

static void placeholders_become_expansions(void **state)
{
	struct runbook rb;
	const struct step *s;

	(void)state;
	s = one(&rb,
		"```sh\nkubectl -n <namespace> logs \"pod-<pod-name>\" '<x y>' {{ zone "
		"}} "
		"-l app=NAME_HERE # <comment>\ncat <file>\n```\n");
	assert_string_equal(s->script,
		"kubectl -n \"$NAMESPACE\" logs \"pod-${POD_NAME}\" ''\"$X_Y\"'' "
		"\"$ZONE\" "
		"-l app=\"$NAME_HERE\" # <comment>\ncat \"$FILE\"\n");
	assert_int_equal(s->inputs.n, 6);
	assert_true(has_text(&s->inputs, "NAMESPACE"));
	assert_true(has_text(&s->inputs, "NAME_HERE"));
	runbook_release(&rb);

	/* What only looks like one. */
	s = one(&rb,
		"```sh\na < b > c\ncat <<EOF\n<tag>\nEOF\ncmd 2>&1 <(ls)\n[ 1 -lt 2 "
		"]\n```\n");
	assert_int_equal(s->inputs.n, 1);
	assert_string_equal(s->inputs.items[0], "TAG");
	runbook_release(&rb);

	/* A path must not become the PATH. */
	s = one(&rb, "```sh\nls <path> <user>\n```\n");
	assert_string_equal(s->script, "ls \"$PATH_VALUE\" \"$USER_VALUE\"\n");
	runbook_release(&rb);

	s = one(&rb, "```sh\ncat <<'EOF'\n<tag>\nEOF\n```\n");
	assert_non_null(s->broken);
	runbook_release(&rb);

	s = one(&rb, "```sh\nkubectl ...\n```\n");
	assert_non_null(s->broken);
	runbook_release(&rb);
}

static void inputs_are_what_the_text_does_not_set(void **state)
{
	struct runbook rb;
	const struct step *s;

	(void)state;
	s = one(&rb,
		"```sh\nA1=1; echo $A1 ${BB} ${CC:-x} ${DD:?no} \"$EE\" '$FF' $HOME $1 "
		"$lower\n"
		"for GG in 1; do echo $GG; done; read -r HH; echo $HH ${II%x} \\$JJ "
		"\"$(echo \"$KK\")\"\nexport LL; echo $LL $TOCSIN_RUN\n```\n");
	assert_true(has_text(&s->inputs, "BB"));
	assert_true(has_text(&s->inputs, "DD"));
	assert_true(has_text(&s->inputs, "EE"));
	assert_true(has_text(&s->inputs, "II"));
	assert_true(has_text(&s->inputs, "KK"));
	assert_int_equal(s->inputs.n, 5);
	runbook_release(&rb);

	s = one(&rb,
		"```sh {name=REGION}\necho \"WEIGHT=$W1\" > \"$TOCSIN_OUTPUT\"\n```\n");
	assert_int_equal(s->outputs.n, 2);
	assert_string_equal(s->outputs.items[0], "REGION");
	assert_string_equal(s->outputs.items[1], "WEIGHT");
	runbook_release(&rb);
}

/* --- front matter --- */

static void front_matter(void **state)
{
	struct runbook rb;

	(void)state;
	parse(&rb,
		"---\ntitle: Roll back\nweight: 20\nowner_slack: '#x'\n"
		"applies: {alerts: [A, B], changes: pointer}\nvars:\n"
		"  MODEL: {from: service.model.name}\n"
		"  TO: {ask: Which?, choices: previous-versions, pattern: '[0-9]+'}\n"
		"  MODE: {choices: [fast, slow], default: fast}\n  PLAIN: value\n"
		"  LD_PRELOAD: /tmp/evil.so\n  BAD: {from: service.modle.name, defualt: "
		"3}\n"
		"---\n# Heading\n");
	assert_string_equal(rb.title, "Roll back");
	assert_int_equal(rb.alerts.n, 2);
	assert_int_equal(rb.changes.n, 1);
	assert_int_equal(rb.n_vars, 5);
	assert_string_equal(rb.vars[1].choices_from, "previous-versions");
	assert_int_equal(rb.vars[2].choices.n, 2);
	assert_string_equal(rb.vars[3].value, "value");
	assert_true(has_problem(&rb, 11, "LD_PRELOAD"));
	assert_true(has_problem(&rb, 12, "defualt"));
	assert_true(has_problem(&rb, 12, "service.modle.name"));
	assert_int_equal(rb.problems.n, 3);
	runbook_release(&rb);

	parse(&rb, "---\ntitle: [unclosed\n---\n# Still here\n```sh\nls\n```\n");
	assert_int_equal(rb.n_steps, 1);
	assert_string_equal(rb.title, "Still here");
	assert_true(rb.problems.n > 0);
	runbook_release(&rb);
}

static void the_designs_example_is_clean(void **state)
{
	static const char text[] =
		"---\ntitle: Roll back a bad model version\n"
		"applies: {alerts: [ModelErrorBudgetBurn], changes: [pointer, "
		"serving]}\nvars:\n"
		"  MODEL: {from: service.model.name}\n  BAD: {from: "
		"service.model.version}\n"
		"  TO: {ask: Roll back to which version?, choices: "
		"previous-versions}\n---\n"
		"## Capture\n```sh {name=weights risk=read}\n"
		"./traffic.sh \"$SERVICE\" --show > \"$TOCSIN_OUTPUT\"\n```\n## Contain\n"
		"```sh {name=drain risk=change confirm=type timeout=60s before=weights "
		"undo=undrain}\n"
		"./traffic.sh \"$SERVICE\" --version \"$BAD\" --weight 0\n```\n## "
		"Rollback\n"
		"```action {name=alias}\nsource: mlflow\ndo: set-alias\n"
		"with: {model: $MODEL, alias: production, version: $TO}\n```\n"
		"```gate {name=served}\nmodel: checkout-assistant\nserving: == "
		"$TO\nwithin: 5m\n```\n"
		"## Restore\n```sh {name=undrain risk=change}\n"
		"./traffic.sh \"$SERVICE\" --version \"$TO\" --weight 100\n```\n## "
		"Verify\n"
		"```gate {name=burn-ok}\nslo: checkout-availability\nburn: \"< "
		"1\"\nwindow: 5m\n"
		"min_events: 100\nfor: 5m\nwithin: 30m\n```\n- [ ] Support has been "
		"told\n";
	struct runbook rb;
	struct json *j, *again = NULL;
	struct strbuf out = STRBUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	parse(&rb, text);
	assert_int_equal(rb.problems.n, 0);
	assert_int_equal(rb.n_steps, 7);
	assert_string_equal(runbook_step(&rb, "drain")->before, "weights");
	assert_true(has_text(&rb.steps[0].inputs, "SERVICE"));
	j = runbook_to_json(&rb);
	json_format(&out, j, true);
	assert_int_equal(json_parse(&again, out.buf, out.len, &e), 0);
	assert_string_equal(json_text_at(again, "schema"), "tocsin.runbook/1");
	assert_string_equal(json_text_at(again, "steps.1.attrs.confirm"), "type");
	assert_string_equal(json_text_at(again, "headings.1.phase"), "contain");
	assert_int_equal(json_int(json_at(again, "blocks")), 6);
	assert_int_equal(json_int(json_at(again, "tasks")), 1);
	json_free(j);
	json_free(again);
	strbuf_release(&out);
	runbook_release(&rb);
}

/* --- what is hostile --- */

static void hostile_documents_do_no_harm(void **state)
{
	struct strbuf s = STRBUF_INIT;
	struct runbook rb;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(runbook_parse(&rb, "x", "a\0b", 3, NULL, &e), -1);
	err_clear(&e);
	for (int i = 0; i < 20000; i++)
		strbuf_adds(&s, i % 3 ? "> - " : "```sh {a=b ");
	parse(&rb, s.buf);
	runbook_release(&rb);
	strbuf_reset(&s);
	for (int i = 0; i < 3000; i++)
		strbuf_addf(&s,
			"```sh {name=n%d undo=n%d when=x}\n<a%d> $((($(( \"'\n```\n", i,
			i / 2, i);
	parse(&rb, s.buf);
	assert_int_equal(rb.n_steps, 3000);
	runbook_release(&rb);
	strbuf_reset(&s);
	strbuf_adds(&s, "```sh\n");
	for (int i = 0; i < 30000; i++)
		strbuf_adds(&s, "echo hi\n");
	strbuf_adds(&s, "```\n");
	parse(&rb, s.buf);
	assert_non_null(rb.steps[0].broken);
	runbook_release(&rb);
	strbuf_reset(&s);
	for (int i = 0; i < (1 << 20); i++)
		strbuf_adds(&s, "aaaaa");
	assert_int_equal(runbook_parse(&rb, "x", s.buf, s.len, NULL, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	err_clear(&e);
	strbuf_release(&s);
}

static void what_all_can_write_is_refused(void **state)
{
	char dir[] = "/tmp/tocsin-test-XXXXXX";
	char *file;
	struct runbook rb;
	struct err e = ERR_INIT;

	(void)state;
	assert_non_null(mkdtemp(dir));
	file = path_join(dir, "a.md");
	assert_int_equal(path_write(file, "# A\n", 4, 0644, &e), 0);
	assert_int_equal(runbook_read(&rb, file, NULL, &e), 0);
	assert_string_equal(rb.name, "a");
	runbook_release(&rb);
	assert_int_equal(chmod(file, 0666), 0);
	assert_int_equal(runbook_read(&rb, file, NULL, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	err_clear(&e);
	assert_int_equal(runbook_read(&rb, dir, NULL, &e), -1);
	err_release(&e);
	unlink(file);
	rmdir(dir);
	free(file);
}

/* --- public runbooks --- */

struct expected {
	char *columns[13];
};

static bool read_line(struct expected *out, char **at)
{
	char *s = *at;

	if (!*s)
		return false;
	for (size_t i = 0; i < 13; i++) {
		size_t n = strcspn(s, "\t\n");
		char end = s[n];

		out->columns[i] = s;
		s[n] = '\0';
		s += n + (end != 0);
	}
	*at = s;
	return true;
}

static size_t shell_fences(const struct runbook *rb)
{
	size_t n = 0;

	for (size_t i = 0; i < rb->n_steps; i++)
		n += rb->steps[i].kind == KIND_SH && script_is_shell(rb->steps[i].lang);
	return n;
}

static void check_public(const char *dir, const struct expected *x)
{
	char *file = path_join(dir, x->columns[0]);
	struct strbuf text = STRBUF_INIT;
	struct runbook rb;
	struct err e = ERR_INIT;

	if (path_read(&text, file, RUNBOOK_MAX_BYTES, &e) ||
		runbook_parse(&rb, file, text.buf, text.len, patterns, &e))
		fail_msg("%s: %s", file, e.what);
	assert_string_equal(rb.title, x->columns[4]);
	if (rb.n_headings != strtoul(x->columns[5], NULL, 10) ||
		rb.blocks !=
			strtoul(x->columns[6], NULL, 10) +
				strtoul(x->columns[8], NULL, 10) ||
		rb.tasks != strtoul(x->columns[11], NULL, 10) ||
		shell_fences(&rb) != strtoul(x->columns[7], NULL, 10))
		fail_msg("%s: %zu headings, %zu blocks, %zu tasks, %zu shell fences",
			x->columns[0], rb.n_headings, rb.blocks, rb.tasks,
			shell_fences(&rb));
	runbook_release(&rb);
	strbuf_release(&text);
	free(file);
}

static void public_runbooks_open(void **state)
{
	const char *shared = getenv("TOCSIN_SHARED");
	char *dir = path_join(shared ? shared : ".", "data/runbooks");
	char *file = path_join(dir, "expected.tsv"), *at;
	struct strbuf table = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct expected x;
	size_t n = 0;

	(void)state;
	if (!shared || path_read(&table, file, 1 << 20, &e)) {
		err_release(&e);
		free(dir);
		free(file);
		skip();
	}
	at = table.buf + strcspn(table.buf, "\n") + 1;
	for (; read_line(&x, &at); n++)
		check_public(dir, &x);
	assert_true(n > 20);
	strbuf_release(&table);
	free(dir);
	free(file);
}

static void fuzz_seeds(void **state)
{
	static const char *const seeds[] = {
		"",
		"```",
		"```sh {",
		"```sh {\"a\":",
		"---\nvars: {A: {}}\n---\n```gate\nslo: x",
		"- [ ] {manual x",
		"{manual}",
		"~~~action\nwith: {a: [}\n~~~",
		"```console\n$ cat <<-'E' <<F\n> <a>\n\tE\n```",
		"\xff\xfe```sh\n\xc3<\xa9>\n```",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++)
		LLVMFuzzerTestOneInput((const uint8_t *)seeds[i], strlen(seeds[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headings_set_the_phase),
		cmocka_unit_test(phase_reaches_down_and_ends),
		cmocka_unit_test(both_spellings_of_attributes),
		cmocka_unit_test(wrong_attributes_are_reported),
		cmocka_unit_test(kinds_of_steps),
		cmocka_unit_test(unclosed_fence_is_named_and_never_runs),
		cmocka_unit_test(destructive_text_is_destroy),
		cmocka_unit_test(references_are_checked),
		cmocka_unit_test(actions_and_gates_are_checked),
		cmocka_unit_test(prompts_and_transcripts),
		cmocka_unit_test(placeholders_become_expansions),
		cmocka_unit_test(inputs_are_what_the_text_does_not_set),
		cmocka_unit_test(front_matter),
		cmocka_unit_test(the_designs_example_is_clean),
		cmocka_unit_test(hostile_documents_do_no_harm),
		cmocka_unit_test(what_all_can_write_is_refused),
		cmocka_unit_test(public_runbooks_open),
		cmocka_unit_test(fuzz_seeds),
	};

	return cmocka_run_group_tests(tests, load_patterns, free_patterns);
}
