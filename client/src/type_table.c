#include "client/src/type_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

qvt_status silo_image_new(struct silo_image **out, struct version_pool *pool, const qvt_silo_info *info)
{
    size_t id_size = strlen(info->silo_id) + 1;
    size_t address_size = strlen(info->address) + 1;
    struct silo_image *image = malloc(sizeof *image + id_size + address_size);
    if (image == NULL) {
        return QVT_NO_MEMORY;
    }
    char *texts = (char *)(image + 1);
    memcpy(texts, info->silo_id, id_size);
    memcpy(texts + id_size, info->address, address_size);
    *image = (struct silo_image){
        .silo_id = texts,
        .address = texts + id_size,
        .incarnation = info->incarnation,
        .port = info->port,
        .status = (enum placement_status)info->status,
        .scheduling = (enum placement_scheduling)info->scheduling,
        .suspect = info->suspect,
        .unhealthy = info->unhealthy,
    };
    atomic_init(&image->refs, 1);
    if (version_list_get(&image->versions, pool, info->versions, info->version_count) != QVT_OK) {
        free(image);
        return QVT_NO_MEMORY;
    }
    *out = image;
    return QVT_OK;
}

struct silo_image *silo_image_ref(struct silo_image *image)
{
    atomic_fetch_add_explicit(&image->refs, 1, memory_order_relaxed);
    return image;
}

void silo_image_unref(struct silo_image *image)
{
    if (image != NULL && atomic_fetch_sub_explicit(&image->refs, 1, memory_order_acq_rel) == 1) {
        version_list_unref(image->versions);
        free(image);
    }
}

static void add_member(struct type_table *table, const struct type_member *member)
{
    struct silo_image *image = silo_image_ref(member->image);
    const qvt_actor_version *version = &image->versions->set->versions[member->version];
    table->hosts[table->count] = (struct type_host){image, version};
    table->candidates[table->count] = (struct placement_candidate){
        .silo_id = qvt_slice_text(image->silo_id),
        .version = &image->versions->parsed[member->version],
        .fingerprint = version->contract_fingerprint,
        .has_fingerprint = version->has_contract_fingerprint,
        .suspect = image->suspect,
        .unhealthy = image->unhealthy,
        .status = image->status,
        .scheduling = image->scheduling,
    };
    table->count++;
}

static qvt_slice copy_slice(char **texts, qvt_slice slice)
{
    char *copy = *texts;
    if (slice.len > 0) {
        memcpy(copy, slice.data, slice.len);
    }
    *texts += slice.len;
    return qvt_slice_make(copy, slice.len);
}

/* One block: table, candidates, hosts, the name, the texts of the rules. */
qvt_status type_table_new(struct type_table **out, const char *actor_type, const struct type_member *members,
                          uint32_t count, const struct placement_rules *rules)
{
    size_t name_size = strlen(actor_type) + 1;
    size_t each = sizeof(struct placement_candidate) + sizeof(struct type_host);
    size_t rules_size = rules->range.len + rules->ramp_target.len;
    struct type_table *table = malloc(sizeof *table + count * each + name_size + rules_size);
    if (table == NULL) {
        return QVT_NO_MEMORY;
    }
    *table = (struct type_table){.rules = *rules};
    atomic_init(&table->refs, 1);
    table->candidates = (struct placement_candidate *)(void *)(table + 1);
    table->hosts = (struct type_host *)(void *)(table->candidates + count);
    char *texts = (char *)(table->hosts + count);
    memcpy(texts, actor_type, name_size);
    table->actor_type = texts;
    texts += name_size;
    table->rules.range = copy_slice(&texts, rules->range);
    table->rules.ramp_target = copy_slice(&texts, rules->ramp_target);
    for (uint32_t i = 0; i < count; i++) {
        if (members[i].image->versions->is_parsed[members[i].version]) {
            add_member(table, &members[i]);
        }
    }
    *out = table;
    return QVT_OK;
}

struct type_table *type_table_ref(struct type_table *table)
{
    atomic_fetch_add_explicit(&table->refs, 1, memory_order_relaxed);
    return table;
}

void type_table_unref(struct type_table *table)
{
    if (table == NULL || atomic_fetch_sub_explicit(&table->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (uint32_t i = 0; i < table->count; i++) {
        silo_image_unref(table->hosts[i].image);
    }
    free(table);
}

const struct silo_image *type_table_silo(const struct type_table *table, const char *silo_id)
{
    uint32_t low = 0;
    uint32_t high = table->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(table->hosts[middle].image->silo_id, silo_id);
        if (order == 0) {
            return table->hosts[middle].image;
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return NULL;
}
