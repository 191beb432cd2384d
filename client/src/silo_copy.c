#include "client/src/silo_copy.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/check.h"

static qvt_status copy_labels(struct arena *arena, const qvt_silo_options *from, qvt_silo_options *to)
{
    to->labels = NULL;
    if (from->label_count == 0) {
        return QVT_OK;
    }
    if (from->label_count > SIZE_MAX / sizeof *from->labels) {
        return QVT_NO_MEMORY;
    }
    qvt_label *labels = arena_alloc(arena, from->label_count * sizeof *labels);
    if (labels == NULL) {
        return QVT_NO_MEMORY;
    }
    for (size_t i = 0; i < from->label_count; i++) {
        QVT_TRY(copy_text(arena, from->labels[i].name, &labels[i].name));
        QVT_TRY(copy_text(arena, from->labels[i].value, &labels[i].value));
    }
    to->labels = labels;
    return QVT_OK;
}

static qvt_status copy(struct silo_copy *silo, const qvt_silo_options *from)
{
    qvt_silo_options *to = &silo->options;
    *to = *from;
    to->versions = NULL;
    to->version_count = 0;
    QVT_TRY(copy_text(&silo->arena, from->silo_id, &to->silo_id));
    QVT_TRY(copy_text(&silo->arena, from->address, &to->address));
    QVT_TRY(copy_text(&silo->arena, from->region_id, &to->region_id));
    QVT_TRY(copy_text(&silo->arena, from->zone_id, &to->zone_id));
    QVT_TRY(copy_text(&silo->arena, from->shard_group_id, &to->shard_group_id));
    QVT_TRY(copy_text(&silo->arena, from->build_id, &to->build_id));
    QVT_TRY(copy_labels(&silo->arena, from, to));
    return version_set_new(&silo->versions, from->versions, from->version_count);
}

qvt_status silo_copy_new(struct silo_copy **out, const qvt_silo_options *options)
{
    struct silo_copy *silo = calloc(1, sizeof *silo);
    if (silo == NULL) {
        return QVT_NO_MEMORY;
    }
    arena_init(&silo->arena, SIZE_MAX / 2);
    if (copy(silo, options) != QVT_OK) {
        silo_copy_free(silo);
        return QVT_NO_MEMORY;
    }
    *out = silo;
    return QVT_OK;
}

void silo_copy_free(struct silo_copy *silo)
{
    if (silo != NULL) {
        version_set_free(silo->versions);
        arena_deinit(&silo->arena);
        free(silo);
    }
}
