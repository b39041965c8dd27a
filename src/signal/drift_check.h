/*
 * drift_check.h - drift checks from files: what is compared with what, how, and what then
 *
 * One check is one dataset of one service: see tocsin-drift(5).  Pure.  What a file asks for and
 * cannot be done is a problem with its line, column and, where there is one, a hint; the other
 * features are read all the same.
 */
#ifndef TOCSIN_DRIFT_CHECK_H
#define TOCSIN_DRIFT_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/yaml.h"

#define DRIFT_CHECK_MAX_BYTES (1024 * 1024)
#define DRIFT_CHECK_MAX_FEATURES 2000

enum drift_reference {
	DRIFT_REF_NONE,
	DRIFT_REF_OFFSET,	/* the same window, so long ago */
	DRIFT_REF_AT,		/* the window that ends then; asked once, kept */
	DRIFT_REF_PINNED,	/* the first window with enough in it, until another is accepted */
	DRIFT_REF_FILE,		/* columns of a file */
};

enum drift_kind {
	DRIFT_KIND_NONE, DRIFT_DATA, DRIFT_PREDICTION, DRIFT_PERFORMANCE, DRIFT_SKEW,
	DRIFT_EMBEDDING, DRIFT_KINDS,
};
const char *drift_kind_name(enum drift_kind k);	/* "data", "prediction" ... */

/* Where the numbers of one side come from. */
enum drift_from {
	DRIFT_FROM_NONE,
	DRIFT_FROM_HISTOGRAM,	/* a selector: classic buckets when it ends in _bucket */
	DRIFT_FROM_COUNTER,	/* a selector, counted by labels */
	DRIFT_FROM_QUERY,	/* PromQL with {{.window}}, whose series have le, or the labels */
	DRIFT_FROM_COLUMN,	/* of a file */
};

struct drift_feature {
	const char		*name;
	enum drift_kind		kind;
	enum drift_from		from;		/* the current side; the reference: see below */
	const char		*expr;		/* selector, query, or the column's name */
	struct yaml_texts	by;		/* labels; n 0: all but identities */
	const char		*file;		/* skew: the reference's file, absolute; else NULL */
	const char		*column;	/* skew: its column */
	const char		*method;	/* NULL: chosen by size and kind */
	double			threshold;	/* NAN: the method's own */
	const char		*binning;	/* NULL: the method's own; a name of signal/method.h */
	int64_t			bins;		/* 0: the rule's own */
	bool			categorical;	/* a column's values are names, also if numbers */
	const char		*label;		/* performance: the column or label with the truth */
	const char		*metric;	/* performance: accuracy, f1, mae, rmse ... */
	int			line, column_at;
};

struct drift_retrain {
	const char		*source, *action;	/* source NULL: none */
	const char		**with_names, **with_values;
	size_t			n_with;
};

struct drift_check {
	const char		*dataset;	/* the name */
	const char		*title, *path;	/* path: of the file itself, or NULL */
	const char		*source;	/* who answers; NULL: the context's first that can */
	enum drift_reference	reference;
	int64_t			offset_ns, at;	/* of DRIFT_REF_OFFSET, DRIFT_REF_AT */
	int64_t			reference_ns;	/* the reference's window; 0: the current one's */
	const char		*reference_file, *current_file;	/* absolute; or NULL */
	int64_t			window_ns;	/* the current window */
	int64_t			every_ns;
	int64_t			persist, persist_of;	/* so many of the last so many */
	double			share;		/* of features that make the dataset drift */
	bool			correct;	/* p-values: Benjamini-Hochberg */
	int64_t			min;		/* values a side; below: too few */
	struct drift_feature	*features;	/* in the arena, with all their texts */
	size_t			n, cap;
	struct yaml_texts	reports;	/* Evidently's: files or patterns, absolute */
	const char		*project;	/* of Evidently's service, by name; or NULL */
	struct drift_retrain	retrain;
	struct yaml_texts	runbooks;
	int			line;
};

/*
 * Read the n bytes at s.  file (may be NULL): paths in it are relative to its directory.  Returns
 * -1 when anything was added to p; what could be read is in out all the same, and out->dataset is
 * NULL when it is no drift check at all.
 */
int drift_check_parse(struct drift_check *out, struct arena *a, const char *s, size_t n,
	const char *file, struct problems *p);

/* True when a feature's current side, or the check's reports, are files: no backend is asked. */
bool drift_check_is_files(const struct drift_check *c);

/* "x_bucket{a=\"b\"}" has the name x_bucket: its length. */
size_t drift_selector_name(const char *selector);

/* The PromQL of a feature over a window; false: it is a column. */
bool drift_feature_query(struct strbuf *out, const struct drift_feature *f, int64_t window_ns);

/* 16 hex digits of what is counted and what its reference is: another one, another reference. */
const char *drift_feature_digest(
	struct arena *a, const struct drift_check *c, const struct drift_feature *f);

/* Labels that tell instances apart and mean nothing for a distribution: pod, instance ... */
extern const char *const drift_identities[];	/* ends with NULL */

#endif
