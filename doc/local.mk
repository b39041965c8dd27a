dist_doc_DATA += AUTHORS COPYING NEWS README
EXTRA_DIST += doc/ARCHITECTURE.md doc/connectors.md
dist_man_MANS += doc/tocsin-config.5
dist_man_MANS += doc/tocsin-connector.5
dist_man_MANS += doc/tocsin-drift.5
dist_man_MANS += doc/tocsin-slo.5
dist_man_MANS += doc/tocsin.1

# An example for administrators: the paths in it are theirs to change.
EXTRA_DIST += doc/tocsin-poll.service.in
nodist_doc_DATA = doc/tocsin-poll.service
CLEANFILES += doc/tocsin-poll.service
doc/tocsin-poll.service: doc/tocsin-poll.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) doc && $(SED) 's|@bindir[@]|$(bindir)|g' $(srcdir)/doc/tocsin-poll.service.in > $@.tmp && mv $@.tmp $@
schemadir = $(docdir)/schema
dist_schema_DATA =
dist_schema_DATA += doc/schema/alert-groups-1.json
dist_schema_DATA += doc/schema/alerts-1.json
dist_schema_DATA += doc/schema/audit-1.json
dist_schema_DATA += doc/schema/audit-entries-1.json
dist_schema_DATA += doc/schema/changes-1.json
dist_schema_DATA += doc/schema/check-1.json
dist_schema_DATA += doc/schema/connector-1.json
dist_schema_DATA += doc/schema/connector-check-1.json
dist_schema_DATA += doc/schema/connector-try-1.json
dist_schema_DATA += doc/schema/connectors-1.json
dist_schema_DATA += doc/schema/drift-accept-1.json
dist_schema_DATA += doc/schema/drifts-1.json
dist_schema_DATA += doc/schema/coverage-1.json
dist_schema_DATA += doc/schema/drift-1.json
dist_schema_DATA += doc/schema/gate-1.json
dist_schema_DATA += doc/schema/models-1.json
dist_schema_DATA += doc/schema/query-1.json
dist_schema_DATA += doc/schema/runbook-1.json
dist_schema_DATA += doc/schema/runbooks-1.json
dist_schema_DATA += doc/schema/runs-1.json
dist_schema_DATA += doc/schema/session-1.json
dist_schema_DATA += doc/schema/silences-1.json
dist_schema_DATA += doc/schema/sessions-1.json
dist_schema_DATA += doc/schema/slo-1.json
dist_schema_DATA += doc/schema/slo-explain-1.json
dist_schema_DATA += doc/schema/slo-export-1.json
dist_schema_DATA += doc/schema/slos-1.json
dist_schema_DATA += doc/schema/status-1.json
dist_schema_DATA += doc/schema/version-diff-1.json
