/*
 * redact.h - secrets in what models and tools were told, made unreadable before it is stored
 *
 * Pure.  Members with telling names first ("password"), then keys that are known by their form
 * (cloud, model and code hosts, tokens, private keys, cards), also in JSON inside strings.
 * A secret becomes "[redacted:CLASS]".  Time is linear in the text.
 */
#ifndef TOCSIN_REDACT_H
#define TOCSIN_REDACT_H

#include "core/arena.h"
#include "core/strbuf.h"
#include "model/session.h"

/* Of a longer value the rest is dropped, and said so. */
#define REDACT_MAX_BYTES ((size_t)2 * 1024 * 1024)

/* Plain text; what is already redacted stays as it is. */
void redact_plain(struct strbuf *out, const char *s, size_t n);

/* Text or a JSON document, by its beginning. */
void redact_text(struct strbuf *out, const char *s, size_t n);

/* How much of a source's content is kept. */
enum keep { KEEP_MASKED, KEEP_FULL, KEEP_NONE };
enum keep keep_of(const char *word);	/* "masked", "full", "none"; NULL: masked */

/* Input, output, error and attributes of a span; new texts are in the arena. */
void redact_span(struct span *s, struct arena *a, enum keep keep);

#endif
