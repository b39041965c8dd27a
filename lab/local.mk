# The lab: everything but main.c is one library, so that its tests link what ships.
lab_scenariosdir = $(pkgdatadir)/lab/scenarios
lab_storiesdir = $(pkgdatadir)/lab/stories
LAB_SCENARIOS = lab/scenarios/payments.yaml lab/scenarios/retail.yaml
LAB_STORIES = lab/stories/assistant.yaml lab/stories/summarizer.yaml
EXTRA_DIST += $(LAB_SCENARIOS) $(LAB_STORIES)

EXTRA_DIST += tests/unit/lab.h
dist_check_SCRIPTS += tests/e2e/demo.sh
dist_check_SCRIPTS += tests/e2e/lab.sh
LAB_TESTS =
LAB_TESTS += tests/unit/lab_alertmanager
LAB_TESTS += tests/unit/lab_causes
LAB_TESTS += tests/unit/lab_langfuse
LAB_TESTS += tests/unit/lab_mlflow
LAB_TESTS += tests/unit/lab_parts
LAB_TESTS += tests/unit/lab_suspects
EXTRA_DIST += $(LAB_TESTS:=.c) tests/fuzz/lab_words.c tests/unit/drill.c tests/unit/drill.h

LAB_LIBS = liblab.a libtocsin.a $(TOCSIN_LIBS) $(MICROHTTPD_LIBS)

if LAB
libtocsin_a_SOURCES += src/cmd/demo.c
libtocsin_a_SOURCES += src/cmd/demo_files.c src/cmd/demo_files.h
libtocsin_a_SOURCES += src/cmd/demo_keeper.c src/cmd/demo_keeper.h
bin_PROGRAMS += tocsin-lab
dist_man_MANS += doc/tocsin-lab.1
noinst_LIBRARIES += liblab.a
lab_scenarios_DATA = $(LAB_SCENARIOS)
lab_stories_DATA = $(LAB_STORIES)

tocsin_lab_SOURCES = lab/main.c
tocsin_lab_CFLAGS = $(AM_CFLAGS)
tocsin_lab_LDADD = $(LAB_LIBS)

liblab_a_CFLAGS = $(AM_CFLAGS) $(MICROHTTPD_CFLAGS)
liblab_a_SOURCES =
liblab_a_SOURCES += lab/api_admin.c
liblab_a_SOURCES += lab/api_alertmanager.c
liblab_a_SOURCES += lab/api_langfuse.c lab/langfuse.h
liblab_a_SOURCES += lab/api_mlflow.c
liblab_a_SOURCES += lab/api_observations.c
liblab_a_SOURCES += lab/api_pipelines.c
liblab_a_SOURCES += lab/api_prompts.c
liblab_a_SOURCES += lab/api_serving.c
liblab_a_SOURCES += lab/fault.c lab/fault.h
liblab_a_SOURCES += lab/filter.c lab/filter.h
liblab_a_SOURCES += lab/matcher.c lab/matcher.h
liblab_a_SOURCES += lab/meter.c lab/meter.h
liblab_a_SOURCES += lab/options.c lab/options.h
liblab_a_SOURCES += lab/page_metrics.c
liblab_a_SOURCES += lab/pager.c lab/pager.h
liblab_a_SOURCES += lab/pipeline.c lab/pipeline.h
liblab_a_SOURCES += lab/platform.c lab/platform.h
liblab_a_SOURCES += lab/prompts.c lab/prompts.h
liblab_a_SOURCES += lab/registry.c lab/registry.h
liblab_a_SOURCES += lab/request.c lab/request.h
liblab_a_SOURCES += lab/ring.c lab/ring.h
liblab_a_SOURCES += lab/rng.c lab/rng.h
liblab_a_SOURCES += lab/rollout.c lab/rollout.h
liblab_a_SOURCES += lab/routes.c
liblab_a_SOURCES += lab/scenario.c lab/scenario.h
liblab_a_SOURCES += lab/server.c lab/server.h
liblab_a_SOURCES += lab/silence.c lab/silence.h
liblab_a_SOURCES += lab/story.c lab/story.h
liblab_a_SOURCES += lab/storybook.c lab/storybook.h
liblab_a_SOURCES += lab/traits.c lab/traits.h
liblab_a_SOURCES += lab/world.c lab/world.h

check_PROGRAMS += $(LAB_TESTS)
tests_unit_lab_alertmanager_LDADD = $(LAB_LIBS) $(CMOCKA_LIBS)
tests_unit_lab_causes_LDADD = $(LAB_LIBS) $(CMOCKA_LIBS)
tests_unit_lab_langfuse_LDADD = $(LAB_LIBS) $(CMOCKA_LIBS)
tests_unit_lab_mlflow_LDADD = $(LAB_LIBS) $(CMOCKA_LIBS)
tests_unit_lab_parts_SOURCES = tests/unit/lab_parts.c tests/fuzz/lab_words.c tests/fuzz/fuzz.h
tests_unit_lab_parts_LDADD = $(LAB_LIBS) $(CMOCKA_LIBS)
tests_unit_lab_suspects_SOURCES = tests/unit/lab_suspects.c tests/unit/drill.c tests/unit/drill.h
tests_unit_lab_suspects_LDADD = $(LAB_LIBS) $(CMOCKA_LIBS)
if FUZZ
noinst_PROGRAMS += tests/fuzz/lab_words
tests_fuzz_lab_words_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_lab_words_LDADD = $(LAB_LIBS)
endif
endif
