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

struct drift_report {
	const char	*source, *service, *feature;	/* key */
	const char	*method;
	double		value, threshold;
	int64_t		drifted;	/* bool */
	const char	*reference, *window;
};

#endif
