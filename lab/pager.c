#include "config.h"
#include "lab/pager.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

static void alert_release(struct lab_alert *a)
{
	labels_release(&a->labels);
	labels_release(&a->annotations);
}

void pager_release(struct pager *p)
{
	for (size_t i = 0; i < p->n; i++)
		alert_release(&p->alerts[i]);
	free(p->alerts);
	silences_release(&p->silences);
	*p = (struct pager){0};
}

void pager_begin(struct pager *p)
{
	for (size_t i = 0; i < p->n; i++)
		p->alerts[i].fired = false;
}

void pager_fire_take(struct pager *p, struct labels *labels, struct labels *annotations,
	int64_t starts, int64_t now)
{
	char fingerprint[17];
	size_t at = 0;

	labels_fingerprint(fingerprint, labels);
	while (at < p->n && strcmp(p->alerts[at].fingerprint, fingerprint) < 0)
		at++;
	if (at < p->n && !strcmp(p->alerts[at].fingerprint, fingerprint)) {
		struct lab_alert *a = &p->alerts[at];

		labels_release(labels);
		labels_release(&a->annotations);
		a->annotations = *annotations;
		a->updated = now;
		a->fired = true;
	} else {
		struct lab_alert a = {.labels = *labels,
			.annotations = *annotations,
			.starts = starts,
			.updated = now,
			.fired = true};

		memcpy(a.fingerprint, fingerprint, sizeof(fingerprint));
		(void)mem_push(p->alerts, p->n, p->cap);
		memmove(&p->alerts[at + 1], &p->alerts[at],
			(p->n - 1 - at) * sizeof(*p->alerts));
		p->alerts[at] = a;
	}
	*labels = *annotations = (struct labels){0};
}

void pager_end(struct pager *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (p->alerts[i].fired)
			p->alerts[kept++] = p->alerts[i];
		else
			alert_release(&p->alerts[i]);
	}
	p->n = kept;
}

struct lab_alert *pager_find(
	const struct pager *p, const char *alertname, const char *service)
{
	for (size_t i = 0; i < p->n; i++) {
		const char *name = labels_get(&p->alerts[i].labels, "alertname");
		const char *of = labels_get(&p->alerts[i].labels, "service");

		if (name && !strcmp(name, alertname) &&
			(!service || (of && !strcmp(of, service))))
			return &p->alerts[i];
	}
	return NULL;
}

bool pager_silenced(const struct pager *p, const struct lab_alert *a, int64_t now)
{
	for (size_t i = 0; i < p->silences.n; i++)
		if (silence_covers(&p->silences.items[i], &a->labels, now))
			return true;
	return false;
}
