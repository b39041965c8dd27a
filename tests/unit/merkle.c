#include "tests/unit/unit.h"

#include <string.h>

#include "core/strbuf.h"
#include "record/merkle.h"

/* The leaves and roots that Certificate Transparency's own tests use. */
static const char *const leaves_hex[8] = {
	"",
	"00",
	"10",
	"2021",
	"3031",
	"40414243",
	"5051525354555657",
	"606162636465666768696a6b6c6d6e6f",
};

static const char *const roots[9] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static void read_leaves(struct digest out[8])
{
	for (size_t i = 0; i < 8; i++) {
		struct strbuf data = STRBUF_INIT;
		struct err e = ERR_INIT;

		assert_int_equal(
			hex_decode(&data, leaves_hex[i], strlen(leaves_hex[i]), &e), 0);
		out[i] = merkle_leaf(data.buf, data.len);
		strbuf_release(&data);
	}
}

static void assert_hex(const struct digest *d, const char *hex)
{
	struct strbuf text = STRBUF_INIT;

	digest_hex(&text, d);
	assert_string_equal(text.buf, hex);
	strbuf_release(&text);
}

static void roots_are_the_known_ones(void **state)
{
	struct digest leaves[8], root;
	struct merkle m;

	(void)state;
	read_leaves(leaves);
	merkle_init(&m);
	for (size_t n = 0; n <= 8; n++) {
		root = merkle_root(&m);
		assert_hex(&root, roots[n]);
		if (n < 8)
			merkle_add(&m, &leaves[n]);
	}
}

static void proofs_are_the_known_ones(void **state)
{
	struct digest leaves[8], path[MERKLE_MAX_PATH];

	(void)state;
	read_leaves(leaves);
	assert_int_equal(merkle_inclusion(path, 5, leaves, 8), 3);
	assert_hex(&path[0],
		"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b");
	assert_hex(&path[1],
		"ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0");
	assert_hex(&path[2],
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7");
	assert_int_equal(merkle_inclusion(path, 2, leaves, 3), 1);
	assert_hex(&path[0],
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
	assert_int_equal(merkle_consistency(path, 6, leaves, 8), 3);
	assert_hex(&path[0],
		"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a");
	assert_int_equal(merkle_consistency(path, 3, leaves, 7), 4);
	assert_hex(&path[3],
		"837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e");
	assert_int_equal(merkle_inclusion(path, 3, leaves, 3), 0);
	assert_int_equal(merkle_consistency(path, 0, leaves, 3), 0);
}

static struct digest root_of(const struct digest *leaves, size_t n)
{
	struct merkle m;

	merkle_init(&m);
	for (size_t i = 0; i < n; i++)
		merkle_add(&m, &leaves[i]);
	return merkle_root(&m);
}

static void every_proof_up_to_8_holds(void **state)
{
	struct digest leaves[8], path[MERKLE_MAX_PATH];

	(void)state;
	read_leaves(leaves);
	for (size_t n = 1; n <= 8; n++) {
		struct digest root = root_of(leaves, n);

		for (size_t i = 0; i < n; i++) {
			size_t k = merkle_inclusion(path, i, leaves, n);

			assert_true(merkle_verify_inclusion(
				&leaves[i], i, n, path, k, &root));
			assert_false(merkle_verify_inclusion(
					     &leaves[i], i + 1, n, path, k, &root) &&
				i + 1 < n);
			assert_false(
				merkle_verify_inclusion(&root, i, n, path, k, &root) &&
				n > 1);
		}
		for (size_t m = 1; m <= n; m++) {
			struct digest old = root_of(leaves, m);
			size_t k = merkle_consistency(path, m, leaves, n);

			assert_true(
				merkle_verify_consistency(m, &old, n, &root, path, k));
			if (m < n)
				assert_false(merkle_verify_consistency(
					m, &root, n, &root, path, k));
			if (k)
				assert_false(merkle_verify_consistency(
					m, &old, n, &root, path, k - 1));
		}
	}
}

UNIT_TESTS(cmocka_unit_test(roots_are_the_known_ones),
	cmocka_unit_test(proofs_are_the_known_ones),
	cmocka_unit_test(every_proof_up_to_8_holds))
