/* auth_source.h - what authentication brings to a source: its kind, and sometimes its url */
#ifndef TOCSIN_NET_AUTH_SOURCE_H
#define TOCSIN_NET_AUTH_SOURCE_H

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "model/config.h"

/*
 * For connector_source(), when options are known and before the connector's own url is used:
 * complete out->auth by the connector's (auth_conf_merge), and out->url, when there is none, where
 * the authentication knows it: of a Kubernetes cluster from its kubeconfig, whose context and
 * server are pinned, so that a later `kubectl config use-context` moves no source; of AWS from
 * AWS_ENDPOINT_URL_SERVICE and AWS_ENDPOINT_URL.  A source that has a url and no auth is asked
 * without a kubeconfig (kubectl proxy).  Reads files, runs nothing.
 */
int auth_source(struct source_conf *out, const struct auth_conf *by_default,
	const struct json *options, struct arena *a, struct err *e);

#endif
