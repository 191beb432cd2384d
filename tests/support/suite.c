#include "tests/support/suite.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "base/entropy.h"

static size_t add_cases(CU_pSuite suite, const struct suite_case *cases, size_t count, const char *filter)
{
    size_t added = 0;
    for (size_t i = 0; i < count; i++) {
        if (filter != NULL && strstr(cases[i].name, filter) == NULL) {
            continue;
        }
        if (CU_add_test(suite, cases[i].name, cases[i].run) != NULL) {
            added++;
        }
    }
    return added;
}

int suite_run(const char *name, const struct suite_case *cases, size_t count, int argc, char **argv)
{
    if (CU_initialize_registry() != CUE_SUCCESS) {
        return EXIT_FAILURE;
    }
    CU_pSuite suite = CU_add_suite(name, NULL, NULL);
    const char *filter = argc > 1 ? argv[1] : NULL;
    size_t added = suite == NULL ? 0 : add_cases(suite, cases, count, filter);
    if (added == 0 || (filter == NULL && added != count)) {
        (void)fprintf(stderr, "%s: %zu of %zu cases to run\n", name, added, count);
        CU_cleanup_registry();
        return EXIT_FAILURE;
    }
    CU_basic_set_mode(CU_BRM_VERBOSE);
    (void)CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

uint64_t suite_seed(void)
{
    const char *given = getenv("QVT_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : entropy_u64(entropy_system());
    (void)printf(" QVT_SEED=%" PRIu64 " ", seed);
    return seed;
}

void suite_expect_text(const char *actual, const char *expected, const char *file, unsigned line)
{
    suite_expect_slice(qvt_slice_text(actual), expected, file, line);
}

void suite_expect_slice(qvt_slice actual, const char *expected, const char *file, unsigned line)
{
    bool equal = qvt_slice_equal(actual, qvt_slice_text(expected));
    if (!equal) {
        (void)printf("\n%s:%u: expected \"%s\", got \"%.*s\"\n", file, line, expected, (int)actual.len,
                     actual.len == 0 ? "" : (const char *)actual.data);
    }
    (void)CU_assertImplementation(equal, line, "texts are equal", file, "", CU_FALSE);
}
