#include "test.h"

#include "audit/crc32c.h"
#include "audit/tree.h"
#include "base/hex.h"
#include "crypto/start.h"

static struct hash *h;

/* The leaves and roots of the published certificate-transparency tests for RFC 6962. */
static const char *const vector_leaves[8] = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
static const char *const vector_roots[9] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

static void roots_are_the_published_ones(void **state) {
    (void)state;
    struct tree t = {0};
    for (size_t n = 0; n <= 8; n++) {
        uint8_t root[32], want[32], leaf[16], leaf_hash[32];
        assert_int_equal(tree_root(&t, h, root), ST_OK);
        assert_true(hex_decode(slice_from_string(vector_roots[n]), want, 32));
        assert_memory_equal(root, want, 32);
        if (n == 8)
            break;
        size_t length = strlen(vector_leaves[n]) / 2;
        assert_true(hex_decode(slice_from_string(vector_leaves[n]), leaf, length));
        assert_int_equal(tree_leaf_hash(h, slice_of(leaf, length), leaf_hash), ST_OK);
        assert_int_equal(tree_append(&t, h, leaf_hash), ST_OK);
    }
}

#define MANY 1100
static uint8_t leaves[MANY][32];
static uint8_t roots[MANY + 1][32];

static enum status read_leaves(void *context, uint64_t first, uint64_t count, uint8_t *out) {
    (void)context;
    assert_true(first + count <= MANY);
    memcpy(out, leaves[first], count * 32);
    return ST_OK;
}

static void grow(void) {
    struct tree t = {0};
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(tree_root(&t, h, roots[i]), ST_OK);
        assert_int_equal(tree_leaf_hash(h, slice_of(&i, sizeof i), leaves[i]), ST_OK);
        assert_int_equal(tree_append(&t, h, leaves[i]), ST_OK);
    }
    assert_int_equal(tree_root(&t, h, roots[MANY]), ST_OK);
}

static void check_inclusion(struct tree_prover *p, uint64_t index, uint64_t size) {
    struct tree_proof proof;
    assert_int_equal(tree_prove_inclusion(p, index, size, &proof), ST_OK);
    assert_int_equal(tree_verify_inclusion(h, leaves[index], index, size, &proof, roots[size]), ST_OK);
    assert_int_equal(
        tree_verify_inclusion(h, leaves[index ? index - 1 : MANY - 1], index, size, &proof, roots[size]),
        ST_CORRUPT);
    if (size > 1) {
        assert_int_equal(tree_verify_inclusion(h, leaves[index], index ^ 1, size, &proof, roots[size]),
                         ST_CORRUPT);
        proof.hash[proof.count - 1][0] ^= 1;
        assert_int_equal(tree_verify_inclusion(h, leaves[index], index, size, &proof, roots[size]),
                         ST_CORRUPT);
        proof.hash[proof.count - 1][0] ^= 1;
        proof.count--;
        assert_int_equal(tree_verify_inclusion(h, leaves[index], index, size, &proof, roots[size]),
                         ST_CORRUPT);
    }
}

static void check_consistency(struct tree_prover *p, uint64_t old_size, uint64_t size) {
    struct tree_proof proof;
    assert_int_equal(tree_prove_consistency(p, old_size, size, &proof), ST_OK);
    assert_int_equal(tree_verify_consistency(h, old_size, roots[old_size], size, roots[size], &proof), ST_OK);
    assert_int_equal(tree_verify_consistency(h, old_size, roots[old_size - 1], size, roots[size], &proof),
                     ST_CORRUPT);
    assert_int_equal(tree_verify_consistency(h, old_size, roots[old_size], size, roots[size - 1], &proof),
                     ST_CORRUPT);
    if (proof.count > 0) {
        proof.hash[0][5] ^= 1;
        assert_int_equal(tree_verify_consistency(h, old_size, roots[old_size], size, roots[size], &proof),
                         ST_CORRUPT);
    }
}

static void proofs_hold_for_every_small_tree_and_no_other_leaf_or_root(void **state) {
    (void)state;
    struct tree_prover *p = tree_prover_new((struct tree_leaves){read_leaves, NULL});
    for (uint64_t size = 1; size <= 40; size++)
        for (uint64_t i = 0; i < size; i++) {
            check_inclusion(p, i, size);
            check_consistency(p, i + 1, size);
        }
    tree_prover_free(p);
}

static void proofs_hold_across_blocks(void **state) {
    (void)state;
    static const uint64_t sizes[] = {255, 256, 257, 511, 512, 513, 768, 1000, 1023, 1024, 1025, MANY};
    struct tree_prover *p = tree_prover_new((struct tree_leaves){read_leaves, NULL});
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        uint8_t root[32];
        assert_int_equal(tree_prove_root(p, sizes[s], root), ST_OK);
        assert_memory_equal(root, roots[sizes[s]], 32);
        for (uint64_t i = 0; i < sizes[s]; i += 51) {
            check_inclusion(p, i, sizes[s]);
            check_consistency(p, i + 1, sizes[s]);
        }
    }
    /* A prover that has seen the larger tree proves for a smaller one. */
    check_inclusion(p, 3, 300);
    check_consistency(p, 257, 300);
    tree_prover_free(p);
}

static void impossible_proofs_are_refused(void **state) {
    (void)state;
    struct tree_prover *p = tree_prover_new((struct tree_leaves){read_leaves, NULL});
    struct tree_proof proof;
    assert_int_equal(tree_prove_inclusion(p, 5, 5, &proof), ST_INVALID);
    assert_int_equal(tree_prove_consistency(p, 0, 5, &proof), ST_INVALID);
    assert_int_equal(tree_prove_consistency(p, 6, 5, &proof), ST_INVALID);
    tree_prover_free(p);
}

/* RFC 3720 appendix B.4. */
static void crc32c_gives_the_published_values(void **state) {
    (void)state;
    uint8_t bytes[32] = {0};
    assert_int_equal(crc32c(0, slice_of(bytes, 32)), 0x8a9136aa);
    memset(bytes, 0xff, 32);
    assert_int_equal(crc32c(0, slice_of(bytes, 32)), 0x62a8ab43);
    for (unsigned i = 0; i < 32; i++)
        bytes[i] = (uint8_t)i;
    assert_int_equal(crc32c(0, slice_of(bytes, 32)), 0x46dd794e);
    assert_int_equal(crc32c(crc32c(0, slice_of(bytes, 13)), slice_of(bytes + 13, 19)), 0x46dd794e);
}

static int start(void **state) {
    (void)state;
    if (crypto_start(NULL) != ST_OK)
        return -1;
    h = hash_new();
    grow();
    return 0;
}

static int stop(void **state) {
    (void)state;
    hash_free(h);
    crypto_stop();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_are_the_published_ones),
        cmocka_unit_test(proofs_hold_for_every_small_tree_and_no_other_leaf_or_root),
        cmocka_unit_test(proofs_hold_across_blocks),
        cmocka_unit_test(impossible_proofs_are_refused),
        cmocka_unit_test(crc32c_gives_the_published_values),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
