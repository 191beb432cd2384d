/* Three replicas, eight silos, delays, failures and doubt, from one seed ($QVT_SEED repeats a run). */
#include <inttypes.h>
#include <stdio.h>

#include <CUnit/CUnit.h>

#include "tests/simulation/cluster.h"
#include "tests/support/suite.h"

enum { RUNS = 20, STEPS = 4000 };

static void whatever_is_delayed_or_fails_replicas_agree_and_keep_what_they_acknowledged(void)
{
    static struct cluster cluster;
    uint64_t seed = suite_seed();
    uint64_t committed = 0;
    uint64_t unavailable = 0;
    uint64_t expired = 0;
    for (uint64_t run = 0; run < RUNS; run++) {
        cluster_init(&cluster, seed + run);
        for (int step = 0; step < STEPS; step++) {
            cluster_step(&cluster);
        }
        cluster_settle(&cluster);
        committed += cluster.committed;
        unavailable += cluster.unavailable;
        expired += cluster.expired;
        cluster_deinit(&cluster);
    }
    printf("committed %" PRIu64 ", unavailable %" PRIu64 ", expired %" PRIu64 "\n", committed, unavailable, expired);
    CU_ASSERT(committed > 1000 && unavailable > 10 && expired > 50);
}

SUITE_MAIN("simulation/cluster",
           SUITE_CASE(whatever_is_delayed_or_fails_replicas_agree_and_keep_what_they_acknowledged))
