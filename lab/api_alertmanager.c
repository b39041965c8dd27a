/* Alertmanager's API, version 2: alerts, groups, silences, status. */
#include "config.h"
#include "lab/request.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"

static void refuse_text(struct answer *a, int status, const char *text)
{
	/* A bare JSON string, as its handlers send. */
	a->status = status;
	a->type = "application/json";
	strbuf_reset(&a->body);
	json_quote(&a->body, text);
	strbuf_addc(&a->body, '\n');
}

static void refuse_code(struct answer *a, int status, int code, const char *text)
{
	struct json *j = json_object();

	json_add_int(j, "code", code);
	json_add_text(j, "message", text);
	answer_json_take(a, status, j);
}

void alertmanager_refuse(struct answer *a, struct request *q, int status)
{
	const char *path = q->path;
	char *text;

	if (!strncmp(path, "/alertmanager", 13))
		path += 13;
	text = status == 404 ? mem_format("path %s was not found", path)
			     : mem_format("method %s is not allowed", q->method);
	refuse_code(a, status, status, text);
	free(text);
}

static struct json *labels_json(const struct labels *l)
{
	struct json *j = json_object();

	for (size_t i = 0; i < l->n; i++)
		json_add_text(j, l->items[i].name, l->items[i].value);
	return j;
}

/* --- alerts --- */

static const char *receiver_of(const struct lab_alert *alert)
{
	const char *severity = labels_get(&alert->labels, "severity");

	return severity && !strcmp(severity, "page") ? "on-call" : "team-queue";
}

static struct json *alert_json(const struct lab *lab, const struct lab_alert *alert)
{
	const struct platform *p = lab->platform;
	struct json *j = json_object(), *status, *by;
	char *url = mem_format("%s/metrics", lab->url);

	json_add(j, "annotations", labels_json(&alert->annotations));
	json_add_time(j, "endsAt", lab->now + 4 * NS_PER_MIN);
	json_add_text(j, "fingerprint", alert->fingerprint);
	json_add_text(json_add_object(json_add_array(j, "receivers"), NULL), "name",
		receiver_of(alert));
	json_add_time(j, "startsAt", alert->starts);
	status = json_add_object(j, "status");
	json_add_array(status, "inhibitedBy");
	json_add_array(status, "mutedBy");
	by = json_add_array(status, "silencedBy");
	for (size_t i = 0; i < p->pager.silences.n; i++)
		if (silence_covers(&p->pager.silences.items[i], &alert->labels, lab->now))
			json_add_text(by, NULL, p->pager.silences.items[i].id);
	json_add_text(status, "state", json_count(by) ? "suppressed" : "active");
	json_add_time(j, "updatedAt", alert->updated);
	json_add_text(j, "generatorURL", url);
	json_add(j, "labels", labels_json(&alert->labels));
	free(url);
	return j;
}

/* What /alerts and /alerts/groups select by. */
struct selection {
	struct matcher *matchers;
	size_t n, cap;
	bool active, silenced, unprocessed;
	bool by_receiver;
	regex_t receiver;
};

static void selection_release(struct selection *s)
{
	for (size_t i = 0; i < s->n; i++)
		matcher_release(&s->matchers[i]);
	free(s->matchers);
	if (s->by_receiver)
		regfree(&s->receiver);
}

static bool switched_on(const struct request *q, const char *name)
{
	const char *v = request_query(q, name);

	return !v || strcmp(v, "false") != 0;
}

static bool read_receiver(struct answer *a, struct selection *s, const char *text)
{
	char *pattern;

	if (!text)
		return true;
	pattern = mem_format("^(%s)$", text);
	s->by_receiver = !regcomp(&s->receiver, pattern, REG_EXTENDED | REG_NOSUB);
	free(pattern);
	if (!s->by_receiver) {
		char *why = mem_format("failed to parse receiver param: error parsing "
				       "regexp: `^(?:%s)$`",
			text);

		refuse_text(a, 400, why);
		free(why);
	}
	return s->by_receiver;
}

static bool read_matchers(struct answer *a, struct matcher **out, size_t *n, size_t *cap,
	const struct request *q)
{
	for (size_t i = 0; i < q->query.n; i++) {
		const struct param *param = &q->query.items[i];
		struct err e = ERR_INIT;
		struct matcher m;

		if (strcmp(param->name, "filter") != 0)
			continue;
		if (matcher_parse(&m, param->value, strlen(param->value), &e)) {
			refuse_text(a, 400, e.what);
			err_release(&e);
			return false;
		}
		*mem_push(*out, *n, *cap) = m;
		if (matcher_check(&m, &e)) {
			refuse_text(a, 400, e.what);
			err_release(&e);
			return false;
		}
	}
	return true;
}

static bool read_selection(struct answer *a, struct selection *s, const struct request *q)
{
	*s = (struct selection){.active = switched_on(q, "active"),
		.silenced = switched_on(q, "silenced"),
		.unprocessed = switched_on(q, "unprocessed")};
	if (read_matchers(a, &s->matchers, &s->n, &s->cap, q) &&
		read_receiver(a, s, request_query(q, "receiver")))
		return true;
	selection_release(s);
	return false;
}

static bool selects(
	const struct selection *s, const struct lab *lab, const struct lab_alert *alert)
{
	bool silenced = pager_silenced(&lab->platform->pager, alert, lab->now);

	if (silenced ? !s->silenced : !s->active)
		return false;
	if (s->by_receiver && regexec(&s->receiver, receiver_of(alert), 0, NULL, 0) != 0)
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (!matcher_matches(&s->matchers[i], &alert->labels))
			return false;
	return true;
}

static void get_alerts(struct answer *a, struct lab *lab, struct request *q)
{
	const struct pager *p = &lab->platform->pager;
	struct selection s;
	struct json *list;

	if (!read_selection(a, &s, q))
		return;
	list = json_array();
	for (size_t i = 0; i < p->n; i++)
		if (selects(&s, lab, &p->alerts[i]))
			json_add(list, NULL, alert_json(lab, &p->alerts[i]));
	selection_release(&s);
	answer_json_take(a, 200, list);
}

static const char *name_of(const struct lab_alert *alert)
{
	const char *name = labels_get(&alert->labels, "alertname");

	return name ? name : "";
}

/* Alerts are kept by fingerprint: the first of each name and receiver opens the group. */
static bool opens_group(const struct pager *p, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(name_of(&p->alerts[k]), name_of(&p->alerts[i])) &&
			receiver_of(&p->alerts[k]) == receiver_of(&p->alerts[i]))
			return false;
	return true;
}

static void get_groups(struct answer *a, struct lab *lab, struct request *q)
{
	const struct pager *p = &lab->platform->pager;
	struct selection s;
	struct json *list;

	if (!read_selection(a, &s, q))
		return;
	list = json_array();
	for (size_t i = 0; i < p->n; i++) {
		struct json *alerts = NULL, *group;

		if (!opens_group(p, i))
			continue;
		for (size_t k = i; k < p->n; k++) {
			if (strcmp(name_of(&p->alerts[k]), name_of(&p->alerts[i])) != 0 ||
				receiver_of(&p->alerts[k]) !=
					receiver_of(&p->alerts[i]) ||
				!selects(&s, lab, &p->alerts[k]))
				continue;
			if (!alerts)
				alerts = json_array();
			json_add(alerts, NULL, alert_json(lab, &p->alerts[k]));
		}
		if (!alerts)
			continue;
		group = json_add_object(list, NULL);
		json_add(group, "alerts", alerts);
		json_add_text(json_add_object(group, "labels"), "alertname",
			name_of(&p->alerts[i]));
		json_add_text(json_add_object(group, "receiver"), "name",
			receiver_of(&p->alerts[i]));
	}
	selection_release(&s);
	answer_json_take(a, 200, list);
}

static void get_receivers(struct answer *a, struct lab *lab, struct request *q)
{
	struct json *list = json_array();

	(void)lab;
	(void)q;
	json_add_text(json_add_object(list, NULL), "name", "on-call");
	json_add_text(json_add_object(list, NULL), "name", "team-queue");
	answer_json_take(a, 200, list);
}

static void get_status(struct answer *a, struct lab *lab, struct request *q)
{
	struct json *j = json_object(), *part;

	(void)q;
	part = json_add_object(j, "cluster");
	json_add_array(part, "peers");
	json_add_text(part, "status", "disabled");
	json_add_text(json_add_object(j, "config"), "original",
		"route:\n  receiver: team-queue\n  group_by: [alertname]\n  routes:\n"
		"  - receiver: on-call\n    matchers: [severity=\"page\"]\n"
		"receivers:\n- name: on-call\n- name: team-queue\n");
	json_add_time(j, "uptime", lab->platform->born);
	part = json_add_object(j, "versionInfo");
	json_add_text(part, "version", "0.27.0");
	json_add_text(part, "revision", "tocsin-lab");
	json_add_text(part, "branch", "HEAD");
	json_add_text(part, "buildUser", "tocsin-lab");
	json_add_text(part, "buildDate", "20240228-11:51:20");
	json_add_text(part, "goVersion", "go1.21.7");
	answer_json_take(a, 200, j);
}

static void get_ready(struct answer *a, struct lab *lab, struct request *q)
{
	(void)lab;
	(void)q;
	answer_text(a, 200, "OK");
}

/* --- silences --- */

static struct json *silence_json(const struct silence *s, int64_t now)
{
	struct json *j = json_object(), *list;

	json_add_text(j, "id", s->id);
	json_add_text(json_add_object(j, "status"), "state",
		silence_state_name(silence_state(s, now)));
	json_add_time(j, "updatedAt", s->updated);
	json_add_text(j, "comment", s->comment);
	json_add_text(j, "createdBy", s->created_by);
	json_add_time(j, "endsAt", s->ends);
	list = json_add_array(j, "matchers");
	for (size_t i = 0; i < s->n_matchers; i++) {
		struct json *m = json_add_object(list, NULL);

		json_add_bool(m, "isEqual", s->matchers[i].equal);
		json_add_bool(m, "isRegex", s->matchers[i].regex);
		json_add_text(m, "name", s->matchers[i].name);
		json_add_text(m, "value", s->matchers[i].value);
	}
	json_add_time(j, "startsAt", s->starts);
	return j;
}

/* Active by soonest end, pending by soonest start, expired by latest end. */
static int by_state(const void *x, const void *y, int64_t now)
{
	const struct silence *a = *(const struct silence *const *)x;
	const struct silence *b = *(const struct silence *const *)y;
	enum silence_state sa = silence_state(a, now), sb = silence_state(b, now);

	if (sa != sb)
		return sa < sb ? -1 : 1;
	if (sa == SILENCE_PENDING)
		return a->starts < b->starts ? -1 : a->starts > b->starts;
	if (sa == SILENCE_ACTIVE)
		return a->ends < b->ends ? -1 : a->ends > b->ends;
	return a->ends > b->ends ? -1 : a->ends < b->ends;
}

static const struct silence **sorted(const struct silences *l, int64_t now)
{
	const struct silence **out = mem_new(l->n + 1, sizeof(*out));

	for (size_t i = 0; i < l->n; i++) {
		size_t k = i;

		for (; k > 0; k--) {
			const struct silence *s = &l->items[i];

			if (by_state(&s, &out[k - 1], now) >= 0)
				break;
			out[k] = out[k - 1];
		}
		out[k] = &l->items[i];
	}
	return out;
}

static bool has_all(const struct silence *s, const struct matcher *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool found = false;

		for (size_t k = 0; k < s->n_matchers && !found; k++)
			found = matcher_equal(&s->matchers[k], &m[i]);
		if (!found)
			return false;
	}
	return true;
}

static void get_silences(struct answer *a, struct lab *lab, struct request *q)
{
	const struct silences *l = &lab->platform->pager.silences;
	int64_t now = lab->now;
	struct matcher *m = NULL;
	size_t n = 0, cap = 0;
	const struct silence **order = NULL;
	struct json *list;

	if (read_matchers(a, &m, &n, &cap, q)) {
		order = sorted(l, now);
		list = json_array();
		for (size_t i = 0; i < l->n; i++)
			if (has_all(order[i], m, n))
				json_add(list, NULL, silence_json(order[i], now));
		answer_json_take(a, 200, list);
	}
	for (size_t i = 0; i < n; i++)
		matcher_release(&m[i]);
	free(m);
	free(order);
}

static bool is_uuid(const char *s)
{
	static const char pattern[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	for (size_t i = 0; i < sizeof(pattern) - 1; i++)
		if (pattern[i] == '-' ? s[i] != '-'
				      : !s[i] || !strchr("0123456789abcdefABCDEF", s[i]))
			return false;
	return !s[sizeof(pattern) - 1];
}

static bool need_uuid(struct answer *a, const char *id)
{
	char *text;

	if (is_uuid(id))
		return true;
	text = mem_format("silenceID in path must be of type uuid: \"%s\"", id);
	refuse_code(a, 422, 601, text);
	free(text);
	return false;
}

static void get_silence(struct answer *a, struct lab *lab, struct request *q)
{
	const struct silence *s;

	if (!need_uuid(a, q->segments[0]))
		return;
	s = silences_find(&lab->platform->pager.silences, q->segments[0]);
	if (s)
		answer_json_take(a, 200, silence_json(s, lab->now));
	else
		a->status = 404;
}

static void delete_silence(struct answer *a, struct lab *lab, struct request *q)
{
	struct silence *s;

	if (!need_uuid(a, q->segments[0]))
		return;
	s = silences_find(&lab->platform->pager.silences, q->segments[0]);
	if (s)
		silence_expire(s, lab->now);
	else
		refuse_text(a, 404, "silence not found");
}

static bool read_silence_matchers(struct silence *s, const struct json *list)
{
	json_each (m, list) {
		const char *name = json_text(json_get(m, "name"));
		const char *value = json_text(json_get(m, "value"));
		struct matcher *to;

		if (!name || !value)
			return false;
		to = mem_push(s->matchers, s->n_matchers, s->cap_matchers);
		to->name = mem_strdup(name);
		to->value = mem_strdup(value);
		to->regex = json_bool(json_get(m, "isRegex"), false);
		to->equal = json_bool(json_get(m, "isEqual"), true);
	}
	return s->n_matchers > 0;
}

static bool read_moment(int64_t *out, const struct json *body, const char *key)
{
	const char *text = json_text(json_get(body, key));
	struct err e = ERR_INIT;
	bool ok = text && !time_parse(out, text, &e);

	err_release(&e);
	return ok;
}

/* The first thing that its schema misses, in its words; NULL: nothing. */
static const char *read_silence(struct silence *s, const struct json *body)
{
	const char *comment = json_text(json_get(body, "comment"));
	const char *by = json_text(json_get(body, "createdBy"));
	const char *id = json_text(json_get(body, "id"));

	if (!comment)
		return "comment in body is required";
	if (!by)
		return "createdBy in body is required";
	if (!read_moment(&s->ends, body, "endsAt"))
		return "endsAt in body is required";
	if (!read_silence_matchers(s, json_get(body, "matchers")))
		return "matchers in body is required";
	if (!read_moment(&s->starts, body, "startsAt"))
		return "startsAt in body is required";
	s->comment = mem_strdup(comment);
	s->created_by = mem_strdup(by);
	if (id && strlen(id) < sizeof(s->id))
		memcpy(s->id, id, strlen(id) + 1);
	return NULL;
}

static void post_silence(struct answer *a, struct lab *lab, struct request *q)
{
	struct silence s = {0};
	struct json *body, *j;
	const char *missing;
	struct err e = ERR_INIT;
	char id[37];

	if (!request_is_json(q)) {
		refuse_code(a, 415, 415,
			"unsupported media type, only [application/json] are allowed");
		return;
	}
	body = request_json(q);
	missing = body ? read_silence(&s, body) : "body in body is required";
	json_free(body);
	if (missing) {
		silence_release(&s);
		refuse_code(a, 422, 602, missing);
	} else if (silences_put_take(
			   &lab->platform->pager.silences, &s, lab->now, id, &e)) {
		refuse_text(a, e.code == ERR_NOT_FOUND ? 404 : 400, e.what);
		err_release(&e);
	} else {
		j = json_object();
		json_add_text(j, "silenceID", id);
		answer_json_take(a, 200, j);
	}
}

const struct route alertmanager_routes[] = {
	{"GET", "/-/healthy", get_ready},
	{"GET", "/-/ready", get_ready},
	{"GET", "/api/v2/alerts", get_alerts},
	{"GET", "/api/v2/alerts/groups", get_groups},
	{"GET", "/api/v2/receivers", get_receivers},
	{"GET", "/api/v2/status", get_status},
	{"GET", "/api/v2/silences", get_silences},
	{"POST", "/api/v2/silences", post_silence},
	{"GET", "/api/v2/silence/{}", get_silence},
	{"DELETE", "/api/v2/silence/{}", delete_silence},
	{0},
};
