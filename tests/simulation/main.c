/* simulation [--seed N | --from N --count N] [--trace]: one story a seed; a rule that does not hold is printed with what
 * repeats it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/world.h"

struct plan {
    uint64_t from;
    uint64_t count;
    bool tracing;
    bool expects_broken; /* a mutant is planted: a rule must not hold */
};

static struct {
    uint64_t changes, acknowledged, refused, uncertain, expired, watched, resets, reads;
} total;

static bool read_number(const char *text, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

static bool read_plan(struct plan *plan, int argc, char **argv)
{
    *plan = (struct plan){.from = 1, .count = 100};
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (strcmp(argv[i], "--trace") == 0) {
            plan->tracing = true;
        } else if (strcmp(argv[i], "--expect-broken") == 0) {
            plan->expects_broken = true;
        } else if (strcmp(argv[i], "--seed") == 0 && has_value && read_number(argv[++i], &plan->from)) {
            plan->count = 1;
        } else if (strcmp(argv[i], "--from") == 0 && has_value && read_number(argv[++i], &plan->from)) {
            continue;
        } else if (strcmp(argv[i], "--count") == 0 && has_value && read_number(argv[++i], &plan->count)) {
            continue;
        } else {
            return false;
        }
    }
    return true;
}

static void add(const struct judge *judge)
{
    total.changes += judge->changes;
    total.acknowledged += judge->acknowledged;
    total.refused += judge->refused;
    total.uncertain += judge->uncertain;
    total.expired += judge->expired;
    total.watched += judge->watched;
    total.resets += judge->resets;
    total.reads += judge->reads;
}

static int tell(const struct plan *plan, uint64_t seed, const char *broken, const char *program)
{
    if (broken != NULL) {
        printf("seed %" PRIu64 ": %s\nreplay: %s --seed %" PRIu64 " --trace\n", seed, broken, program, seed);
    }
    printf("%" PRIu64 " changes, %" PRIu64 " writes acknowledged, %" PRIu64 " refused, %" PRIu64 " in doubt, %" PRIu64
           " reads, %" PRIu64 " silos expired, %" PRIu64 " changes watched, %" PRIu64 " resets\n",
           total.changes, total.acknowledged, total.refused, total.uncertain, total.reads, total.expired, total.watched,
           total.resets);
    return (broken != NULL) == plan->expects_broken ? 0 : 1;
}

int main(int argc, char **argv)
{
    static struct world world;
    struct plan plan;
    if (!read_plan(&plan, argc, argv)) {
        fprintf(stderr, "usage: %s [--seed N | --from N --count N] [--trace]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (uint64_t seed = plan.from; seed < plan.from + plan.count; seed++) {
        world_run(&world, seed, plan.tracing);
        add(&world.judge);
        if (world.broken[0] != '\0') {
            return tell(&plan, seed, world.broken, argv[0]);
        }
    }
    return tell(&plan, 0, NULL, argv[0]);
}
