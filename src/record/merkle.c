#include "config.h"
#include "record/merkle.h"

#include <string.h>

struct digest merkle_leaf(const void *data, size_t n)
{
	return digest_of2("\0", 1, data, n);
}

struct digest merkle_node(const struct digest *left, const struct digest *right)
{
	uint8_t both[1 + 2 * DIGEST_BYTES];

	both[0] = 1;
	memcpy(both + 1, left->bytes, DIGEST_BYTES);
	memcpy(both + 1 + DIGEST_BYTES, right->bytes, DIGEST_BYTES);
	return digest_of(both, sizeof(both));
}

void merkle_init(struct merkle *m)
{
	*m = (struct merkle){0};
}

void merkle_add(struct merkle *m, const struct digest *leaf)
{
	struct digest carry = *leaf;
	int i = 0;

	for (; m->size >> i & 1; i++)
		carry = merkle_node(&m->roots[i], &carry);
	m->roots[i] = carry;
	m->size++;
}

struct digest merkle_root(const struct merkle *m)
{
	struct digest root = {{0}};
	bool any = false;

	if (!m->size)
		return digest_of("", 0);
	for (int i = 0; i < 64; i++) {
		if (!(m->size >> i & 1))
			continue;
		root = any ? merkle_node(&m->roots[i], &root) : m->roots[i];
		any = true;
	}
	return root;
}

/* --- proofs over leaf hashes: the recursions of RFC 6962, section 2.1 --- */

/* The largest power of two smaller than n, n > 1. */
static uint64_t split(uint64_t n)
{
	uint64_t k = 1;

	while (k < n - k)
		k <<= 1;
	return k;
}

static struct digest tree_hash(const struct digest *leaves, uint64_t n)
{
	struct merkle m;

	merkle_init(&m);
	for (uint64_t i = 0; i < n; i++)
		merkle_add(&m, &leaves[i]);
	return merkle_root(&m);
}

size_t merkle_inclusion(
	struct digest *out, uint64_t index, const struct digest *leaves, uint64_t n)
{
	uint64_t k;
	size_t used;

	if (n <= 1 || index >= n)
		return 0;
	k = split(n);
	if (index < k) {
		used = merkle_inclusion(out, index, leaves, k);
		out[used] = tree_hash(leaves + k, n - k);
	} else {
		used = merkle_inclusion(out, index - k, leaves + k, n - k);
		out[used] = tree_hash(leaves, k);
	}
	return used + 1;
}

static size_t sub_proof(struct digest *out, uint64_t m, const struct digest *leaves,
	uint64_t n, bool whole)
{
	uint64_t k;
	size_t used;

	if (m == n) {
		if (whole)
			return 0;
		out[0] = tree_hash(leaves, n);
		return 1;
	}
	k = split(n);
	if (m <= k) {
		used = sub_proof(out, m, leaves, k, whole);
		out[used] = tree_hash(leaves + k, n - k);
	} else {
		used = sub_proof(out, m - k, leaves + k, n - k, false);
		out[used] = tree_hash(leaves, k);
	}
	return used + 1;
}

size_t merkle_consistency(
	struct digest *out, uint64_t old_n, const struct digest *leaves, uint64_t n)
{
	return old_n && old_n <= n ? sub_proof(out, old_n, leaves, n, true) : 0;
}

/* --- checking: RFC 9162, sections 2.1.3.2 and 2.1.4.2 --- */

static bool same(const struct digest *a, const struct digest *b)
{
	return !memcmp(a->bytes, b->bytes, DIGEST_BYTES);
}

bool merkle_verify_inclusion(const struct digest *leaf, uint64_t index, uint64_t n,
	const struct digest *path, size_t n_path, const struct digest *root)
{
	uint64_t fn = index, sn = n - 1;
	struct digest r = *leaf;

	if (index >= n)
		return false;
	for (size_t i = 0; i < n_path; i++) {
		if (!sn)
			return false;
		if (fn & 1 || fn == sn) {
			r = merkle_node(&path[i], &r);
			while (!(fn & 1) && fn) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			r = merkle_node(&r, &path[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return !sn && same(&r, root);
}

/* Both accumulators over the path; false when the path is too long. */
static bool climb(struct digest *fr, struct digest *sr, uint64_t fn, uint64_t sn,
	const struct digest *path, size_t n_path)
{
	for (size_t i = 0; i < n_path; i++) {
		if (!sn)
			return false;
		if (fn & 1 || fn == sn) {
			*fr = merkle_node(&path[i], fr);
			*sr = merkle_node(&path[i], sr);
			while (!(fn & 1) && fn) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			*sr = merkle_node(sr, &path[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return !sn;
}

bool merkle_verify_consistency(uint64_t old_n, const struct digest *old_root, uint64_t n,
	const struct digest *root, const struct digest *path, size_t n_path)
{
	struct digest fr, sr;
	uint64_t fn = old_n - 1, sn = n - 1;

	if (!old_n || old_n > n)
		return false;
	if (old_n == n)
		return !n_path && same(old_root, root);
	if (!(old_n & (old_n - 1))) {
		fr = *old_root;
	} else {
		if (!n_path)
			return false;
		fr = *path++;
		n_path--;
	}
	sr = fr;
	while (fn & 1) {
		fn >>= 1;
		sn >>= 1;
	}
	return climb(&fr, &sr, fn, sn, path, n_path) && same(&fr, old_root) &&
		same(&sr, root);
}
