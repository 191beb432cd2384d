#include "client/src/version_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "client/src/text_map.h"

static uint64_t hash_text(uint64_t hash, const char *text)
{
    size_t len = text == NULL ? 0 : strlen(text);
    return hash * 31 + (text == NULL ? 7 : text_hash(text, len));
}

static uint64_t hash_versions(const qvt_actor_version *versions, size_t count)
{
    uint64_t hash = count;
    for (size_t i = 0; i < count; i++) {
        hash = hash_text(hash_text(hash, versions[i].actor_type), versions[i].version);
        hash = hash_text(hash_text(hash, versions[i].assembly_name), versions[i].build_id);
        hash = hash * 31 + versions[i].contract_fingerprint;
    }
    return hash;
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool is_same_version(const qvt_actor_version *a, const qvt_actor_version *b)
{
    return is_same_text(a->actor_type, b->actor_type) && is_same_text(a->version, b->version) &&
           is_same_text(a->assembly_name, b->assembly_name) && is_same_text(a->build_id, b->build_id) &&
           a->has_contract_fingerprint == b->has_contract_fingerprint &&
           a->contract_fingerprint == b->contract_fingerprint && a->has_state_schema == b->has_state_schema &&
           a->reads_min == b->reads_min && a->reads_max == b->reads_max && a->writes == b->writes;
}

static bool has_versions(const struct version_list *list, const qvt_actor_version *versions, size_t count)
{
    if (list->set->count != count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_same_version(&list->set->versions[i], &versions[i])) {
            return false;
        }
    }
    return true;
}

static void free_list(struct version_list *list)
{
    version_set_free(list->set);
    free(list->parsed);
    free(list->is_parsed);
    free(list);
}

static qvt_status fill(struct version_list *list, const qvt_actor_version *versions, size_t count)
{
    const char *why;
    list->parsed = calloc(count + 1, sizeof *list->parsed);
    list->is_parsed = calloc(count + 1, sizeof *list->is_parsed);
    if (list->parsed == NULL || list->is_parsed == NULL) {
        return QVT_NO_MEMORY;
    }
    QVT_TRY(version_set_new(&list->set, versions, count));
    for (size_t i = 0; i < count; i++) {
        qvt_slice text = qvt_slice_text(list->set->versions[i].version);
        list->is_parsed[i] = semver_parse(&list->parsed[i], text, &why) == QVT_OK;
    }
    return QVT_OK;
}

qvt_status version_list_get(struct version_list **out, struct version_pool *pool, const qvt_actor_version *versions,
                            size_t count)
{
    uint64_t hash = hash_versions(versions, count);
    struct version_list **bucket = &pool->buckets[(hash ^ (hash >> 32)) % 256];
    struct version_list *list = *bucket;
    while (list != NULL && (list->hash != hash || !has_versions(list, versions, count))) {
        list = list->next;
    }
    if (list == NULL) {
        list = calloc(1, sizeof *list);
        if (list == NULL || fill(list, versions, count) != QVT_OK) {
            if (list != NULL) {
                free_list(list);
            }
            return QVT_NO_MEMORY;
        }
        atomic_init(&list->refs, 1);
        list->hash = hash;
        list->next = *bucket;
        *bucket = list;
    }
    atomic_fetch_add_explicit(&list->refs, 1, memory_order_relaxed);
    *out = list;
    return QVT_OK;
}

void version_list_unref(struct version_list *list)
{
    if (list != NULL && atomic_fetch_sub_explicit(&list->refs, 1, memory_order_acq_rel) == 1) {
        free_list(list);
    }
}

/* Drops the pool's reference where it is the only one, or to all. */
static void drop(struct version_pool *pool, bool all)
{
    for (size_t i = 0; i < sizeof pool->buckets / sizeof pool->buckets[0]; i++) {
        struct version_list **link = &pool->buckets[i];
        while (*link != NULL) {
            struct version_list *list = *link;
            if (all || atomic_load_explicit(&list->refs, memory_order_acquire) == 1) {
                *link = list->next;
                version_list_unref(list);
            } else {
                link = &list->next;
            }
        }
    }
}

void version_pool_trim(struct version_pool *pool)
{
    drop(pool, false);
}

void version_pool_deinit(struct version_pool *pool)
{
    drop(pool, true);
}
