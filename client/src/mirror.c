#include "client/src/mirror.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

struct mirror_silo {
    struct text_node node;
    struct silo_image *image;
};

struct mirror_policy {
    struct text_node node;
    struct placement_rules rules;
    char texts[]; /* actor type, range, target of the ramp */
};

#define TYPE_OF(link) LIST_ENTRY(link, struct mirror_type, node)
#define SILO_OF(link) LIST_ENTRY(link, struct mirror_silo, node)
#define POLICY_OF(link) LIST_ENTRY(link, struct mirror_policy, node)

void mirror_init(struct mirror *mirror)
{
    *mirror = (struct mirror){.silos = {NULL, 0, 0}};
    list_init(&mirror->dirty);
}

static void free_silo(struct text_node *node)
{
    silo_image_unref(SILO_OF(node)->image);
    free(SILO_OF(node));
}

static void free_policy(struct text_node *node)
{
    free(POLICY_OF(node));
}

static void free_type(struct text_node *node)
{
    struct mirror_type *type = TYPE_OF(node);
    type_table_unref(type->table);
    free(type->members);
    free(type);
}

void mirror_deinit(struct mirror *mirror)
{
    text_map_deinit(&mirror->silos, free_silo);
    text_map_deinit(&mirror->policies, free_policy);
    text_map_deinit(&mirror->types, free_type);
    version_pool_deinit(&mirror->pool);
}

static void mark(struct mirror *mirror, struct mirror_type *type)
{
    if (list_is_empty(&type->dirty)) {
        list_push_back(&mirror->dirty, &type->dirty);
    }
}

struct mirror_type *mirror_type(const struct mirror *mirror, const char *actor_type)
{
    struct text_node *node = text_map_find(&mirror->types, actor_type);
    return node == NULL ? NULL : TYPE_OF(node);
}

qvt_status mirror_add_type(struct mirror *mirror, const char *actor_type)
{
    size_t size = strlen(actor_type) + 1;
    if (mirror_type(mirror, actor_type) != NULL) {
        return QVT_OK;
    }
    struct mirror_type *type = calloc(1, sizeof *type + size);
    if (type == NULL) {
        return QVT_NO_MEMORY;
    }
    memcpy(type->name, actor_type, size);
    list_init(&type->dirty);
    if (text_map_add(&mirror->types, &type->node, type->name) != QVT_OK) {
        free(type);
        return QVT_NO_MEMORY;
    }
    mark(mirror, type);
    return QVT_OK;
}

/* Where the silo is among the members, or would be. */
static uint32_t place_of(const struct mirror_type *type, const char *silo_id)
{
    uint32_t low = 0;
    uint32_t high = type->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        bool is_before = strcmp(type->members[middle].image->silo_id, silo_id) < 0;
        low = is_before ? middle + 1 : low;
        high = is_before ? high : middle;
    }
    return low;
}

static qvt_status join(struct mirror_type *type, const struct type_member *member)
{
    if (type->count == type->capacity) {
        uint32_t capacity = type->capacity == 0 ? 4 : type->capacity * 2;
        struct type_member *members = realloc(type->members, capacity * sizeof *members);
        if (members == NULL) {
            return QVT_NO_MEMORY;
        }
        type->members = members;
        type->capacity = capacity;
    }
    uint32_t place = place_of(type, member->image->silo_id);
    memmove(&type->members[place + 1], &type->members[place], (type->count - place) * sizeof *member);
    type->members[place] = *member;
    type->count++;
    return QVT_OK;
}

static void leave(struct mirror_type *type, const char *silo_id)
{
    uint32_t place = place_of(type, silo_id);
    if (place < type->count && strcmp(type->members[place].image->silo_id, silo_id) == 0) {
        type->count--;
        memmove(&type->members[place], &type->members[place + 1], (type->count - place) * sizeof *type->members);
    }
}

static void leave_all(struct mirror *mirror, const struct silo_image *image)
{
    const struct version_set *set = image->versions->set;
    for (size_t i = 0; i < set->count; i++) {
        struct mirror_type *type = mirror_type(mirror, set->versions[i].actor_type);
        if (type != NULL) {
            leave(type, image->silo_id);
            mark(mirror, type);
        }
    }
}

static qvt_status join_all(struct mirror *mirror, struct silo_image *image)
{
    const struct version_set *set = image->versions->set;
    for (uint32_t i = 0; i < set->count; i++) {
        struct mirror_type *type = mirror_type(mirror, set->versions[i].actor_type);
        if (type != NULL) {
            mark(mirror, type);
            QVT_TRY(join(type, &(struct type_member){image, i}));
        }
    }
    return QVT_OK;
}

static void remove_silo(struct mirror *mirror, const char *silo_id)
{
    struct text_node *node = text_map_find(&mirror->silos, silo_id);
    if (node != NULL) {
        leave_all(mirror, SILO_OF(node)->image);
        text_map_remove(&mirror->silos, node);
        free_silo(node);
    }
}

static qvt_status put_silo(struct mirror *mirror, const qvt_silo_info *info)
{
    struct mirror_silo *silo = calloc(1, sizeof *silo);
    if (silo == NULL) {
        return QVT_NO_MEMORY;
    }
    qvt_status status = silo_image_new(&silo->image, &mirror->pool, info);
    remove_silo(mirror, info->silo_id);
    if (status == QVT_OK) {
        status = text_map_add(&mirror->silos, &silo->node, silo->image->silo_id);
    }
    if (status != QVT_OK) {
        free_silo(&silo->node);
        return status;
    }
    return join_all(mirror, silo->image);
}

/* The cluster's default policy is in every table. */
static void mark_governed(struct mirror *mirror, const char *actor_type)
{
    if (actor_type[0] != '\0') {
        struct mirror_type *type = mirror_type(mirror, actor_type);
        if (type != NULL) {
            mark(mirror, type);
        }
        return;
    }
    for (size_t i = 0; i < mirror->types.bucket_count; i++) {
        for (struct text_node *node = mirror->types.buckets[i]; node != NULL; node = node->next) {
            mark(mirror, TYPE_OF(node));
        }
    }
}

static void remove_policy(struct mirror *mirror, const char *actor_type)
{
    struct text_node *node = text_map_find(&mirror->policies, actor_type);
    if (node != NULL) {
        text_map_remove(&mirror->policies, node);
        free_policy(node);
        mark_governed(mirror, actor_type);
    }
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

static qvt_status put_policy(struct mirror *mirror, const qvt_policy *policy)
{
    size_t type_size = strlen(policy->actor_type) + 1;
    qvt_slice range = qvt_slice_text(policy->range);
    qvt_slice target = qvt_slice_text(policy->has_ramp ? policy->ramp_target_version : "");
    struct mirror_policy *copy = calloc(1, sizeof *copy + type_size + range.len + target.len);
    if (copy == NULL) {
        return QVT_NO_MEMORY;
    }
    memcpy(copy->texts, policy->actor_type, type_size);
    char *texts = copy->texts + type_size;
    copy->rules = (struct placement_rules){
        .mode = (enum placement_mode)policy->mode,
        .selector = (enum placement_selector)policy->selector,
        .ramp_basis_points = policy->ramp_basis_points,
    };
    copy->rules.range = copy_slice(&texts, range);
    copy->rules.ramp_target = copy_slice(&texts, target);
    remove_policy(mirror, policy->actor_type);
    if (text_map_add(&mirror->policies, &copy->node, copy->texts) != QVT_OK) {
        free(copy);
        return QVT_NO_MEMORY;
    }
    mark_governed(mirror, policy->actor_type);
    return QVT_OK;
}

qvt_status mirror_put(struct mirror *mirror, const qvt_record *record)
{
    if (record->silo != NULL) {
        return put_silo(mirror, record->silo);
    }
    return record->policy != NULL ? put_policy(mirror, record->policy) : QVT_OK;
}

void mirror_remove(struct mirror *mirror, const qvt_record_key *key)
{
    if (key->kind == QVT_RECORD_SILO) {
        remove_silo(mirror, key->key);
    } else if (key->kind == QVT_RECORD_POLICY) {
        remove_policy(mirror, key->key);
    }
}

static const struct placement_rules *rules_of(const struct mirror *mirror, const char *actor_type)
{
    struct text_node *node = text_map_find(&mirror->policies, actor_type);
    return node == NULL ? NULL : &POLICY_OF(node)->rules;
}

qvt_status mirror_refresh(struct mirror *mirror, struct mirror_type *type, struct type_table **old)
{
    struct type_table *table;
    struct placement_rules rules = placement_rules_in_force(rules_of(mirror, type->name), rules_of(mirror, ""));
    *old = NULL;
    QVT_TRY(type_table_new(&table, type->name, type->members, type->count, &rules));
    *old = type->table;
    type->table = table;
    list_remove(&type->dirty);
    return QVT_OK;
}
