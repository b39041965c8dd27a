dist_doc_DATA += AUTHORS COPYING NEWS README
EXTRA_DIST += doc/ARCHITECTURE.md doc/connectors.md
dist_man_MANS += doc/tocsin-config.5 doc/tocsin.1

# An example for administrators: the paths in it are theirs to change.
EXTRA_DIST += doc/tocsin-poll.service.in
nodist_doc_DATA = doc/tocsin-poll.service
CLEANFILES += doc/tocsin-poll.service
doc/tocsin-poll.service: doc/tocsin-poll.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) doc && $(SED) 's|@bindir[@]|$(bindir)|g' $(srcdir)/doc/tocsin-poll.service.in > $@.tmp && mv $@.tmp $@
