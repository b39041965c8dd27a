#include "config.h"

#include "net/auth_source.h"

#include <string.h>

#include "net/auth_aws.h"
#include "net/auth_kubeconfig.h"

static bool is_kind(const struct auth_conf *conf, const char *kind)
{
	return conf->kind && !strcmp(conf->kind, kind);
}

static int kube_source(struct source_conf *out, struct arena *a, struct err *e)
{
	struct kube_conf *conf = &out->auth.kube;
	struct arena secrets = {0};
	struct kube_target k;
	int rc = kubeconfig_target(&k, conf, &secrets, e);

	if (rc == 0 && k.token_file && !k.cluster)
		conf->in_cluster = true;
	else if (rc == 0)
		conf->context = arena_strdup(a, k.context);
	if (rc == 0 && !out->url)
		out->url = conf->server = arena_strdup(a, k.server);
	arena_wipe(&secrets);
	return rc;
}

int auth_source(struct source_conf *out, const struct auth_conf *by_default,
	const struct json *options, struct arena *a, struct err *e)
{
	if (out->url && !out->auth.kind && is_kind(by_default, "kube"))
		return 0;
	auth_conf_merge(&out->auth, by_default, options, a);
	if (is_kind(&out->auth, "kube"))
		return kube_source(out, a, e);
	if (is_kind(&out->auth, "sigv4") && !out->url)
		out->url = arena_strdup(a, aws_endpoint(out->auth.sigv4.service));
	return 0;
}
