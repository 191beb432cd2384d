#include "server/registry/maps.h"

#include <stdlib.h>

#include "base/check.h"

typedef Quark__Version__V1__SiloInfo__LabelsEntry label_entry;
typedef Quark__Version__V1__SiloInfo__ActorTypeVersionsEntry version_entry;

static int compare_text(const char *a, const char *b)
{
    return qvt_slice_compare(qvt_slice_text(a), qvt_slice_text(b));
}

/* Entries of equal keys keep the order of the request, which is that of their addresses. */
static int compare_labels(const void *a, const void *b)
{
    const label_entry *left = *(label_entry *const *)a;
    const label_entry *right = *(label_entry *const *)b;
    int order = compare_text(left->key, right->key);
    return order != 0 ? order : (left < right ? -1 : 1);
}

static int compare_versions(const void *a, const void *b)
{
    const version_entry *left = *(version_entry *const *)a;
    const version_entry *right = *(version_entry *const *)b;
    int order = compare_text(left->key, right->key);
    return order != 0 ? order : (left < right ? -1 : 1);
}

static void sort_labels(struct label_map *map)
{
    if (map->count < 2) {
        return;
    }
    qsort(map->items, map->count, sizeof *map->items, compare_labels);
    size_t kept = 0;
    for (size_t i = 0; i < map->count; i++) {
        if (i + 1 == map->count || strcmp(map->items[i]->key, map->items[i + 1]->key) != 0) {
            map->items[kept++] = map->items[i];
        }
    }
    map->count = kept;
}

static void sort_versions(struct version_map *map)
{
    if (map->count < 2) {
        return;
    }
    qsort(map->items, map->count, sizeof *map->items, compare_versions);
    size_t kept = 0;
    for (size_t i = 0; i < map->count; i++) {
        if (i + 1 == map->count || strcmp(map->items[i]->key, map->items[i + 1]->key) != 0) {
            map->items[kept++] = map->items[i];
        }
    }
    map->count = kept;
}

/* One block: the entries, and behind them the pointers to them. */
static qvt_status allocate(size_t count, size_t entry_size, void **entries, void **items)
{
    *entries = *items = NULL;
    if (count == 0) {
        return QVT_OK;
    }
    uint8_t *block =
        count > SIZE_MAX / (entry_size + sizeof(void *)) ? NULL : malloc(count * (entry_size + sizeof(void *)));
    if (block == NULL) {
        return QVT_NO_MEMORY;
    }
    *entries = block;
    *items = block + count * entry_size;
    return QVT_OK;
}

static char *text_or_empty(char *text)
{
    static char empty[1];
    return text == NULL ? empty : text;
}

qvt_status label_map_collect(struct label_map *out, const Quark__Version__V1__SiloInfo *silo)
{
    void *items;
    void *entries;
    QVT_TRY(allocate(silo->n_labels, sizeof(label_entry), &entries, &items));
    *out = (struct label_map){items, entries, silo->n_labels};
    for (size_t i = 0; i < silo->n_labels; i++) {
        quark__version__v1__silo_info__labels_entry__init(&out->entries[i]);
        out->entries[i].key = text_or_empty(silo->labels[i]->key);
        out->entries[i].value = text_or_empty(silo->labels[i]->value);
        out->items[i] = &out->entries[i];
    }
    sort_labels(out);
    return QVT_OK;
}

static void add_version(struct version_map *map, char *key, Quark__Version__V1__AssemblyVersionInfo *value)
{
    version_entry *entry = &map->entries[map->count];
    quark__version__v1__silo_info__actor_type_versions_entry__init(entry);
    entry->key = text_or_empty(key);
    entry->value = value;
    map->items[map->count++] = entry;
}

qvt_status version_map_collect_silo(struct version_map *out, const Quark__Version__V1__SiloInfo *silo)
{
    void *items;
    void *entries;
    QVT_TRY(allocate(silo->n_actor_type_versions, sizeof(version_entry), &entries, &items));
    *out = (struct version_map){items, entries, 0};
    for (size_t i = 0; i < silo->n_actor_type_versions; i++) {
        add_version(out, silo->actor_type_versions[i]->key, silo->actor_type_versions[i]->value);
    }
    sort_versions(out);
    return QVT_OK;
}

qvt_status version_map_collect_request(struct version_map *out,
                                       const Quark__Version__V1__RegisterSiloVersionsRequest *request)
{
    void *items;
    void *entries;
    QVT_TRY(allocate(request->n_actor_type_versions, sizeof(version_entry), &entries, &items));
    *out = (struct version_map){items, entries, 0};
    for (size_t i = 0; i < request->n_actor_type_versions; i++) {
        add_version(out, request->actor_type_versions[i]->key, request->actor_type_versions[i]->value);
    }
    sort_versions(out);
    return QVT_OK;
}

void label_map_deinit(struct label_map *map)
{
    free(map->entries);
    *map = (struct label_map){NULL, NULL, 0};
}

void version_map_deinit(struct version_map *map)
{
    free(map->entries);
    *map = (struct version_map){NULL, NULL, 0};
}
