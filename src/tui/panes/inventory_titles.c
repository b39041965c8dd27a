#include "config.h"
#include "tui/panes/inventory.h"

#include <string.h>

#include "core/i18n.h"
#include "core/mem.h"

/* The names that people know fields by; a test holds it against the fields of the records. */

/* clang-format off */
static const struct { const char *field, *title; } titles[] = {
	{"acknowledged_by", N_("Taken by")},
	{"aliases", N_("Aliases")},
	{"assignee", N_("Assignee")},
	{"author", N_("Author")},
	{"changed", N_("Changed")},
	{"contact", N_("Contact")},
	{"created", N_("Created")},
	{"dataset", N_("Dataset")},
	{"dedup_key", N_("Key")},
	{"digest", N_("Digest")},
	{"ended", N_("Ended")},
	{"endpoint", N_("Endpoint")},
	{"error", N_("Error")},
	{"expected_every_ns", N_("Expected every")},
	{"id", N_("Id")},
	{"labels", N_("Labels")},
	{"level", N_("Level")},
	/* TRANSLATORS: what somebody may spend at most */
	{"limit_usd", N_("Limit")},
	{"lineage", N_("Lineage")},
	{"loaded", N_("Loaded")},
	{"managed_by", N_("Managed by")},
	{"message", N_("Message")},
	{"metrics", N_("Metrics")},
	{"model", N_("Model")},
	{"models", N_("Models")},
	{"name", N_("Name")},
	{"note", N_("Note")},
	{"owner", N_("Owner")},
	{"params", N_("Parameters")},
	{"pipeline", N_("Pipeline")},
	{"policy", N_("Policy")},
	{"prompt", N_("Prompt")},
	{"ready", N_("Ready")},
	{"replicas", N_("Replicas")},
	/* TRANSLATORS: when a budget begins anew */
	{"resets", N_("Resets")},
	{"rows", N_("Rows")},
	{"run", N_("Run")},
	{"schedule", N_("Schedule")},
	{"schema", N_("Schema")},
	{"service", N_("Service")},
	{"since", N_("Since")},
	{"size", N_("Size")},
	{"source", N_("Source")},
	{"spent_usd", N_("Spent")},
	{"stage", N_("Stage")},
	{"started", N_("Started")},
	{"state", N_("State")},
	{"status", N_("Status")},
	{"summary", N_("Summary")},
	{"tags", N_("Tags")},
	{"title", N_("Title")},
	{"traffic", N_("Traffic")},
	{"type", N_("Type")},
	{"until", N_("Until")},
	{"updated", N_("Updated")},
	{"urgency", N_("Urgency")},
	{"user", N_("User")},
	{"url", N_("Link")},
	{"value", N_("Value")},
	{"variant", N_("Variant")},
	{"version", N_("Version")},
};
/* clang-format on */

const char *field_title(const struct field *f)
{
	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		if (!strcmp(titles[i].field, f->name))
			return titles[i].title;
	return f->name;
}
