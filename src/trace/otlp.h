/*
 * otlp.h - OTLP/JSON traces to spans (OpenTelemetry protocol 1.x, JSON encoding)
 *
 * Also what writers make of it: base64 ids, integers as strings or numbers, names or numbers for
 * enums, instrumentationLibrarySpans, Tempo's batches.
 */
#ifndef TOCSIN_OTLP_H
#define TOCSIN_OTLP_H

#include "trace/trace_file.h"

extern const struct trace_reader trace_reader_otlp;

/*
 * Lower-case hex of an id of so many bytes in hex, base64 or as a UUID; others as they are; NULL
 * when it is absent, empty or all zeros.
 */
const char *otlp_id(const char *id, size_t bytes, struct arena *a);

#endif
