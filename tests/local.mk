# Unit tests: one program a module, named as the module's file; its source is tests/unit/NAME.c.
AM_TESTS_ENVIRONMENT = \
	TOCSIN_TOP='$(abs_top_srcdir)'; export TOCSIN_TOP; \
	TOCSIN_BUILD='$(abs_top_builddir)'; export TOCSIN_BUILD; \
	TOCSIN_DATADIR='$(abs_top_srcdir)'; export TOCSIN_DATADIR; \
	TOCSIN_SHARED="$${TOCSIN_SHARED:-$(abs_top_srcdir)/../shared}"; export TOCSIN_SHARED; \
	TZ=UTC; export TZ; LC_ALL=C.UTF-8; export LC_ALL;
TESTS += $(check_PROGRAMS) $(dist_check_SCRIPTS)
EXTRA_DIST += tests/unit/unit.h
check_PROGRAMS += tests/unit/strbuf
