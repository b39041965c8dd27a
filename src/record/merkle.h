/* merkle.h - the tree of RFC 6962 over the audit entries: roots and proofs; pure */
#ifndef TOCSIN_MERKLE_H
#define TOCSIN_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/digest.h"

struct digest merkle_leaf(const void *data, size_t n);
struct digest merkle_node(const struct digest *left, const struct digest *right);

/* Append-only: the roots of the perfect subtrees, one for each set bit of size. */
struct merkle {
	uint64_t	size;
	struct digest	roots[64];	/* [i]: of 2^i leaves, valid where the bit is set */
};

void merkle_init(struct merkle *m);
void merkle_add(struct merkle *m, const struct digest *leaf);
struct digest merkle_root(const struct merkle *m);	/* of none: SHA-256 of nothing */

#define MERKLE_MAX_PATH 64

/* Over n leaf hashes; returns the number of hashes put in out (at most MERKLE_MAX_PATH). */
size_t merkle_inclusion(struct digest *out, uint64_t index, const struct digest *leaves,
	uint64_t n);
size_t merkle_consistency(struct digest *out, uint64_t old_n, const struct digest *leaves,
	uint64_t n);

bool merkle_verify_inclusion(const struct digest *leaf, uint64_t index, uint64_t n,
	const struct digest *path, size_t n_path, const struct digest *root);
bool merkle_verify_consistency(uint64_t old_n, const struct digest *old_root, uint64_t n,
	const struct digest *root, const struct digest *path, size_t n_path);

#endif
