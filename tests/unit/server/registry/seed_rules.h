/* The eight rules of the seed document (SPEC §4.13), told once for every way in which a registry is kept. */
#ifndef QVT_TESTS_UNIT_SERVER_REGISTRY_SEED_RULES_H
#define QVT_TESTS_UNIT_SERVER_REGISTRY_SEED_RULES_H

#include "qvt/error.h"
#include "server/registry/command.h"
#include "server/registry/registry.h"

/* One cluster, new for each rule. */
struct seed_world {
    /* Runs the command to its end; *error says why it was refused. */
    qvt_status (*run)(void *data, const struct command *command, qvt_error *error);
    /* What happens between the last write and the questions. The registry to ask, borrowed until `close`. */
    const struct registry *(*settle)(void *data);
    void (*close)(void *data);
    void *data;
};

/* Runs every rule in a world that `open` makes for it; the exit code of the process, as suite_run. */
int seed_run(const char *suite, void (*open)(struct seed_world *world), int argc, char **argv);

#endif
