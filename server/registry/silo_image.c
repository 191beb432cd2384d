#include "server/registry/silo_image.h"

#include "base/check.h"
#include "server/registry/patch.h"
#include "server/registry/silo_view.h"

/* Straight-line code instead of protobuf-c: it is the larger part of a registration. */

static size_t text_len(uint32_t number, qvt_slice text)
{
    return text.len == 0 ? 0 : wire_head_len(number, text.len) + text.len;
}

/* A varint takes as many bytes as a length of the same value. */
static size_t uint_len(uint32_t number, uint64_t value)
{
    return value == 0 ? 0 : wire_head_len(number, (size_t)value);
}

static size_t schema_len(const Quark__Version__V1__StateSchema *schema)
{
    return uint_len(SCHEMA_READS_MIN, schema->reads_min) + uint_len(SCHEMA_READS_MAX, schema->reads_max) +
           uint_len(SCHEMA_WRITES, schema->writes);
}

static bool has_fingerprint(const Quark__Version__V1__AssemblyVersionInfo *info)
{
    return info->_contract_fingerprint_case ==
           QUARK__VERSION__V1__ASSEMBLY_VERSION_INFO___CONTRACT_FINGERPRINT_CONTRACT_FINGERPRINT;
}

static size_t info_len(const Quark__Version__V1__AssemblyVersionInfo *info)
{
    size_t len = text_len(VERSION_TEXT, qvt_slice_text(info->version));
    len += text_len(VERSION_ASSEMBLY_NAME, qvt_slice_text(info->assembly_name));
    len += text_len(VERSION_BUILD_ID, qvt_slice_text(info->build_id));
    len += has_fingerprint(info) ? 1 + sizeof(uint64_t) : 0;
    if (info->state_schema != NULL) {
        size_t schema = schema_len(info->state_schema);
        len += wire_head_len(VERSION_STATE_SCHEMA, schema) + schema;
    }
    return len;
}

static qvt_status put_schema(struct buf *out, const Quark__Version__V1__StateSchema *schema)
{
    QVT_TRY(wire_put_head(out, VERSION_STATE_SCHEMA, schema_len(schema)));
    QVT_TRY(wire_put_uint(out, SCHEMA_READS_MIN, schema->reads_min));
    QVT_TRY(wire_put_uint(out, SCHEMA_READS_MAX, schema->reads_max));
    return wire_put_uint(out, SCHEMA_WRITES, schema->writes);
}

static qvt_status put_info(struct buf *out, const Quark__Version__V1__AssemblyVersionInfo *info, size_t len)
{
    QVT_TRY(wire_put_head(out, ENTRY_VALUE, len));
    QVT_TRY(wire_put_text(out, VERSION_TEXT, qvt_slice_text(info->version)));
    QVT_TRY(wire_put_text(out, VERSION_ASSEMBLY_NAME, qvt_slice_text(info->assembly_name)));
    QVT_TRY(wire_put_text(out, VERSION_BUILD_ID, qvt_slice_text(info->build_id)));
    if (has_fingerprint(info)) {
        QVT_TRY(wire_put_fixed64(out, VERSION_FINGERPRINT, info->contract_fingerprint));
    }
    return info->state_schema == NULL ? QVT_OK : put_schema(out, info->state_schema);
}

static qvt_status put_versions(struct buf *out, const struct version_map *versions)
{
    for (size_t i = 0; i < versions->count; i++) {
        qvt_slice key = qvt_slice_text(versions->items[i]->key);
        const Quark__Version__V1__AssemblyVersionInfo *info = versions->items[i]->value;
        size_t inner = info == NULL ? 0 : info_len(info);
        size_t value = info == NULL ? 0 : wire_head_len(ENTRY_VALUE, inner) + inner;
        QVT_TRY(wire_put_head(out, SILO_VERSIONS, text_len(ENTRY_KEY, key) + value));
        QVT_TRY(wire_put_text(out, ENTRY_KEY, key));
        if (info != NULL) {
            QVT_TRY(put_info(out, info, inner));
        }
    }
    return QVT_OK;
}

static qvt_status put_labels(struct buf *out, const struct label_map *labels)
{
    for (size_t i = 0; i < labels->count; i++) {
        qvt_slice key = qvt_slice_text(labels->items[i]->key);
        qvt_slice value = qvt_slice_text(labels->items[i]->value);
        QVT_TRY(wire_put_head(out, SILO_LABELS, text_len(ENTRY_KEY, key) + text_len(ENTRY_VALUE, value)));
        QVT_TRY(wire_put_text(out, ENTRY_KEY, key));
        QVT_TRY(wire_put_text(out, ENTRY_VALUE, value));
    }
    return QVT_OK;
}

/* Fields 1 to 10. */
static qvt_status put_identity(struct buf *out, const struct silo_image *silo)
{
    QVT_TRY(wire_put_text(out, SILO_SILO_ID, qvt_slice_text(silo->asked->silo_id)));
    QVT_TRY(wire_put_text(out, SILO_INSTANCE_ID, silo->instance_id));
    QVT_TRY(wire_put_uint(out, SILO_INCARNATION, silo->incarnation));
    QVT_TRY(wire_put_text(out, SILO_ADDRESS, qvt_slice_text(silo->asked->address)));
    QVT_TRY(wire_put_uint(out, SILO_PORT, silo->asked->port));
    QVT_TRY(wire_put_uint(out, SILO_STATUS, (uint64_t)silo->status));
    QVT_TRY(wire_put_uint(out, SILO_SCHEDULING, (uint64_t)silo->scheduling));
    QVT_TRY(wire_put_uint(out, SILO_SUSPECT, silo->suspect ? 1 : 0));
    QVT_TRY(wire_put_uint(out, SILO_UNHEALTHY, silo->unhealthy ? 1 : 0));
    return wire_put_time_us(out, SILO_LEASE_TTL, (int64_t)silo->lease_ttl_ms * 1000);
}

/* Fields 11 to 17. */
static qvt_status put_deployment(struct buf *out, const struct silo_image *silo)
{
    const Quark__Version__V1__SiloInfo *asked = silo->asked;
    QVT_TRY(wire_put_text(out, SILO_REGION_ID, qvt_slice_text(asked->region_id)));
    QVT_TRY(wire_put_text(out, SILO_ZONE_ID, qvt_slice_text(asked->zone_id)));
    if (asked->_shard_group_id_case == QUARK__VERSION__V1__SILO_INFO___SHARD_GROUP_ID_SHARD_GROUP_ID) {
        QVT_TRY(wire_put_bytes(out, SILO_SHARD_GROUP_ID, qvt_slice_text(asked->shard_group_id)));
    }
    QVT_TRY(put_labels(out, silo->labels));
    QVT_TRY(put_versions(out, silo->versions));
    QVT_TRY(wire_put_text(out, SILO_BUILD_ID, qvt_slice_text(asked->build_id)));
    return wire_put_uint(out, SILO_DEPLOY_EPOCH, asked->deploy_epoch);
}

qvt_status silo_image_encode(const struct silo_image *silo, uint64_t mod_revision, const char *etag, struct buf *out)
{
    QVT_TRY(put_identity(out, silo));
    QVT_TRY(put_deployment(out, silo));
    QVT_TRY(wire_put_time_us(out, SILO_REGISTERED_AT, silo->registered_at_us));
    QVT_TRY(wire_put_uint(out, SILO_MOD_REVISION, mod_revision));
    return wire_put_text(out, SILO_ETAG, qvt_slice_text(etag));
}

static qvt_status put_uint(struct patch *fields, uint32_t number, uint64_t value)
{
    patch_field(fields, number);
    return wire_put_uint(&fields->bytes, number, value);
}

static qvt_status fill_flags(const struct silo_patch *patch, struct patch *fields)
{
    if ((patch->fields & SILO_PATCH_STATUS) != 0) {
        QVT_TRY(put_uint(fields, SILO_STATUS, (uint64_t)patch->status));
    }
    if ((patch->fields & SILO_PATCH_SCHEDULING) != 0) {
        QVT_TRY(put_uint(fields, SILO_SCHEDULING, (uint64_t)patch->scheduling));
    }
    if ((patch->fields & SILO_PATCH_SUSPECT) != 0) {
        QVT_TRY(put_uint(fields, SILO_SUSPECT, patch->suspect ? 1 : 0));
    }
    if ((patch->fields & SILO_PATCH_UNHEALTHY) != 0) {
        QVT_TRY(put_uint(fields, SILO_UNHEALTHY, patch->unhealthy ? 1 : 0));
    }
    return QVT_OK;
}

static qvt_status fill_end(const struct silo_patch *patch, struct patch *fields)
{
    if ((patch->fields & SILO_PATCH_STATUS) == 0) {
        return QVT_OK;
    }
    patch_field(fields, SILO_DEAD_SINCE);
    return patch->status == PLACEMENT_DEAD ? wire_put_time_us(&fields->bytes, SILO_DEAD_SINCE, patch->now_us) : QVT_OK;
}

static qvt_status fill_patch(const struct silo_patch *patch, uint64_t mod_revision, const char *etag,
                             struct patch *fields)
{
    if ((patch->fields & SILO_PATCH_ADDRESS) != 0) {
        patch_field(fields, SILO_ADDRESS);
        QVT_TRY(wire_put_text(&fields->bytes, SILO_ADDRESS, patch->address));
    }
    if ((patch->fields & SILO_PATCH_PORT) != 0) {
        QVT_TRY(put_uint(fields, SILO_PORT, patch->port));
    }
    QVT_TRY(fill_flags(patch, fields));
    if ((patch->fields & SILO_PATCH_LABELS) != 0) {
        patch_field(fields, SILO_LABELS);
        QVT_TRY(put_labels(&fields->bytes, patch->labels));
    }
    if ((patch->fields & SILO_PATCH_VERSIONS) != 0) {
        patch_field(fields, SILO_VERSIONS);
        QVT_TRY(put_versions(&fields->bytes, patch->versions));
    }
    QVT_TRY(put_uint(fields, SILO_MOD_REVISION, mod_revision));
    patch_field(fields, SILO_ETAG);
    QVT_TRY(wire_put_text(&fields->bytes, SILO_ETAG, qvt_slice_text(etag)));
    return fill_end(patch, fields);
}

qvt_status silo_image_patch(const struct image *old, const struct silo_patch *patch, uint64_t mod_revision,
                            const char *etag, struct buf *out)
{
    struct patch fields = {.field_count = 0};
    qvt_status status = fill_patch(patch, mod_revision, etag, &fields);
    if (status == QVT_OK) {
        status = patch_apply(&fields, image_value(old), out);
    }
    patch_deinit(&fields);
    return status;
}
