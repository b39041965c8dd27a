/*
 * slo_file.h - SLO definitions from files: OpenSLO v1, Sloth, Sloth for Kubernetes
 *
 * The format is told apart by the documents' own apiVersion or version; one file may hold several
 * documents.  What a file asks for and we do not do is a problem that names it; the other SLOs
 * of the file are read all the same.
 */
#ifndef TOCSIN_SLO_FILE_H
#define TOCSIN_SLO_FILE_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "model/slo.h"

#define SLO_FILE_MAX_BYTES (4 * 1024 * 1024)

struct slo_list {
	struct slo	*items;	/* in the arena, with all their texts */
	size_t		n, cap;
};

/*
 * Append the SLOs of the n bytes at s.  file (may be NULL) is what slo->file shall say.  Returns
 * -1 when anything was added to p; what could be read is in out all the same.
 */
int slo_file_parse(struct slo_list *out, struct arena *a, const char *s, size_t n,
	const char *file, struct problems *p);

/*
 * Append the PromQL that gives the error ratio over window_ns: templates are filled in,
 * selectors become sum(rate(...)).
 */
void slo_query(struct strbuf *out, const struct slo *slo, int64_t window_ns);

/* Append the PromQL that counts all (or only bad) events over window_ns; false: cannot be told. */
bool slo_total_query(struct strbuf *out, const struct slo *slo, int64_t window_ns);
bool slo_bad_query(struct strbuf *out, const struct slo *slo, int64_t window_ns);

/* Append template with {{.window}} (any spaces inside) replaced; returns how many there were. */
size_t slo_template(struct strbuf *out, const char *template, int64_t window_ns);

/*
 * From one series of Sloth's slo:objective:ratio: labels as a JSON object, the value, and the
 * period in days of slo:time_period:days (NAN: 30).  False: not Sloth's labels.
 * Its windows are read from slo:sli_error:ratio_rate<window>, see slo_query().
 */
bool slo_from_recorded(struct slo *out, struct arena *a, const struct json *labels,
	double objective, double period_days);

#endif
