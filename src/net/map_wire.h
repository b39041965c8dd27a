/* map_wire.h - what goes over the pipe between map.c and map_worker.c; one machine, one binary */
#ifndef TOCSIN_MAP_WIRE_H
#define TOCSIN_MAP_WIRE_H

#include <stdint.h>

#define MAP_ANSWER_MAX (64u << 20)

/* Followed by program (when this worker has not seen id yet), values and body. */
struct map_request {
	uint32_t	id;
	uint32_t	n_program, n_values, n_body;	/* bytes */
};

/* Followed by n bytes: a JSON array, or words about what went wrong. */
struct map_answer {
	uint32_t	failed;
	uint32_t	n;
};

#endif
