#include "tests/unit/server/store/conformance.h"

#include "tests/support/suite.h"

#define CONFORMANCE_CASE(name) SUITE_CASE(name),

int main(int argc, char **argv)
{
    static const struct suite_case cases[] = {CONFORMANCE_LOG_CASES(CONFORMANCE_CASE) CONFORMANCE_LEASES_CASES(
        CONFORMANCE_CASE) CONFORMANCE_MOVES_CASES(CONFORMANCE_CASE)};
    return suite_run("server/store", cases, sizeof cases / sizeof cases[0], argc, argv);
}
