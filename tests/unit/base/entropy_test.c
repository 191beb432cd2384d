#include "base/entropy.h"

#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

/* Reference output of splitmix64 for the seed 1234567, https://rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64 */
static void seeded_sequence_is_splitmix64(void)
{
    static const uint64_t expected[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
                                        UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
                                        UINT64_C(16408922859458223821)};
    uint64_t state = 1234567;
    struct entropy entropy = entropy_seeded(&state);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        CU_ASSERT_EQUAL(entropy_u64(&entropy), expected[i]);
    }
}

static void same_seed_gives_the_same_bytes(void)
{
    uint64_t first_state = 7;
    uint64_t second_state = 7;
    struct entropy first = entropy_seeded(&first_state);
    struct entropy second = entropy_seeded(&second_state);
    unsigned char a[29];
    unsigned char b[29];
    entropy_fill(&first, a, sizeof(a));
    entropy_fill(&second, b, sizeof(b));
    CU_ASSERT_EQUAL(memcmp(a, b, sizeof(a)), 0);
}

static void fill_writes_exactly_the_length_asked(void)
{
    uint64_t state = 9;
    struct entropy entropy = entropy_seeded(&state);
    unsigned char out[16];
    memset(out, 0x5a, sizeof(out));
    entropy_fill(&entropy, out, 11);
    CU_ASSERT(out[11] == 0x5a && out[15] == 0x5a);
    entropy_fill(&entropy, out, 0);
}

static void kernel_bytes_differ_between_calls(void)
{
    unsigned char a[64] = {0};
    unsigned char b[64] = {0};
    entropy_fill(entropy_system(), a, sizeof(a));
    entropy_fill(entropy_system(), b, sizeof(b));
    CU_ASSERT_NOT_EQUAL(memcmp(a, b, sizeof(a)), 0);
}

SUITE_MAIN("base/entropy", SUITE_CASE(seeded_sequence_is_splitmix64), SUITE_CASE(same_seed_gives_the_same_bytes),
           SUITE_CASE(fill_writes_exactly_the_length_asked), SUITE_CASE(kernel_bytes_differ_between_calls))
