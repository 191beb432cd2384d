#include "server/service/watch_filter.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "base/check.h"
#include "server/registry/silo_view.h"
#include "server/registry/validate.h"

enum { PREFIX_MAX = 256 };

static qvt_status check_entry(enum watch_filter_kind kind, qvt_slice entry, qvt_error *error)
{
    static const char *const FIELDS[] = {"actor_types", "silo_ids", "actor_type_prefixes", "silo_id_prefixes"};
    switch (kind) {
    case FILTER_TYPES: return validate_actor_type(entry, FIELDS[kind], error);
    case FILTER_SILOS: return validate_silo_id(entry, FIELDS[kind], error);
    default: break;
    }
    if (entry.len > PREFIX_MAX) {
        return qvt_error_field(error, FIELDS[kind], "%s: a prefix has at most %d bytes", FIELDS[kind], PREFIX_MAX);
    }
    return QVT_OK;
}

static qvt_status check_query(const struct watch_query *query, size_t *entries, size_t *bytes, qvt_error *error)
{
    *entries = 0;
    *bytes = 0;
    for (unsigned kind = 0; kind < 4; kind++) {
        for (size_t i = 0; i < query->counts[kind]; i++) {
            qvt_slice entry = qvt_slice_text(query->lists[kind][i]);
            QVT_TRY(check_entry((enum watch_filter_kind)kind, entry, error));
            *bytes += entry.len;
        }
        *entries += query->counts[kind];
    }
    if (*entries > WATCH_FILTER_ENTRIES_MAX) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL,
                             "a watch names at most %d actor types, silos and prefixes", WATCH_FILTER_ENTRIES_MAX);
    }
    return QVT_OK;
}

static int compare_entries(const void *a, const void *b)
{
    return qvt_slice_compare(*(const qvt_slice *)a, *(const qvt_slice *)b);
}

static void sort_list(struct watch_filter_list *list)
{
    size_t kept = 0;
    if (list->count > 1) {
        qsort(list->entries, list->count, sizeof(qvt_slice), compare_entries);
    }
    for (size_t i = 0; i < list->count; i++) {
        if (i == 0 || !qvt_slice_equal(list->entries[i], list->entries[kept - 1])) {
            list->entries[kept++] = list->entries[i];
        }
    }
    list->count = kept;
}

/* One block: the filter, its entries, their bytes. */
static struct watch_filter *make(const struct watch_query *query, size_t entries, size_t bytes)
{
    struct watch_filter *filter = calloc(1, sizeof(*filter) + entries * sizeof(qvt_slice) + bytes);
    if (filter == NULL) {
        return NULL;
    }
    qvt_slice *entry = (qvt_slice *)(void *)(filter + 1);
    uint8_t *text = (uint8_t *)(entry + entries);
    filter->refs = 1;
    for (unsigned kind = 0; kind < 4; kind++) {
        filter->lists[kind] = (struct watch_filter_list){entry, query->counts[kind]};
        for (size_t i = 0; i < query->counts[kind]; i++) {
            qvt_slice given = qvt_slice_text(query->lists[kind][i]);
            memcpy(text, query->lists[kind][i], given.len);
            *entry++ = qvt_slice_make(text, given.len);
            text += given.len;
        }
        sort_list(&filter->lists[kind]);
    }
    return filter;
}

static uint64_t hash_of(const struct watch_filter *filter)
{
    uint64_t hash = 0;
    for (unsigned kind = 0; kind < 4; kind++) {
        for (size_t i = 0; i < filter->lists[kind].count; i++) {
            qvt_slice entry = filter->lists[kind].entries[i];
            hash = XXH3_64bits_withSeed(entry.data, entry.len, hash + kind + 1);
        }
    }
    return hash;
}

static bool is_equal(const struct watch_filter *a, const struct watch_filter *b)
{
    for (unsigned kind = 0; kind < 4; kind++) {
        if (a->lists[kind].count != b->lists[kind].count) {
            return false;
        }
        for (size_t i = 0; i < a->lists[kind].count; i++) {
            if (!qvt_slice_equal(a->lists[kind].entries[i], b->lists[kind].entries[i])) {
                return false;
            }
        }
    }
    return true;
}

qvt_status watch_filter_get(struct watch_filter **out, struct list *filters, const struct watch_query *query,
                            qvt_error *error)
{
    size_t entries = 0;
    size_t bytes = 0;
    QVT_TRY(check_query(query, &entries, &bytes, error));
    struct watch_filter *filter = make(query, entries, bytes);
    if (filter == NULL) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory for the watch");
    }
    filter->hash = hash_of(filter);
    for (struct list *node = filters->next; node != filters; node = node->next) {
        struct watch_filter *known = LIST_ENTRY(node, struct watch_filter, in_service);
        if (known->hash == filter->hash && is_equal(known, filter)) {
            free(filter);
            known->refs++;
            *out = known;
            return QVT_OK;
        }
    }
    list_push_back(filters, &filter->in_service);
    *out = filter;
    return QVT_OK;
}

void watch_filter_unref(struct watch_filter *filter)
{
    if (filter == NULL || --filter->refs > 0) {
        return;
    }
    for (size_t i = 0; i < WATCH_FILTER_FORMATS; i++) {
        qvt_blob_unref(filter->messages[i].message);
    }
    list_remove(&filter->in_service);
    free(filter);
}

bool watch_filter_is_open(const struct watch_filter *filter)
{
    return filter->lists[0].count + filter->lists[1].count + filter->lists[2].count + filter->lists[3].count == 0;
}

static bool is_in(const struct watch_filter_list *list, qvt_slice text)
{
    return list->count > 0 && bsearch(&text, list->entries, list->count, sizeof(qvt_slice), compare_entries) != NULL;
}

static bool has_prefix_in(const struct watch_filter_list *list, qvt_slice text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (qvt_slice_starts_with(text, list->entries[i])) {
            return true;
        }
    }
    return false;
}

static bool takes_type(const struct watch_filter *filter, qvt_slice type)
{
    return is_in(&filter->lists[FILTER_TYPES], type) || has_prefix_in(&filter->lists[FILTER_TYPE_PREFIXES], type);
}

static bool takes_silo_id(const struct watch_filter *filter, qvt_slice id)
{
    return is_in(&filter->lists[FILTER_SILOS], id) || has_prefix_in(&filter->lists[FILTER_SILO_PREFIXES], id);
}

static bool is_by_type(const struct watch_filter *filter)
{
    return filter->lists[FILTER_TYPES].count + filter->lists[FILTER_TYPE_PREFIXES].count > 0;
}

static bool has_wanted_type(const struct watch_filter *filter, const struct image *image)
{
    qvt_slice versions = silo_view_versions(image);
    struct silo_view_version version;
    while (silo_view_next_version(&versions, &version)) {
        if (takes_type(filter, version.actor_type)) {
            return true;
        }
    }
    return false;
}

/* SPEC §6.4: a filter by type also delivers those types' policies and floors, and what concerns the whole cluster. */
static bool takes_other(const struct watch_filter *filter, uint32_t kind, qvt_slice key)
{
    if (!is_by_type(filter)) {
        return false;
    }
    bool of_a_type = (kind == RECORD_POLICY || kind == RECORD_FLOOR) && key.len > 0;
    return !of_a_type || takes_type(filter, key);
}

bool watch_filter_takes(const struct watch_filter *filter, const struct image *image)
{
    if (watch_filter_is_open(filter)) {
        return true;
    }
    if (image_kind(image) != RECORD_SILO) {
        return takes_other(filter, image_kind(image), image_key(image));
    }
    return takes_silo_id(filter, image_key(image)) || (is_by_type(filter) && has_wanted_type(filter, image));
}

bool watch_filter_takes_any_type(const struct watch_filter *filter, const qvt_slice *types, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (takes_type(filter, types[i])) {
            return true;
        }
    }
    return false;
}

bool watch_filter_takes_key(const struct watch_filter *filter, uint32_t kind, qvt_slice key,
                            const qvt_slice *previous_types, size_t previous_type_count)
{
    if (watch_filter_is_open(filter)) {
        return true;
    }
    if (kind != RECORD_SILO) {
        return takes_other(filter, kind, key);
    }
    return takes_silo_id(filter, key) || watch_filter_takes_any_type(filter, previous_types, previous_type_count);
}
