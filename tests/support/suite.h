/* A CUnit executable in one table: the name of each case is the rule it checks. */
#ifndef QVT_TESTS_SUPPORT_SUITE_H
#define QVT_TESTS_SUPPORT_SUITE_H

#include <stddef.h>
#include <stdint.h>

#include "qvt/slice.h"

struct suite_case {
    const char *name;
    void (*run)(void);
};

#define SUITE_CASE(function)                                                                                           \
    {                                                                                                                  \
#function, function                                                                                            \
    }

/* Runs the cases and returns the exit code of the process: 0 when every assertion held. With an argument, runs only
 * the cases whose name contains it; none is a failure. */
int suite_run(const char *name, const struct suite_case *cases, size_t count, int argc, char **argv);

/* SUITE_MAIN("base/buf", SUITE_CASE(growth_doubles), …) defines main. */
#define SUITE_MAIN(name, ...)                                                                                          \
    int main(int argc, char **argv)                                                                                    \
    {                                                                                                                  \
        static const struct suite_case cases[] = {__VA_ARGS__};                                                        \
        return suite_run((name), cases, sizeof(cases) / sizeof(cases[0]), argc, argv);                                 \
    }

/* The seed of a random walk: $QVT_SEED in decimal if set, else a fresh one. Printed, so that a failure can be
 * repeated. */
uint64_t suite_seed(void);

/* Expect a text; on a difference print both, and fail. */
void suite_expect_text(const char *actual, const char *expected, const char *file, unsigned line);
void suite_expect_slice(qvt_slice actual, const char *expected, const char *file, unsigned line);

#define EXPECT_TEXT(actual, expected) suite_expect_text((actual), (expected), __FILE__, __LINE__)
#define EXPECT_SLICE(actual, expected) suite_expect_slice((actual), (expected), __FILE__, __LINE__)

#endif
