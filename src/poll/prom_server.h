/*
 * prom_server.h - which relative of Prometheus a source is, and how that one is asked
 *
 * Thanos, Mimir and Cortex, VictoriaMetrics, Amazon's and Google's managed services answer the
 * same API; what they want besides is said under `with` of the source, and told by what the
 * server says of itself.
 */
#ifndef TOCSIN_POLL_PROM_SERVER_H
#define TOCSIN_POLL_PROM_SERVER_H

#include "core/json.h"
#include "net/http.h"

enum prom_kind {
	PROM_UNKNOWN,		/* not asked yet */
	PROM_PROMETHEUS,
	PROM_THANOS,
	PROM_MIMIR,		/* and Cortex */
	PROM_VICTORIA,
	PROM_AMAZON,
	PROM_GOOGLE,
	PROM_KINDS,
};

const char *prom_kind_name(enum prom_kind k);	/* "victoria-metrics", as `speaks` has it */
const char *prom_kind_title(enum prom_kind k);	/* "VictoriaMetrics"; NULL: Prometheus itself */

/* Clocks that differ by more than this are shown, and samples that much ahead are left out. */
#define PROM_SKEW_NS (30 * NS_PER_S)
#define PROM_AHEAD_NS (10 * NS_PER_S)

/* What was learnt of one server; all zero: nothing yet. */
struct prom_server {
	bool		get_only;	/* it refuses POST */
	enum prom_kind	kind;
	int64_t		longest_ns;	/* no query may reach further back; 0: no limit is known */
	int64_t		hold_mono;	/* it asked not to be asked before */
	bool		clock_known;
	int64_t		ahead_ns;	/* its clock less ours; 0 unless it is worth mentioning */
};

/* True for the keys of `with` that this is about. */
bool prom_option_is(const char *key);

/* Whether what `with` says of them makes sense; ERR_INPUT names the option. */
int prom_options_check(const struct source_conf *conf, struct err *e);

/* From the options and the URL alone; PROM_UNKNOWN: it has to be asked. */
enum prom_kind prom_kind_configured(const struct source_conf *conf);

/* From the answer to /api/v1/status/buildinfo; document NULL: it has none. */
enum prom_kind prom_kind_of(const struct http_answer *answer, const struct json *document);

/* How long a VictoriaMetrics keeps what it has, by its /flags; NONE_INT: it does not say. */
int64_t prom_flags_retention(const char *flags);

/*
 * A request: POST with the form, or GET where the server wants that; form NULL is a GET.  Texts
 * live in the arena, and conf is borrowed.
 */
void prom_request(struct http_request *out, struct arena *a, const struct prom_server *s,
	const struct source_conf *conf, const char *path, const char *form);

/* Append to the form what this server wants with query; longest range: see prom_reach(). */
void prom_form(struct strbuf *form, const struct prom_server *s,
	const struct source_conf *conf, const char *query);

/* The longest range or subquery in brackets of a query; 0: it has none. */
int64_t prom_reach(const char *query);

/* Take the time of an answer's Date header; now: our wall clock when it came. */
void prom_clock(struct prom_server *s, const struct http_answer *answer, int64_t now);

/* "its clock is 4 min behind ours" (arena); NULL: it is not. */
const char *prom_clock_words(const struct prom_server *s, struct arena *a);

/* What a refusal means for who asks again. */
enum prom_refusal {
	PROM_REFUSAL_OTHER,
	PROM_TOO_FINE,		/* too many points: a wider step helps */
	PROM_TOO_LONG,		/* longer than the server allows: parts help */
	PROM_TOO_MUCH,		/* too many chunks or samples: parts may help */
	PROM_REPLAYING,		/* it has just started, and reads its log */
};
enum prom_refusal prom_refusal_of(const char *words);

/* "limit: 168h0m0s" in a refusal's words; 0: it does not say. */
int64_t prom_limit_of(const char *words);

#endif
