dist_doc_DATA += AUTHORS COPYING NEWS README
EXTRA_DIST += doc/ARCHITECTURE.md
dist_man_MANS += doc/tocsin-config.5 doc/tocsin.1
