#include "client/src/found.h"

#include <stdlib.h>

#include "base/check.h"
#include "client/src/decode.h"
#include "version/placement_request.h"

/* Working memory of one answer. */
struct sorting {
    uint32_t *order;
    enum placement_drop *drops;
    uint32_t chosen;
    enum placement_empty empty;
};

qvt_status found_new(struct found **out)
{
    struct found *found = calloc(1, sizeof *found);
    if (found == NULL) {
        return QVT_NO_MEMORY;
    }
    atomic_init(&found->refs, 1);
    arena_init(&found->arena, DECODE_MEMORY_MAX);
    *out = found;
    return QVT_OK;
}

struct found *found_ref(struct found *found)
{
    atomic_fetch_add_explicit(&found->refs, 1, memory_order_relaxed);
    return found;
}

void found_unref(struct found *found)
{
    if (found != NULL && atomic_fetch_sub_explicit(&found->refs, 1, memory_order_acq_rel) == 1) {
        type_table_unref(found->table);
        arena_deinit(&found->arena);
        free(found);
    }
}

static struct placement_request as_asked(const qvt_find_request *request)
{
    return (struct placement_request){
        .actor_type = qvt_slice_text(request->actor_type),
        .version = qvt_slice_text(request->version),
        .range = qvt_slice_text(request->range),
        .actor_id = qvt_slice_text(request->actor_id),
        .has_fingerprint = request->has_contract_fingerprint,
        .fingerprint = request->contract_fingerprint,
        .mode = (int)request->mode,
        .selector = (int)request->selector,
        .limit = request->limit,
    };
}

static qvt_found_silo show(const struct type_host *host)
{
    const struct silo_image *image = host->image;
    return (qvt_found_silo){
        .silo_id = image->silo_id,
        .address = image->address,
        .port = image->port,
        .version = host->version->version,
        .incarnation = image->incarnation,
        .suspect = image->suspect,
        .unhealthy = image->unhealthy,
    };
}

static void fill_silos(qvt_found_silo *silos, const struct type_table *table, const struct sorting *sorting)
{
    for (uint32_t i = 0; i < sorting->chosen; i++) {
        silos[i] = show(&table->hosts[sorting->order[i]]);
    }
}

/* The table is in order of silo ids, as the tracker's explanation. */
static void fill_dropped(qvt_dropped_silo *dropped, const struct type_table *table, const struct sorting *sorting)
{
    for (uint32_t i = 0; i < table->count; i++) {
        if (sorting->drops[i] != PLACEMENT_DROP_UNSPECIFIED) {
            const struct type_host *host = &table->hosts[i];
            *dropped++ = (qvt_dropped_silo){
                .silo_id = host->image->silo_id,
                .version = host->version->version,
                .reason = (qvt_drop_reason)sorting->drops[i],
            };
        }
    }
}

/* One block: the found, its silos, those dropped. */
static qvt_status build(struct found **out, struct type_table *table, const struct sorting *sorting, bool explain)
{
    size_t dropped = explain ? table->count - sorting->chosen : 0;
    struct found *found =
        malloc(sizeof *found + sorting->chosen * sizeof(qvt_found_silo) + dropped * sizeof(qvt_dropped_silo));
    if (found == NULL) {
        return QVT_NO_MEMORY;
    }
    qvt_found_silo *silos = (qvt_found_silo *)(void *)(found + 1);
    qvt_dropped_silo *dropped_silos = (qvt_dropped_silo *)(void *)(silos + sorting->chosen);
    fill_silos(silos, table, sorting);
    if (explain) {
        fill_dropped(dropped_silos, table, sorting);
    }
    *found = (struct found){
        .silos = silos,
        .count = sorting->chosen,
        .dropped = dropped_silos,
        .dropped_count = dropped,
        .empty_reason = (qvt_empty_reason)sorting->empty,
        .table = type_table_ref(table),
    };
    atomic_init(&found->refs, 1);
    arena_init(&found->arena, 0);
    *out = found;
    return QVT_OK;
}

qvt_status found_answer(struct found **out, struct type_table *table, const qvt_find_request *request, qvt_error *error)
{
    const struct placement_request asked = as_asked(request);
    struct placement_asked question;
    QVT_TRY(placement_request_read(&question, &asked, &table->rules, error));
    struct sorting sorting = {.chosen = 0};
    sorting.order = malloc((table->count + (size_t)1) * (sizeof *sorting.order + sizeof *sorting.drops));
    if (sorting.order == NULL) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "no memory for the result");
    }
    sorting.drops = (enum placement_drop *)(void *)(sorting.order + table->count + 1);
    placement_answer(&question.question, table->candidates, table->count, sorting.order, sorting.drops, &sorting.chosen,
                     &sorting.empty);
    qvt_status status = build(out, table, &sorting, request->explain);
    free(sorting.order);
    return status == QVT_OK ? QVT_OK : qvt_error_set(error, status, NULL, "no memory for the result");
}
