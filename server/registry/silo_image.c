#include "server/registry/silo_image.h"

#include "base/check.h"
#include "server/registry/patch.h"
#include "server/registry/silo_view.h"

static qvt_status append_packed(const ProtobufCMessage *message, struct buf *out)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    QVT_TRY(buf_reserve(out, len));
    protobuf_c_message_pack(message, out->data + out->len);
    out->len += len;
    return QVT_OK;
}

/* pack() only reads what is behind these pointers. */
static char *as_text(const char *text)
{
    union {
        const char *borrowed;
        char *text;
    } cast = {text};
    return cast.text;
}

static ProtobufCBinaryData as_bytes(qvt_slice slice)
{
    union {
        const uint8_t *borrowed;
        uint8_t *bytes;
    } cast = {slice.data};
    return (ProtobufCBinaryData){slice.len, cast.bytes};
}

static void drop_volatile(Quark__Version__V1__SiloInfo *info)
{
    info->base.n_unknown_fields = 0;
    info->base.unknown_fields = NULL;
    info->last_heartbeat = NULL;
    info->health = NULL;
    info->activity = NULL;
    info->_lease_remaining_ms_case = QUARK__VERSION__V1__SILO_INFO___LEASE_REMAINING_MS__NOT_SET;
}

qvt_status silo_image_encode(const struct silo_image *silo, uint64_t mod_revision, const char *etag, struct buf *out)
{
    Google__Protobuf__Duration ttl = GOOGLE__PROTOBUF__DURATION__INIT;
    Google__Protobuf__Timestamp registered = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    ttl.seconds = silo->lease_ttl_ms / 1000;
    ttl.nanos = (int32_t)(silo->lease_ttl_ms % 1000) * 1000000;
    registered.seconds = silo->registered_at_us / 1000000;
    registered.nanos = (int32_t)(silo->registered_at_us % 1000000) * 1000;

    Quark__Version__V1__SiloInfo info = *silo->asked;
    drop_volatile(&info);
    info.instance_id = as_bytes(silo->instance_id);
    info.incarnation = silo->incarnation;
    info.status = (Quark__Version__V1__SiloStatus)silo->status;
    info.scheduling = (Quark__Version__V1__Scheduling)silo->scheduling;
    info.suspect = silo->suspect;
    info.unhealthy = silo->unhealthy;
    info.lease_ttl = &ttl;
    info.registered_at = &registered;
    info.n_labels = silo->labels->count;
    info.labels = silo->labels->items;
    info.n_actor_type_versions = silo->versions->count;
    info.actor_type_versions = silo->versions->items;
    info.mod_revision = mod_revision;
    info.etag = as_text(etag);
    return append_packed(&info.base, out);
}

/* protobuf-c writes maps as its own kind of message; a SiloInfo with nothing else gives just their fields. */
static qvt_status append_maps(const struct label_map *labels, const struct version_map *versions, struct buf *out)
{
    Quark__Version__V1__SiloInfo info;
    quark__version__v1__silo_info__init(&info);
    if (labels != NULL) {
        info.n_labels = labels->count;
        info.labels = labels->items;
    }
    if (versions != NULL) {
        info.n_actor_type_versions = versions->count;
        info.actor_type_versions = versions->items;
    }
    return append_packed(&info.base, out);
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
        QVT_TRY(append_maps(patch->labels, NULL, &fields->bytes));
    }
    if ((patch->fields & SILO_PATCH_VERSIONS) != 0) {
        patch_field(fields, SILO_VERSIONS);
        QVT_TRY(append_maps(NULL, patch->versions, &fields->bytes));
    }
    QVT_TRY(put_uint(fields, SILO_MOD_REVISION, mod_revision));
    patch_field(fields, SILO_ETAG);
    return wire_put_text(&fields->bytes, SILO_ETAG, qvt_slice_text(etag));
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
