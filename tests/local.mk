# Unit tests: one program a module, named as the module's file; its source is tests/unit/NAME.c.
AM_TESTS_ENVIRONMENT = \
	TOCSIN_TOP='$(abs_top_srcdir)'; export TOCSIN_TOP; \
	TOCSIN_BUILD='$(abs_top_builddir)'; export TOCSIN_BUILD; \
	TOCSIN_DATADIR='$(abs_top_srcdir)'; export TOCSIN_DATADIR; \
	TOCSIN_PROGRAM='$(abs_top_builddir)/tocsin'; export TOCSIN_PROGRAM; \
	TOCSIN_SHARED="$${TOCSIN_SHARED:-$(abs_top_srcdir)/../shared}"; export TOCSIN_SHARED; \
	TZ=UTC; export TZ; LC_ALL=C.UTF-8; export LC_ALL;
TESTS += $(check_PROGRAMS) $(dist_check_SCRIPTS)
EXTRA_DIST += tests/unit/unit.h
check_PROGRAMS += tests/unit/agents
tests_unit_agents_SOURCES = tests/unit/agents.c tests/unit/readers.c tests/unit/readers.h tests/unit/web.c tests/unit/web.h
check_PROGRAMS += tests/unit/alert_answer
check_PROGRAMS += tests/unit/alert_group
check_PROGRAMS += tests/unit/alertmanager
tests_unit_alertmanager_SOURCES = tests/unit/alertmanager.c tests/unit/readers.c tests/unit/readers.h tests/unit/web.c tests/unit/web.h
check_PROGRAMS += tests/unit/auth
tests_unit_auth_SOURCES = tests/unit/auth.c tests/fuzz/auth.c tests/fuzz/fuzz.h
check_PROGRAMS += tests/unit/auth_gcp
tests_unit_auth_gcp_SOURCES = tests/unit/auth_gcp.c tests/unit/web.c tests/unit/web.h
check_PROGRAMS += tests/unit/auth_kube
tests_unit_auth_kube_SOURCES = tests/unit/auth_kube.c tests/unit/web.c tests/unit/web.h
check_PROGRAMS += tests/unit/auth_login
check_PROGRAMS += tests/unit/auth_oci
tests_unit_auth_oci_SOURCES = tests/unit/auth_oci.c tests/unit/web.c tests/unit/web.h
check_PROGRAMS += tests/unit/auth_sigv4
tests_unit_auth_sigv4_SOURCES = tests/unit/auth_sigv4.c tests/unit/web.c tests/unit/web.h
tests_unit_auth_login_SOURCES = tests/unit/auth_login.c tests/unit/web.c tests/unit/web.h
check_PROGRAMS += tests/unit/backoff
check_PROGRAMS += tests/unit/calendar
tests_unit_calendar_SOURCES = tests/unit/calendar.c tests/fuzz/zone.c tests/fuzz/fuzz.h
check_PROGRAMS += tests/unit/change
check_PROGRAMS += tests/unit/chart
check_PROGRAMS += tests/unit/connected
tests_unit_connected_SOURCES = tests/unit/connected.c tests/unit/readers.c tests/unit/readers.h tests/unit/web.c tests/unit/web.h
check_PROGRAMS += tests/unit/counter
check_PROGRAMS += tests/unit/doc
check_PROGRAMS += tests/unit/drift_counts
check_PROGRAMS += tests/unit/drift_samples
EXTRA_DIST += tests/unit/drift_vectors.h
check_PROGRAMS += tests/unit/drift_tables
check_PROGRAMS += tests/unit/edit
check_PROGRAMS += tests/unit/exposition
tests_unit_exposition_SOURCES = tests/unit/exposition.c tests/fuzz/exposition.c tests/fuzz/fuzz.h
check_PROGRAMS += tests/unit/grid
tests_unit_grid_SOURCES = tests/unit/grid.c tests/fuzz/grid.c tests/fuzz/fuzz.h
check_PROGRAMS += tests/unit/http
tests_unit_http_SOURCES = tests/unit/http.c tests/unit/web.c tests/unit/web.h
check_PROGRAMS += tests/unit/input
tests_unit_input_SOURCES = tests/unit/input.c tests/fuzz/input.c tests/fuzz/fuzz.h
check_PROGRAMS += tests/unit/drift_files
tests_unit_drift_files_SOURCES = tests/unit/drift_files.c tests/fuzz/evidently.c tests/fuzz/fuzz.h tests/unit/readers.c tests/unit/readers.h tests/unit/web.c tests/unit/web.h
check_PROGRAMS += tests/unit/drifts
tests_unit_drifts_SOURCES = tests/unit/drifts.c tests/unit/readers.c tests/unit/readers.h tests/unit/web.c tests/unit/web.h
check_PROGRAMS += tests/unit/metrics
tests_unit_metrics_SOURCES = tests/unit/metrics.c tests/unit/readers.c tests/unit/readers.h tests/unit/web.c tests/unit/web.h
check_PROGRAMS += tests/unit/served
tests_unit_served_SOURCES = tests/unit/served.c tests/unit/readers.c tests/unit/readers.h tests/unit/web.c tests/unit/web.h
check_PROGRAMS += tests/unit/number
check_PROGRAMS += tests/unit/outage
tests_unit_outage_SOURCES = tests/unit/outage.c tests/unit/readers.c tests/unit/readers.h tests/unit/web.c tests/unit/web.h
check_PROGRAMS += tests/unit/path_pattern
check_PROGRAMS += tests/unit/plot
check_PROGRAMS += tests/unit/poll
tests_unit_poll_SOURCES = tests/unit/poll.c tests/unit/readers.c tests/unit/readers.h tests/unit/web.c tests/unit/web.h
check_PROGRAMS += tests/unit/prom_relatives
tests_unit_prom_relatives_SOURCES = tests/unit/prom_relatives.c tests/unit/readers.c tests/unit/readers.h tests/unit/web.c tests/unit/web.h
check_PROGRAMS += tests/unit/prom_server
check_PROGRAMS += tests/unit/prometheus
tests_unit_prometheus_SOURCES = tests/unit/prometheus.c tests/unit/readers.c tests/unit/readers.h tests/unit/web.c tests/unit/web.h
check_PROGRAMS += tests/unit/prom_answer
tests_unit_prom_answer_SOURCES = tests/unit/prom_answer.c tests/fuzz/prometheus.c tests/fuzz/fuzz.h
check_PROGRAMS += tests/unit/latency
check_PROGRAMS += tests/unit/slice
check_PROGRAMS += tests/unit/slo_eval
tests_unit_slo_eval_SOURCES = tests/unit/slo_eval.c tests/unit/readers.c tests/unit/readers.h tests/unit/web.c tests/unit/web.h
check_PROGRAMS += tests/unit/strbuf
check_PROGRAMS += tests/unit/table_file
tests_unit_table_file_SOURCES = tests/unit/table_file.c tests/fuzz/table.c tests/fuzz/fuzz.h
check_PROGRAMS += tests/unit/theme
tests_unit_theme_SOURCES = tests/unit/theme.c tests/fuzz/theme.c tests/fuzz/fuzz.h
check_PROGRAMS += tests/unit/url

# Fuzz targets: their function also runs over a few seeds in the unit test of the same name.
if FUZZ
noinst_PROGRAMS += tests/fuzz/auth
tests_fuzz_auth_LDFLAGS = -fsanitize=fuzzer
noinst_PROGRAMS += tests/fuzz/grid
tests_fuzz_grid_LDFLAGS = -fsanitize=fuzzer
noinst_PROGRAMS += tests/fuzz/input
tests_fuzz_input_LDFLAGS = -fsanitize=fuzzer
noinst_PROGRAMS += tests/fuzz/table
tests_fuzz_table_LDFLAGS = -fsanitize=fuzzer
noinst_PROGRAMS += tests/fuzz/theme
tests_fuzz_theme_LDFLAGS = -fsanitize=fuzzer
noinst_PROGRAMS += tests/fuzz/connector
tests_fuzz_connector_LDFLAGS = -fsanitize=fuzzer
noinst_PROGRAMS += tests/fuzz/outputs
tests_fuzz_outputs_LDFLAGS = -fsanitize=fuzzer
noinst_PROGRAMS += tests/fuzz/runbook
tests_fuzz_runbook_LDFLAGS = -fsanitize=fuzzer
noinst_PROGRAMS += tests/fuzz/otlp
tests_fuzz_otlp_LDFLAGS = -fsanitize=fuzzer
noinst_PROGRAMS += tests/fuzz/evidently
tests_fuzz_evidently_LDFLAGS = -fsanitize=fuzzer
noinst_PROGRAMS += tests/fuzz/drift_check
tests_fuzz_drift_check_LDFLAGS = -fsanitize=fuzzer
noinst_PROGRAMS += tests/fuzz/slo_file
tests_fuzz_slo_file_LDFLAGS = -fsanitize=fuzzer
noinst_PROGRAMS += tests/fuzz/slo_pyrra
tests_fuzz_slo_pyrra_LDFLAGS = -fsanitize=fuzzer
noinst_PROGRAMS += tests/fuzz/markdown
tests_fuzz_markdown_LDFLAGS = -fsanitize=fuzzer
noinst_PROGRAMS += tests/fuzz/text
tests_fuzz_text_LDFLAGS = -fsanitize=fuzzer
noinst_PROGRAMS += tests/fuzz/payload
tests_fuzz_payload_LDFLAGS = -fsanitize=fuzzer
noinst_PROGRAMS += tests/fuzz/yaml
tests_fuzz_yaml_LDFLAGS = -fsanitize=fuzzer
noinst_PROGRAMS += tests/fuzz/json
tests_fuzz_json_LDFLAGS = -fsanitize=fuzzer
noinst_PROGRAMS += tests/fuzz/exposition
tests_fuzz_exposition_LDFLAGS = -fsanitize=fuzzer
noinst_PROGRAMS += tests/fuzz/prometheus
tests_fuzz_prometheus_LDFLAGS = -fsanitize=fuzzer
noinst_PROGRAMS += tests/fuzz/zone
tests_fuzz_zone_LDFLAGS = -fsanitize=fuzzer
endif

# What reads the tree itself.
dist_check_SCRIPTS += tests/lint/layers tests/lint/manual tests/lint/shape \
	tests/lint/translations tests/lint/words
dist_noinst_SCRIPTS += tests/run

C_FILES = find $(top_srcdir)/src $(top_srcdir)/lab $(top_srcdir)/bench $(top_srcdir)/tests -name '*.[ch]'

# Layout as .clang-format says.
check-style:
	@bad=`cd $(top_srcdir) && git ls-files '*.c' | xargs clang-format --dry-run -Werror 2>&1 | grep -c 'error:'`; \
	if [ "$$bad" != 0 ]; then cd $(top_srcdir) && git ls-files '*.c' | xargs clang-format --dry-run -Werror 2>&1 | grep 'error:' | head -40; exit 1; fi
style:
	cd $(top_srcdir) && git ls-files '*.c' | xargs clang-format -i

check-cppcheck:
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability \
		--inline-suppr --suppressions-list=$(top_srcdir)/tests/lint/cppcheck.txt \
		--library=posix -j 2 -I $(top_srcdir)/src -I $(top_srcdir) -I . \
		-DHAVE_CONFIG_H -D_GNU_SOURCE --include=$(top_srcdir)/tests/lint/cppcheck.h \
		$(top_srcdir)/src $(top_srcdir)/lab

check-shell:
	cd $(top_srcdir) && shellcheck -x -P SCRIPTDIR quickstart .ci/run .ci/tools tests/run \
		$$(git ls-files 'tests/lint/*' 'tests/*.sh' | grep -v '\.\(txt\|h\)$$')

# A second build in its own directory, with its own flags, and its unit and screen tests.
check-clang:
	@$(MKDIR_P) $(abs_top_builddir)/clang && cd $(abs_top_builddir)/clang && \
	{ [ -f Makefile ] || CC=clang $(abs_top_srcdir)/configure -q --enable-werror CFLAGS='-g -O1'; } && \
	TOCSIN_NO_LIVE=1 $(abs_top_srcdir)/tests/run .
check-sanitizers:
	@$(MKDIR_P) $(abs_top_builddir)/sanitizers && cd $(abs_top_builddir)/sanitizers && \
	{ [ -f Makefile ] || $(abs_top_srcdir)/configure -q --enable-werror --enable-sanitizers CFLAGS='-g -O1'; } && \
	TOCSIN_NO_LIVE=1 ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1 \
		$(abs_top_srcdir)/tests/run .

# Against real servers, the heavy ones too, nothing else; what cannot run here is said, and fails the target.
LIVE_TESTS =
LIVE_TESTS += tests/live/airflow.sh
LIVE_TESTS += tests/live/alertmanager.sh
LIVE_TESTS += tests/live/bentoml.sh
LIVE_TESTS += tests/live/drift_compute.sh
EXTRA_DIST += tests/live/drift_compute.py
LIVE_TESTS += tests/live/feast.sh
LIVE_TESTS += tests/live/homemade.sh
LIVE_TESTS += tests/live/litellm.sh
LIVE_TESTS += tests/live/mlflow.sh
LIVE_TESTS += tests/live/oci-3.sh
LIVE_TESTS += tests/live/oci.sh
LIVE_TESTS += tests/live/prometheus-3.sh
LIVE_TESTS += tests/live/prefect.sh
LIVE_TESTS += tests/live/drift_prometheus.sh
LIVE_TESTS += tests/live/evidently.sh
LIVE_TESTS += tests/live/prometheus.sh
LIVE_TESTS += tests/live/ray.sh
LIVE_TESTS += tests/live/sagemaker.sh
LIVE_TESTS += tests/live/slo_rules.sh
LIVE_TESTS += tests/live/sloth.sh
LIVE_TESTS += tests/live/unleash.sh
LIVE_TESTS += tests/live/victoria-metrics.sh
EXTRA_DIST += tests/live/prisma-engine.js tests/live/servers.sh tests/live/unleash-server.js
EXTRA_DIST += tests/live/registry.py tests/live/signed_moto.py
dist_check_SCRIPTS += $(LIVE_TESTS)
EXTRA_DIST += tests/live/pipelines.sh
EXTRA_DIST += tests/live/registry.sh tests/live/token_server.py
check-live: all
	@TOCSIN_STRICT=1 TOCSIN_LIVE=all $(top_srcdir)/tests/run . TESTS='$(LIVE_TESTS)'

.PHONY: check-live check-style style check-cppcheck check-shell check-clang check-sanitizers
EXTRA_DIST += tests/lint/cppcheck.h tests/lint/cppcheck.txt
check_PROGRAMS += tests/unit/digest
check_PROGRAMS += tests/unit/duration
check_PROGRAMS += tests/unit/json
tests_unit_json_SOURCES = tests/unit/json.c tests/fuzz/json.c tests/fuzz/fuzz.h
check_PROGRAMS += tests/unit/child
check_PROGRAMS += tests/unit/cmd
check_PROGRAMS += tests/unit/config
check_PROGRAMS += tests/unit/loop
check_PROGRAMS += tests/unit/record
check_PROGRAMS += tests/unit/text
tests_unit_text_SOURCES = tests/unit/text.c tests/fuzz/text.c tests/fuzz/fuzz.h
EXTRA_DIST += tests/lib.sh
dist_check_SCRIPTS += tests/e2e/badinput.sh
dist_check_SCRIPTS += tests/e2e/burn.sh
dist_check_SCRIPTS += tests/e2e/completion.sh
dist_check_SCRIPTS += tests/e2e/connector_faults.sh
dist_check_SCRIPTS += tests/e2e/drift.sh
EXTRA_DIST += tests/e2e/fault-server.py
dist_check_SCRIPTS += tests/e2e/connector.sh
dist_check_SCRIPTS += tests/e2e/drift_compute.sh
dist_check_SCRIPTS += tests/e2e/faults.sh
dist_check_SCRIPTS += tests/e2e/gate.sh
dist_check_SCRIPTS += tests/e2e/kube.sh
EXTRA_DIST += tests/e2e/kube_api.py
EXTRA_DIST += tests/e2e/prometheus_api.py
dist_check_SCRIPTS += tests/e2e/query.sh
dist_check_SCRIPTS += tests/e2e/rollback.sh
check_PROGRAMS += tests/unit/markdown
tests_unit_markdown_SOURCES = tests/unit/markdown.c tests/fuzz/markdown.c tests/fuzz/fuzz.h
check_PROGRAMS += tests/unit/path
EXTRA_DIST += tests/unit/shared.h
check_PROGRAMS += tests/unit/budget
check_PROGRAMS += tests/unit/burn
EXTRA_DIST += tests/unit/store.h
check_PROGRAMS += tests/unit/store_change
check_PROGRAMS += tests/unit/store_journal
check_PROGRAMS += tests/unit/store_migrate
check_PROGRAMS += tests/unit/store_alerts
check_PROGRAMS += tests/unit/store_observe
check_PROGRAMS += tests/unit/store_open
check_PROGRAMS += tests/unit/store_drift
check_PROGRAMS += tests/unit/store_series
check_PROGRAMS += tests/unit/traced
check_PROGRAMS += tests/unit/store_session
tests_unit_store_session_SOURCES = tests/unit/store_session.c tests/fuzz/payload.c tests/fuzz/fuzz.h
check_PROGRAMS += tests/unit/store_source
check_PROGRAMS += tests/unit/store_trim
check_PROGRAMS += tests/unit/sync
check_PROGRAMS += tests/unit/merkle
check_PROGRAMS += tests/unit/correlate
check_PROGRAMS += tests/unit/cost
check_PROGRAMS += tests/unit/tree
check_PROGRAMS += tests/unit/replay
check_PROGRAMS += tests/unit/retrain
check_PROGRAMS += tests/unit/yaml
tests_unit_yaml_SOURCES = tests/unit/yaml.c tests/fuzz/yaml.c tests/fuzz/fuzz.h
check_PROGRAMS += tests/unit/map
check_PROGRAMS += tests/unit/connector
tests_unit_connector_SOURCES = tests/unit/connector.c tests/fuzz/connector.c tests/fuzz/fuzz.h
check_PROGRAMS += tests/unit/connector_cases
tests_unit_connector_cases_SOURCES = tests/unit/connector_cases.c tests/unit/case_server.c tests/unit/case_server.h tests/unit/web.c tests/unit/web.h
check_PROGRAMS += tests/unit/connector_verify
EXTRA_DIST += tests/data/connectors
check_PROGRAMS += tests/unit/read
tests_unit_read_SOURCES = tests/unit/read.c tests/unit/web.c tests/unit/web.h
check_PROGRAMS += tests/unit/action_param
check_PROGRAMS += tests/unit/action_steps
tests_unit_action_steps_SOURCES = tests/unit/action_steps.c tests/unit/web.c tests/unit/web.h
check_PROGRAMS += tests/unit/action
tests_unit_action_SOURCES = tests/unit/action.c tests/unit/web.c tests/unit/web.h

# The console in a virtual terminal.
check_LIBRARIES += tests/screen/libscreen.a
tests_screen_libscreen_a_SOURCES = tests/screen/harness.c tests/screen/fixture.c tests/screen/fixture_drift.c tests/screen/harness.h
tests_screen_libscreen_a_CPPFLAGS = $(AM_CPPFLAGS) $(VTERM_CFLAGS)
SCREEN_LIBS = tests/screen/libscreen.a libtocsin.a $(TOCSIN_LIBS) $(CMOCKA_LIBS) $(VTERM_LIBS)
check_PROGRAMS += tests/screen/alerts
tests_screen_alerts_LDADD = $(SCREEN_LIBS)
check_PROGRAMS += tests/screen/changes
tests_screen_changes_LDADD = $(SCREEN_LIBS)
check_PROGRAMS += tests/screen/console
check_PROGRAMS += tests/screen/inventory
tests_screen_inventory_LDADD = $(SCREEN_LIBS)
check_PROGRAMS += tests/screen/panes
check_PROGRAMS += tests/screen/replay
tests_screen_replay_LDADD = $(SCREEN_LIBS)
check_PROGRAMS += tests/screen/run
check_PROGRAMS += tests/screen/slos
tests_screen_slos_LDADD = $(SCREEN_LIBS)
tests_screen_run_LDADD = $(SCREEN_LIBS)
check_PROGRAMS += tests/screen/locale
tests_screen_locale_LDADD = $(SCREEN_LIBS)
tests_screen_console_LDADD = $(SCREEN_LIBS)
tests_screen_panes_LDADD = $(SCREEN_LIBS)
EXTRA_DIST += tests/screen/golden
check_PROGRAMS += tests/unit/otlp
check_PROGRAMS += tests/unit/sloth
check_PROGRAMS += tests/unit/slos
check_PROGRAMS += tests/unit/library_url
check_PROGRAMS += tests/unit/offer
check_PROGRAMS += tests/unit/openslo
check_PROGRAMS += tests/unit/pyrra
tests_unit_pyrra_SOURCES = tests/unit/pyrra.c tests/fuzz/slo_pyrra.c tests/fuzz/fuzz.h
EXTRA_DIST += tests/unit/slo_text.h
check_PROGRAMS += tests/unit/runbook_parse
tests_unit_runbook_parse_SOURCES = tests/unit/runbook_parse.c tests/fuzz/runbook.c tests/fuzz/fuzz.h
check_PROGRAMS += tests/unit/agent_parts
check_PROGRAMS += tests/unit/attrs
tests_unit_otlp_SOURCES = tests/unit/otlp.c tests/fuzz/otlp.c tests/fuzz/fuzz.h
check_PROGRAMS += tests/unit/drift_check
check_PROGRAMS += tests/unit/drift_side
tests_unit_drift_check_SOURCES = tests/unit/drift_check.c tests/fuzz/drift_check.c tests/fuzz/fuzz.h
tests_unit_openslo_SOURCES = tests/unit/openslo.c tests/fuzz/slo_file.c tests/fuzz/fuzz.h
check_PROGRAMS += tests/unit/slo_rules
check_PROGRAMS += tests/unit/slo_samples
check_PROGRAMS += tests/unit/slo_state
check_PROGRAMS += tests/unit/slo_words
check_PROGRAMS += tests/unit/supervisor
check_PROGRAMS += tests/unit/trace_file

# The console as a process, on a terminal of its own.
check_LIBRARIES += tests/pty/libpty.a
tests_pty_libpty_a_SOURCES = tests/pty/stage.c tests/pty/stage.h tests/pty/pty.c tests/pty/pty.h
tests_pty_libpty_a_CPPFLAGS = $(AM_CPPFLAGS) $(VTERM_CFLAGS)
PTY_LIBS = tests/pty/libpty.a $(SCREEN_LIBS)
check_PROGRAMS += tests/pty/signals
tests_pty_signals_LDADD = $(PTY_LIBS)
check_PROGRAMS += tests/unit/redact
check_PROGRAMS += tests/pty/terminals
tests_pty_terminals_LDADD = $(PTY_LIBS)
dist_check_SCRIPTS += tests/e2e/schema.sh
dist_check_SCRIPTS += tests/e2e/slo.sh
check_PROGRAMS += tests/pty/ahead
tests_pty_ahead_LDADD = $(PTY_LIBS)
check_PROGRAMS += tests/unit/runbook_run
check_PROGRAMS += tests/unit/runbook_vars
EXTRA_DIST += tests/unit/seen.h
check_PROGRAMS += tests/unit/gate
check_PROGRAMS += tests/unit/chain
check_PROGRAMS += tests/unit/verify
check_PROGRAMS += tests/unit/version_diff
check_PROGRAMS += tests/unit/mask
check_PROGRAMS += tests/unit/outputs
tests_unit_outputs_SOURCES = tests/unit/outputs.c tests/fuzz/outputs.c tests/fuzz/fuzz.h
check_PROGRAMS += tests/unit/logind
dist_check_SCRIPTS += tests/e2e/console.sh
dist_check_SCRIPTS += tests/e2e/models.sh
