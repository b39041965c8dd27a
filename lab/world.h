/* world.h - what stands around the services: registries' past, CI, alerts; part of platform.h */
#ifndef LAB_WORLD_H
#define LAB_WORLD_H

#include "lab/platform.h"

/* Models and prompts with all their versions, as they stand before the scenario begins. */
void world_fill(struct platform *p);

/* Where a service's alias or label stands then: a cause or decoy that moves it says from where. */
int64_t world_first_version(
	const struct platform *p, const struct lab_service_conf *s, enum moved what);
int64_t world_served_since(const struct platform *p, const struct lab_service_conf *s);

/* What a release pipeline does: move the alias, and leave a tag that says so. */
void world_promote(struct platform *p, const struct lab_service_conf *s, int64_t version,
	int64_t at);

/* A session that begins at `at`, with what is served then (platform.c). */
void world_begin_session(struct platform *p, struct lab_service *s, int64_t at);

/* Sessions of the hours before the first step. */
void world_past_sessions(struct platform *p, int64_t history_ns);

/* Evaluate the alerts, as of now. */
void world_look(struct platform *p);

#endif
