/* runner_postmortem.c - text for the postmortem: into the audit log, where it is found again */
#include "config.h"

#include <string.h>
#include "record/chain.h"
#include "runbook/job.h"

static void run(struct job *j)
{
	struct strbuf safe = STRBUF_INIT;
	struct json *data = json_object();
	struct err e = ERR_INIT;
	struct audit_event ev = {
		.kind = "postmortem.text",
		.object = j->order.service,
		.run = j->order.run,
		.incident = j->order.incident,
		.context = j->order.context,
		.step = j->order.n,
		.data = data,
	};

	mask_text(&j->mask, &safe, j->step->source, strlen(j->step->source));
	json_add_text(data, "text", safe.buf);
	stream_add(&j->out, j->step->source, strlen(j->step->source));
	if (audit_write(j->st, &j->who, &ev, NULL, &e))
		job_fail(j, &e);
	else
		job_end(j, STEP_OK, NULL);
	json_free(data);
	strbuf_release(&safe);
	err_release(&e);
}

const struct runner runner_postmortem = {.kind = KIND_POSTMORTEM, .run = run};
