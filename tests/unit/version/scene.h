/* Versions, ranges and silos for the tests of version/, from texts. */
#ifndef QVT_TESTS_UNIT_VERSION_SCENE_H
#define QVT_TESTS_UNIT_VERSION_SCENE_H

#include "version/placement.h"

enum { SCENE_SILO_MAX = 64 };

/* Silos that have one actor type, and the answer to the question asked last. */
struct scene {
    struct placement_candidate silo[SCENE_SILO_MAX];
    struct semver version[SCENE_SILO_MAX];
    uint32_t count;
    uint32_t order[SCENE_SILO_MAX];
    enum placement_drop drops[SCENE_SILO_MAX];
    uint32_t chosen;
    enum placement_empty empty;
    char answer[512];
};

/* Ends the test when the text is not what it should be. The text must outlive the result. */
struct semver given_version(const char *text);
struct range given_range(const char *text);

/* Adds an ACTIVE, SCHEDULABLE silo; tweak it through the result. Silos point into the scene: fill it in place. */
struct placement_candidate *scene_add(struct scene *scene, const char *silo_id, const char *version);

/* Answers the question; the ids of the chosen silos, best first, with blanks between. Lives in the scene. */
const char *scene_ask(struct scene *scene, const struct placement_question *question);

/* scene_ask for a version and a mode, nothing else. */
const char *scene_find(struct scene *scene, const char *version, enum placement_mode mode);

/* scene_ask for a range alone. */
const char *scene_find_range(struct scene *scene, const char *range);

/* scene_ask with a selector and, unless NULL, a version under MAJOR. */
const char *scene_select(struct scene *scene, const char *version, enum placement_selector selector);

#endif
