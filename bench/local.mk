EXTRA_PROGRAMS += bench/store
EXTRA_PROGRAMS += bench/trace
