/* pipeline.h - job runs, data freshness, drift reports */
#ifndef TOCSIN_PIPELINE_H
#define TOCSIN_PIPELINE_H

#include <stdint.h>

struct job_run {
	const char	*source, *pipeline, *run;	/* key */
	const char	*state;		/* queued, running, ok, failed, cancelled */
	int64_t		started, ended;
	const char	*error, *url;
};

struct freshness {
	const char	*source, *dataset;	/* key */
	int64_t		loaded;
	int64_t		expected_every_ns;
	int64_t		rows;
	const char	*schema;
	const char	*state;
};

/*
 * One feature of one drift check, or, as feature "*", the dataset: value is then the share of
 * features that drifted.
 */
struct drift_report {
	const char	*source, *service, *dataset, *feature;	/* key; dataset: the check's name */
	const char	*kind;		/* data, prediction, performance, skew, embedding */
	const char	*method;	/* psi, ks ...: signal/method.h */
	double		value, threshold;
	double		p_value;	/* NAN: the method has none */
	double		noise;		/* 95 % of no drift at all stay under this; NAN unknown */
	double		n_reference, n_current;	/* values; fractional from counters */
	int64_t		drifted;	/* bool: above threshold and noise, and persistent */
	const char	*verdict;	/* ok, noise, watch, drifted, too-few, no-data, not-comparable */
	const char	*persisted;	/* "3 of 4": windows above */
	const char	*reference, *window;	/* what was compared, in words */
	const char	*binning;	/* the rule, in words */
	const char	*shares;	/* JSON: see store/drift.h */
	const char	*note;
	int64_t		since;		/* first time drifted, while it lasts */
	int64_t		computed;	/* as of */
	const char	*url;		/* of the report, where it has one */
};

#endif
