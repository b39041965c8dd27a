/*
 * story.h - one line for each step: who did what
 */
#ifndef TOCSIN_STORY_H
#define TOCSIN_STORY_H

#include "core/strbuf.h"
#include "trace/tree.h"

/*
 * "planner asked gpt-5-mini: 540 tokens in, 49 out", "get_weather failed: no such city",
 * "triage handed over to weather".  Translated; text from spans is not made safe here.
 */
void story_line(struct strbuf *out, const struct tree *t, size_t node);

#endif
