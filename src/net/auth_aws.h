/* auth_aws.h - the files and variables of the AWS tools */
#ifndef TOCSIN_NET_AUTH_AWS_H
#define TOCSIN_NET_AUTH_AWS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/strbuf.h"

#define AWS_FILE_MAX_BYTES ((size_t)1024 * 1024)

/*
 * Append the value of key in [section] of an INI text, as the AWS tools read it: comments begin a
 * line with # or ;, or follow a space; later sections and keys of the same name win.  Returns
 * false and adds nothing when it is not there.
 */
bool aws_ini_get(struct strbuf *out, const char *s, size_t n, const char *section,
	const char *key);

/*
 * The same of a profile in the shared files: the credentials file first, then the config file.
 * profile NULL: AWS_PROFILE, else "default".
 */
bool aws_profile_get(struct strbuf *out, const char *profile, const char *key);
const char *aws_profile_name(const char *profile);

/* The region by AWS_REGION, AWS_DEFAULT_REGION, then the profile. */
bool aws_region(struct strbuf *out, const char *profile);

/* Where AWS_ENDPOINT_URL_SERVICE and AWS_ENDPOINT_URL say that the service is; NULL: nowhere. */
const char *aws_endpoint(const char *service);

#endif
