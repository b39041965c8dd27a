# What the program promises about its speed and size, measured: a JSON line for each figure.
BENCHES = bench/console bench/store bench/trace
EXTRA_PROGRAMS += $(BENCHES) bench/drift
CLEANFILES += $(BENCHES) bench/drift
FIGURE = bench/figure.c bench/figure.h
bench_console_SOURCES = bench/console.c $(FIGURE)
bench_console_LDADD = $(PTY_LIBS)
bench_store_SOURCES = bench/store.c $(FIGURE)
bench_trace_SOURCES = bench/trace.c $(FIGURE)
bench_drift_SOURCES = bench/drift.c $(FIGURE)
EXTRA_DIST += bench/drift.sh bench/drift_scipy.py
EXTRA_DIST += bench/collector.c
if LAB
BENCHES += bench/collector
bench_collector_SOURCES = bench/collector.c $(FIGURE)
bench_collector_CFLAGS = $(AM_CFLAGS) $(MICROHTTPD_CFLAGS)
bench_collector_LDADD = libtocsin.a $(TOCSIN_LIBS) $(MICROHTTPD_LIBS)
endif

bench: tocsin $(BENCHES) bench/drift
	@set -e; $(AM_TESTS_ENVIRONMENT) for b in $(BENCHES); do ./$$b; done; \
	sh $(srcdir)/bench/drift.sh || [ $$? = 77 ]

.PHONY: bench
