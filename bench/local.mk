EXTRA_PROGRAMS += bench/store
