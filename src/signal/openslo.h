/*
 * openslo.h - what the parts of the OpenSLO reader share; for signal/ alone
 */
#ifndef TOCSIN_OPENSLO_H
#define TOCSIN_OPENSLO_H

#include "signal/slo_read.h"

/* "5m", "1w", "1M", "1Q", "1Y"; what is no such thing is a problem at the node; 0 then. */
int64_t openslo_duration(struct slo_reader *r, const struct yaml_node *at);

/* The object of this kind with metadata.name in the same file; NULL: there is none. */
const struct yaml_node *openslo_find(const struct slo_reader *r, const char *kind,
	const char *name);

/*
 * Replace slo's default alerts by those of the policies; keeps the defaults when policies is
 * empty or nothing of it can be used.
 */
void openslo_alerts(struct slo_reader *r, struct slo *slo, const struct yaml_node *policies);

/* An indicator of v1 (an SLI's spec), or of v1alpha (ratioMetrics); false: nothing to read. */
struct openslo_target {
	const char		*op;	/* lt, lte, gt, gte; NULL */
	double			value;	/* NAN: none */
	const struct yaml_node	*node;	/* the objective */
};

bool openslo_sli(struct slo_reader *r, struct sli *out, const struct yaml_node *spec,
	const struct openslo_target *target);
bool openslo_alpha_sli(struct slo_reader *r, struct sli *out, const struct yaml_node *ratio,
	const struct yaml_node *threshold, const struct openslo_target *target);

#endif
