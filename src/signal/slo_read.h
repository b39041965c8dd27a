/*
 * slo_read.h - what the readers of the SLO file formats share; for signal/ alone
 */
#ifndef TOCSIN_SLO_READ_H
#define TOCSIN_SLO_READ_H

#include <stddef.h>

#include "core/yaml.h"
#include "signal/slo_file.h"

/* A row of a key table. */
#define KEY(type, member, name, what, how)                                               \
	{.key = (name), .want = (what), .offset = offsetof(struct type, member), .flags = (how)}

/* The state of reading one file. */
struct slo_reader {
	struct slo_list		*out;
	struct arena		*arena;
	struct problems		*problems;
	const char		*file;
	const struct yaml_node	**objects;	/* all of the file, for references */
	size_t			n_objects;
};

/*
 * Add an SLO with service and name, format and file set and the period's default alerts; NULL
 * and a problem at `at` when the file has that one already.
 */
struct slo *slo_reader_add(struct slo_reader *r, const struct yaml_node *at, const char *format,
	const char *service, const char *name, int64_t window_ns);

/* Labels as a canonical JSON object: of both maps, the second wins; either may be NULL. */
const char *slo_reader_labels(struct slo_reader *r, const struct yaml_node *common,
	const struct yaml_node *own);

/* True when node, a scalar of the key `what`, is there and not empty; else a problem at `at`. */
bool slo_reader_has(struct slo_reader *r, const char *value, const struct yaml_node *at,
	const char *what);

/* A percentage as an objective, 0..1; NAN and a problem at `at` when it leaves no budget or is none. */
double slo_reader_percent(struct slo_reader *r, double percent, const struct yaml_node *at);

/* The words that people use for what wakes somebody up, and for what does not; else SEV_NONE. */
enum severity slo_reader_severity(const char *word);

/* The same reader with its problems kept apart in *seen: for what is read a second time. */
struct slo_reader slo_reader_quiet(const struct slo_reader *r, struct problems *seen);

/* One object each; the caller has seen that it is theirs. */
void sloth_read(struct slo_reader *r, const struct yaml_node *root);
void sloth_windows_read(struct slo_reader *r, const struct yaml_node *root);
void sloth_k8s_read(struct slo_reader *r, const struct yaml_node *root);
void pyrra_read(struct slo_reader *r, const struct yaml_node *root);
void openslo_read(struct slo_reader *r, const struct yaml_node *root);
void openslo_alpha_read(struct slo_reader *r, const struct yaml_node *root);
void openslo_v2_read(struct slo_reader *r, const struct yaml_node *root);

/* Objects that SLOs refer to: what is wrong with them by themselves. */
void openslo_source_check(struct slo_reader *r, const struct yaml_node *root);
void openslo_target_check(struct slo_reader *r, const struct yaml_node *root);
void openslo_service_check(struct slo_reader *r, const struct yaml_node *root);
void openslo_sli_check(struct slo_reader *r, const struct yaml_node *root);
void openslo_policy_check(struct slo_reader *r, const struct yaml_node *root);
void openslo_condition_check(struct slo_reader *r, const struct yaml_node *root);

#endif
