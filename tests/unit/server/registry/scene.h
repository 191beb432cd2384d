/* A registry on virtual time in which one command after the other is proposed and applied. */
#ifndef QVT_TESTS_UNIT_SERVER_REGISTRY_SCENE_H
#define QVT_TESTS_UNIT_SERVER_REGISTRY_SCENE_H

#include "base/entropy.h"
#include "server/registry/propose.h"
#include "tests/unit/server/registry/requests.h"

struct scene {
    struct registry *registry;
    struct registry_limits limits;
    int64_t now_us;
    uint64_t seed;
    struct entropy entropy;
    struct proposal last; /* what the last command came to; references are the scene's */
    qvt_error error;
    char found[512]; /* scene_find's text */
};

/* At 2026-01-30 00:00:00. */
void scene_init(struct scene *scene);
void scene_deinit(struct scene *scene);

/* Proposes the command alone and applies its change, if any. */
qvt_status scene_run(struct scene *scene, const struct command *command);

/* Shorthands; the silo has instance id 16 × `instance` (0: none). */
qvt_status scene_register(struct scene *scene, const char *silo_id, uint8_t instance, const char *types);
qvt_status scene_unregister(struct scene *scene, const char *silo_id);
qvt_status scene_versions(struct scene *scene, const char *silo_id, const char *types);
qvt_status scene_update(struct scene *scene, const char *silo_id, const char *path, int value);

const struct registry_silo *scene_silo(const struct scene *scene, const char *silo_id);
uint64_t scene_revision(const struct scene *scene);

/* The ids that a find with this type and version ("": none) answers, best first, as `a b c`. Borrowed. */
const char *scene_find(struct scene *scene, const char *actor_type, const char *version);

#endif
