#include "base/check.h"
#include "server/registry/state.h"

const struct registry_silo *registry_silo(const struct registry *registry, qvt_slice silo_id)
{
    const struct record *record = records_find(registry, RECORD_SILO, silo_id);
    return record == NULL ? NULL : &record->silo->view;
}

static const struct registry_silo *as_silo(const struct record *record)
{
    return record == NULL || record->silo == NULL ? NULL : &record->silo->view;
}

const struct registry_silo *registry_silo_after(const struct registry *registry, qvt_slice after)
{
    return as_silo(records_after(registry, RECORD_SILO, after));
}

const struct registry_silo *registry_silo_next(const struct registry *registry, const struct registry_silo *silo)
{
    (void)registry;
    const struct silo *inner = (const struct silo *)(const void *)silo;
    return as_silo(inner->record->next[0]);
}

static const struct registry_silo *skip_incapable(const struct registry *registry, const struct registry_silo *silo)
{
    while (silo != NULL && (silo->status != PLACEMENT_ACTIVE || silo->type_count == 0)) {
        silo = registry_silo_next(registry, silo);
    }
    return silo;
}

const struct registry_silo *registry_capable_after(const struct registry *registry, qvt_slice after)
{
    return skip_incapable(registry, registry_silo_after(registry, after));
}

const struct registry_silo *registry_capable_next(const struct registry *registry, const struct registry_silo *silo)
{
    return skip_incapable(registry, registry_silo_next(registry, silo));
}

const struct registry_silo *registry_first_dead(const struct registry *registry)
{
    if (list_is_empty(&registry->dead)) {
        return NULL;
    }
    return &LIST_ENTRY(registry->dead.next, struct silo, dead_link)->view;
}

bool registry_silo_has_label(const struct registry_silo *silo, qvt_slice label)
{
    const uint8_t *equals = label.len == 0 ? NULL : memchr(label.data, '=', label.len);
    qvt_slice key = equals == NULL ? label : qvt_slice_make(label.data, (size_t)(equals - label.data));
    qvt_slice wanted = equals == NULL ? qvt_slice_make(NULL, 0) : qvt_slice_make(equals + 1, label.len - key.len - 1);
    qvt_slice rest = image_value(silo->image);
    struct wire_field field;
    while (wire_next(&rest, &field)) {
        if (field.number == SILO_LABELS) {
            qvt_slice found;
            qvt_slice value;
            silo_view_entry(field.bytes, &found, &value);
            if (qvt_slice_equal(found, key)) {
                return equals == NULL || qvt_slice_equal(value, wanted);
            }
        }
    }
    return false;
}

bool registry_silo_version(const struct registry_silo *silo, qvt_slice actor_type, qvt_slice *info)
{
    qvt_slice rest = image_value(silo->image);
    struct silo_view_version version;
    while (silo_view_next_version(&rest, &version)) {
        if (qvt_slice_equal(version.actor_type, actor_type)) {
            *info = version.info;
            return true;
        }
    }
    return false;
}

const struct semver *registry_silo_semver(const struct registry *registry, const struct registry_silo *silo,
                                          qvt_slice actor_type)
{
    const struct version_set *set = ((const struct silo *)(const void *)silo)->set;
    const struct actor_type *type = version_index_type(&registry->index, actor_type);
    for (uint32_t i = 0; type != NULL && set != NULL && i < set->type_count; i++) {
        if (set->types[i].type == type) {
            return &version_entry(&registry->index.versions, set->types[i].version)->semver;
        }
    }
    return NULL;
}

qvt_status registry_silo_append_versions(const struct registry_silo *silo, uint32_t field, struct buf *out)
{
    qvt_slice rest = image_value(silo->image);
    struct wire_field entry;
    while (wire_next(&rest, &entry)) {
        if (entry.number == SILO_VERSIONS) {
            QVT_TRY(wire_put_bytes(out, field, entry.bytes));
        }
    }
    return QVT_OK;
}

uint32_t registry_candidate_count(const struct registry *registry, qvt_slice actor_type)
{
    const struct actor_type *type = version_index_type(&registry->index, actor_type);
    return type == NULL ? 0 : actor_type_members(type);
}

static struct placement_candidate make_candidate(const struct registry_silo *silo, const struct version_entry *version)
{
    return (struct placement_candidate){
        .silo_id = silo->id,
        .version = &version->semver,
        .fingerprint = version->fingerprint,
        .has_fingerprint = version->has_fingerprint,
        .suspect = silo->suspect,
        .unhealthy = silo->unhealthy,
        .status = silo->status,
        .scheduling = silo->scheduling,
    };
}

void registry_candidates(const struct registry *registry, qvt_slice actor_type, struct placement_candidate *candidates,
                         struct registry_host *hosts)
{
    const struct actor_type *type = version_index_type(&registry->index, actor_type);
    for (uint32_t i = 0; type != NULL && i < type->set_count; i++) {
        const struct version_set *set = type->sets[i].set;
        const struct version_entry *version = version_entry(&registry->index.versions, type->sets[i].version);
        for (uint32_t k = 0; k < set->member_count; k++) {
            const struct registry_silo *silo = &registry->slots[set->members[k]]->view;
            *candidates++ = make_candidate(silo, version);
            *hosts++ = (struct registry_host){silo, qvt_slice_make(version->text, version->text_len)};
        }
    }
}

const struct registry_policy *registry_policy(const struct registry *registry, qvt_slice actor_type)
{
    const struct record *record = records_find(registry, RECORD_POLICY, actor_type);
    return record == NULL ? NULL : &record->policy->view;
}

const struct registry_policy *registry_policy_for(const struct registry *registry, qvt_slice actor_type,
                                                  struct placement_rules *rules)
{
    const struct registry_policy *own = registry_policy(registry, actor_type);
    const struct registry_policy *general = registry_policy(registry, qvt_slice_make(NULL, 0));
    *rules = placement_rules_in_force(own == NULL ? NULL : &own->rules, general == NULL ? NULL : &general->rules);
    return own != NULL ? own : general;
}

static const struct registry_policy *as_policy(const struct record *record)
{
    return record == NULL || record->policy == NULL ? NULL : &record->policy->view;
}

const struct registry_policy *registry_policy_after(const struct registry *registry, qvt_slice after)
{
    return as_policy(records_after(registry, RECORD_POLICY, after));
}

const struct registry_policy *registry_policy_next(const struct registry *registry,
                                                   const struct registry_policy *policy)
{
    (void)registry;
    const struct policy *inner = (const struct policy *)(const void *)policy;
    return as_policy(inner->record->next[0]);
}
