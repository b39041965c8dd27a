/*
 * auth_kubeconfig.h - kubeconfig files: which cluster, and as whom
 *
 * $KUBECONFIG is a list of files, merged as kubectl does: the first definition of a name counts,
 * and the first current-context that is not empty; what is missing is passed over; paths are
 * relative to the file they stand in.  Without it ~/.kube/config.
 */
#ifndef TOCSIN_NET_AUTH_KUBECONFIG_H
#define TOCSIN_NET_AUTH_KUBECONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/yaml.h"
#include "model/auth_conf.h"

#define KUBECONFIG_MAX_BYTES ((size_t)4 * 1024 * 1024)

struct kube_pairs {
	const char	**names, **values;
	size_t		n;
};

/* A program that prints a credential. */
struct kube_exec {
	const char		*command, *api_version, *install_hint;
	struct yaml_texts	args;
	struct kube_pairs	env;
	bool			cluster_info;	/* it wants to know the cluster */
	bool			interactive;	/* it cannot do without a terminal */
};

/* All texts live in the arena, which holds secrets: arena_wipe().  NULL: not there. */
struct kube_target {
	const char		*context, *cluster, *user, *space;
	const char		*server, *tls_name, *proxy;
	const char		*ca_file, *ca;			/* a PEM file, or the PEM */
	bool			insecure;
	const char		*token, *token_file, *basic_user, *basic_password;
	const char		*cert_file, *cert, *key_file, *key;
	const char		*as, *as_uid;
	struct yaml_texts	as_groups;
	struct kube_pairs	as_extra;	/* a name may come several times */
	struct kube_exec	exec;		/* command NULL: none */
};

/*
 * The target that conf names, else the current context.  ERR_NOT_FOUND: there is no file at all;
 * ERR_INPUT names the file, or the context, cluster or user that is missing.
 */
int kubeconfig_read(struct kube_target *out, const struct kube_conf *conf, struct arena *a,
	struct err *e);

/* The same from texts in memory, in their order; dirs[i] is where paths of texts[i] begin. */
int kubeconfig_parse(struct kube_target *out, const char *const *texts, const char *const *dirs,
	size_t n, const char *context, struct arena *a, struct err *e);

/* In a pod: server and files of its service account.  ERR_NOT_FOUND: this is no pod. */
int kubeconfig_in_cluster(struct kube_target *out, struct arena *a, struct err *e);

/* Whichever of both conf means; as kubectl, a pod without a kubeconfig is its service account. */
int kubeconfig_target(struct kube_target *out, const struct kube_conf *conf, struct arena *a,
	struct err *e);

#endif
