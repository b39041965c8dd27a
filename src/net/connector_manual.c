#include "config.h"
#include "net/connector_manual.h"

#include <string.h>

#include "core/i18n.h"
#include "net/connector_keys.h"

struct request_alone {
	struct request_keys request;
};

/* clang-format off */
static const struct yaml_field request_fields[] = {
	REQUEST_FIELDS(struct request_alone, request),
	RPC_FIELD(struct request_alone, request),
	{0},
};

static const struct connector_place places[] = {
	{"the file", connector_file_fields, false},
	{"a request", request_fields, false},
	{"verified", connector_verified_fields, false},
	{"env", connector_env_fields, false},
	{"options.NAME", connector_option_fields, false},
	{"rate", connector_rate_fields, false},
	{"probe", connector_probe_fields, true},
	{"reads[]", connector_read_fields, true},
	{"page", connector_page_fields, false},
	{"reads[].each[]", connector_stage_fields, true},
	{"actions[]", connector_action_fields, true},
	{"actions[].params.NAME", connector_param_fields, false},
	{"actions[].params.NAME.choices", connector_choices_fields, true},
	{"actions[].read[]", connector_lookup_fields, true},
	{"actions[].before", connector_before_fields, true},
	{"actions[].refuse[]", connector_refusal_fields, false},
	{"actions[].copy", connector_copy_fields, true},
	{"actions[].dry_run", connector_dry_fields, false},
	{"actions[].verify and effect", connector_wait_fields, true},
	{"actions[].follow", connector_follow_fields, true},
	{"actions[].follow.reason", connector_reason_fields, false},
	{"actions[].undo, undo_missing and follow.stop", connector_binding_fields, false},
	{0},
};
/* clang-format on */

const struct connector_place *connector_places(void)
{
	return places;
}

bool connector_is_request_key(const char *key)
{
	for (const struct yaml_field *f = request_fields; f->key; f++)
		if (*f->key && !strcmp(f->key, key) && strcmp(key, "params") != 0)
			return true;
	return false;
}
