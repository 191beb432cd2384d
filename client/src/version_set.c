#include "client/src/version_set.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

qvt_status copy_text(struct arena *arena, const char *text, const char **out)
{
    *out = NULL;
    if (text == NULL) {
        return QVT_OK;
    }
    size_t size = strlen(text) + 1;
    char *copy = arena_alloc(arena, size);
    if (copy == NULL) {
        return QVT_NO_MEMORY;
    }
    memcpy(copy, text, size);
    *out = copy;
    return QVT_OK;
}

static qvt_status copy_version(struct arena *arena, const qvt_actor_version *from, qvt_actor_version *to)
{
    *to = *from;
    QVT_TRY(copy_text(arena, from->actor_type, &to->actor_type));
    QVT_TRY(copy_text(arena, from->version, &to->version));
    QVT_TRY(copy_text(arena, from->assembly_name, &to->assembly_name));
    return copy_text(arena, from->build_id, &to->build_id);
}

static qvt_status copy_versions(struct version_set *set, const qvt_actor_version *versions, size_t count)
{
    if (count == 0) {
        return QVT_OK;
    }
    if (count > SIZE_MAX / sizeof *versions) {
        return QVT_NO_MEMORY;
    }
    qvt_actor_version *copies = arena_alloc(&set->arena, count * sizeof *copies);
    if (copies == NULL) {
        return QVT_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        QVT_TRY(copy_version(&set->arena, &versions[i], &copies[i]));
    }
    set->versions = copies;
    set->count = count;
    return QVT_OK;
}

qvt_status version_set_new(struct version_set **out, const qvt_actor_version *versions, size_t count)
{
    struct version_set *set = calloc(1, sizeof *set);
    if (set == NULL) {
        return QVT_NO_MEMORY;
    }
    arena_init(&set->arena, SIZE_MAX / 2);
    if (copy_versions(set, versions, count) != QVT_OK) {
        version_set_free(set);
        return QVT_NO_MEMORY;
    }
    *out = set;
    return QVT_OK;
}

void version_set_free(struct version_set *set)
{
    if (set != NULL) {
        arena_deinit(&set->arena);
        free(set);
    }
}

const qvt_actor_version *version_set_find(const struct version_set *set, const char *actor_type)
{
    for (size_t i = set->count; i-- > 0;) {
        if (set->versions[i].actor_type != NULL && strcmp(set->versions[i].actor_type, actor_type) == 0) {
            return &set->versions[i];
        }
    }
    return NULL;
}
