#include "config.h"
#include "model/registry.h"

#include "core/i18n.h"

static const struct {
	const char *name, *title;
} states[SYNC_STATES] = {
	[SYNC_NONE] = {"none", N_("unknown")},
	[SYNC_IN_SYNC] = {"in-sync", N_("in sync")},
	[SYNC_CANARY] = {"canary", N_("canary")},
	[SYNC_ROLLING_OUT] = {"rolling-out", N_("rolling out")},
	[SYNC_DRIFT] = {"drift", N_("drift")},
	[SYNC_POINTER_MISSING] = {"pointer-missing", N_("pointer missing")},
	[SYNC_DANGLING] = {"dangling", N_("dangling")},
	[SYNC_SERVING_UNKNOWN] = {"serving-unknown", N_("serving unknown")},
	[SYNC_REGISTRY_UNREACHABLE] = {"registry-unreachable",
		N_("registry unreachable")},
};

const char *sync_state_name(enum sync_state s)
{
	return states[s < SYNC_STATES ? s : SYNC_NONE].name;
}

const char *sync_state_title(enum sync_state s)
{
	return states[s < SYNC_STATES ? s : SYNC_NONE].title;
}
