#include "client/src/encode.h"

#include <string.h>

#include "nanopb/quark/version/v1/silo.pb.h"

static bool append(pb_ostream_t *stream, const pb_byte_t *bytes, size_t count)
{
    return buf_append(stream->state, bytes, count) == QVT_OK;
}

qvt_status encode_message(struct buf *out, const pb_msgdesc_t *type, const void *message)
{
    pb_ostream_t stream = {append, out, SIZE_MAX, 0, NULL};
    return pb_encode(&stream, type, message) ? QVT_OK : QVT_NO_MEMORY;
}

static pb_callback_t callback(bool (*function)(pb_ostream_t *, const pb_field_t *, void *const *), const void *data)
{
    pb_callback_t result;
    memset(&result, 0, sizeof result);
    result.funcs.encode = function;
    /* nanopb's arg is not const; the callbacks only read. */
    result.arg = (void *)(uintptr_t)data;
    return result;
}

static bool write_text(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const char *text = *arg;
    return text == NULL ||
           (pb_encode_tag_for_field(stream, field) && pb_encode_string(stream, (const pb_byte_t *)text, strlen(text)));
}

pb_callback_t encode_text(const char *text)
{
    return callback(write_text, text != NULL && text[0] != '\0' ? text : NULL);
}

pb_callback_t encode_optional_text(const char *text)
{
    return callback(write_text, text);
}

quark_version_v1_Position encode_position(const qvt_position *position)
{
    quark_version_v1_Position result = quark_version_v1_Position_init_zero;
    result.store_id = encode_text(position->store_id);
    result.revision = position->revision;
    result.token = position->token;
    return result;
}

static bool write_bytes(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const qvt_slice *bytes = *arg;
    return bytes->len == 0 ||
           (pb_encode_tag_for_field(stream, field) && pb_encode_string(stream, bytes->data, bytes->len));
}

pb_callback_t encode_bytes(const qvt_slice *bytes)
{
    return callback(write_bytes, bytes);
}

static void fill_version(quark_version_v1_AssemblyVersionInfo *info, const qvt_actor_version *version)
{
    info->version = encode_text(version->version);
    info->assembly_name = encode_text(version->assembly_name);
    info->build_id = encode_text(version->build_id);
    info->has_contract_fingerprint = version->has_contract_fingerprint;
    info->contract_fingerprint = version->contract_fingerprint;
    info->has_state_schema = version->has_state_schema;
    info->state_schema.reads_min = version->reads_min;
    info->state_schema.reads_max = version->reads_max;
    info->state_schema.writes = version->writes;
}

/* The entries of all maps to AssemblyVersionInfo look the same on the wire, so that one descriptor serves them. */
static bool write_versions(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const struct encode_versions *versions = *arg;
    for (size_t i = 0; i < versions->count; i++) {
        quark_version_v1_SiloInfo_ActorTypeVersionsEntry entry =
            quark_version_v1_SiloInfo_ActorTypeVersionsEntry_init_zero;
        entry.key = encode_text(versions->items[i].actor_type);
        entry.has_value = true;
        fill_version(&entry.value, &versions->items[i]);
        if (!pb_encode_tag_for_field(stream, field) ||
            !pb_encode_submessage(stream, quark_version_v1_SiloInfo_ActorTypeVersionsEntry_fields, &entry)) {
            return false;
        }
    }
    return true;
}

pb_callback_t encode_version_map(const struct encode_versions *versions)
{
    return callback(write_versions, versions);
}

static bool write_labels(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const struct encode_labels *labels = *arg;
    for (size_t i = 0; i < labels->count; i++) {
        quark_version_v1_SiloInfo_LabelsEntry entry = quark_version_v1_SiloInfo_LabelsEntry_init_zero;
        entry.key = encode_text(labels->items[i].name);
        entry.value = encode_text(labels->items[i].value);
        if (!pb_encode_tag_for_field(stream, field) ||
            !pb_encode_submessage(stream, quark_version_v1_SiloInfo_LabelsEntry_fields, &entry)) {
            return false;
        }
    }
    return true;
}

pb_callback_t encode_label_map(const struct encode_labels *labels)
{
    return callback(write_labels, labels);
}
