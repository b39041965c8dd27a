/* seen.h - records in the store as a collector would have written them */
#ifndef TOCSIN_UNIT_SEEN_H
#define TOCSIN_UNIT_SEEN_H

#include "model/config.h"
#include "store/observe.h"
#include "store/source.h"

/* Rows for the context's sources; ours to write. */
static inline void seen_sources(struct store *st, const struct config *c, const char *context)
{
	struct err e = ERR_INIT;
	struct arena a;
	struct source_rows rows;
	int64_t generation;

	arena_init(&a);
	if (source_sync(st, c, context, &e) || source_list(&rows, &a, st, AT_NOW, &e))
		fail_msg("%s", e.what);
	for (size_t i = 0; i < rows.n; i++)
		assert_int_equal(source_lock(st, rows.items[i].id, &generation, &e), 1);
	arena_release(&a);
}

/* A whole round of n records of one kind, which are `size` bytes apart. */
static inline void seen_round(struct store *st, const char *source, enum record_kind kind,
	const void *records, size_t n, int64_t at)
{
	size_t size = record_def(kind)->size;
	struct observe *ob;
	struct err e = ERR_INIT;

	if (observe_begin(&ob, st, source, 1, kind, at, false, &e))
		fail_msg("%s", e.what);
	for (size_t i = 0; i < n; i++)
		if (observe_put(ob, (const char *)records + i * size, &e))
			fail_msg("%s", e.what);
	if (observe_end(ob, true, &e))
		fail_msg("%s", e.what);
}

/* The source answered at this time. */
static inline void seen_polled(struct store *st, const char *source, int64_t at)
{
	struct err e = ERR_INIT;
	struct arena a;
	struct source_row row;
	struct poll_outcome o = {.generation = 1, .at = at, .state = SRC_OK};

	arena_init(&a);
	if (source_find(&row, &a, st, source, &e))
		fail_msg("%s", e.what);
	o.source_id = row.id;
	o.next_poll = at + row.every_ns;
	if (source_outcomes(st, &o, 1, &e))
		fail_msg("%s", e.what);
	arena_release(&a);
}

#endif
