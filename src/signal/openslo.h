/*
 * openslo.h - what the parts of the OpenSLO reader share; for signal/ alone
 */
#ifndef TOCSIN_OPENSLO_H
#define TOCSIN_OPENSLO_H

#include "signal/slo_read.h"

enum openslo_version { OPENSLO_V1, OPENSLO_ALPHA, OPENSLO_V2 };

/* "5m", "1w", "1M", "1Q", "1Y"; what is no such thing is a problem at the node; 0 then. */
int64_t openslo_duration(struct slo_reader *r, const struct yaml_node *at);

/* "0", "0m", "0h": no time at all, which openslo_duration() takes for a mistake. */
bool openslo_is_zero(const struct yaml_node *at);

struct openslo_window {
	int64_t			ns;
	bool			calendar;
	enum calendar_unit	unit;
	int64_t			count;
	const char		*start, *zone;
};

/* The one window of the list; false: it has no length that could be read. */
bool openslo_window(struct slo_reader *r, struct openslo_window *out,
	const struct yaml_node *list, enum openslo_version version);

/*
 * The object of this kind with metadata.name: of the same file, else of the service's others.
 * file (may be NULL): which other one, or NULL.  NULL: there is none.
 */
const struct yaml_node *openslo_find(const struct slo_reader *r, const char *kind,
	const char *name, const char **file);

/* A reference that leads nowhere. */
void openslo_missing(struct slo_reader *r, const struct yaml_node *at, const char *kind,
	const char *name);

/* Metadata of an object that others refer to, and whether the file has its name already. */
void openslo_metadata_check(struct slo_reader *r, const struct yaml_node *root);

/*
 * Replace slo's default alerts by those of the policies; keeps the defaults when policies is
 * empty or nothing of it can be used.
 */
void openslo_alerts(struct slo_reader *r, struct slo *slo, const struct yaml_node *policies);

/* What an objective compares with, and what reading its indicator tells besides. */
struct openslo_target {
	const char		*op;	/* lt, lte, gt, gte; NULL */
	double			value;	/* NAN: none */
	const struct yaml_node	*node;	/* the objective */
	const char		*source;	/* out: the data source that its metrics name; NULL */
};

/* An indicator (an SLI's spec), or of v1alpha (ratioMetrics); false: nothing to read. */
bool openslo_sli(struct slo_reader *r, struct sli *out, const struct yaml_node *spec,
	struct openslo_target *target, enum openslo_version version);
bool openslo_alpha_sli(struct slo_reader *r, struct sli *out, const struct yaml_node *ratio,
	const struct yaml_node *threshold, struct openslo_target *target);

/*
 * An SLI over traces, of a metric source of type tocsin: its spec.  bad: it stands where bad
 * events are counted; op and value of the target hold where the spec has none.
 */
bool openslo_traces(struct slo_reader *r, struct sli *out, const struct yaml_node *spec,
	const struct openslo_target *target, bool bad);

#endif
