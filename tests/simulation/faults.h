/* What goes wrong, and when: drawn from the seed, one mischief after the other until calm is declared. */
#ifndef QVT_TESTS_SIMULATION_FAULTS_H
#define QVT_TESTS_SIMULATION_FAULTS_H

#include "tests/simulation/timeline.h"

struct world;

struct faults {
    struct world *world;
    int64_t pace_us; /* between two, about */
    struct event next;
    struct event heal; /* of the partitions and the outage at hand */
};

void faults_init(struct faults *faults, struct world *world);

/* Everything works again, and goes on working. */
void faults_end(struct faults *faults);

#endif
