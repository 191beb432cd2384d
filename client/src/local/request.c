#include "client/src/local/request.h"

#include <string.h>

#include "base/check.h"
#include "client/src/decode.h"
#include "client/src/local/call.h"
#include "client/src/record_decode.h"
#include "nanopb/quark/version/v1/version_tracker.pb.h"
#include "version/validate.h"

/* The defaults of SPEC §3.9 and §7.1: here they are no flags. */
#define TYPES_MAX 1024u
#define LABELS_MAX 64u
#define LABEL_BYTES_MAX 256u
#define REGISTRATION_BYTES_MAX ((size_t)1 << 20)
#define LEASE_DEFAULT_MS 15000u
#define LEASE_MIN_MS 2000u
#define LEASE_MAX_MS 600000u

static void begin(struct local_request *request)
{
    *request = (struct local_request){.held_store_id = ""};
    arena_init(&request->arena, DECODE_MEMORY_MAX);
    request->silo.silo_id = "";
}

void local_request_deinit(struct local_request *request)
{
    arena_deinit(&request->arena);
}

static qvt_status check_labels(const qvt_silo_info *silo, qvt_error *error)
{
    if (silo->label_count > LABELS_MAX) {
        return qvt_error_field(error, "silo.labels", "%zu labels: at most %u", silo->label_count, LABELS_MAX);
    }
    for (size_t i = 0; i < silo->label_count; i++) {
        QVT_TRY(validate_label(qvt_slice_text(silo->labels[i].name), qvt_slice_text(silo->labels[i].value),
                               LABEL_BYTES_MAX, "silo.labels", error));
    }
    return QVT_OK;
}

static qvt_status check_versions(const qvt_silo_info *silo, const char *field, qvt_error *error)
{
    if (silo->version_count > TYPES_MAX) {
        return qvt_error_field(error, field, "%zu actor types: at most %u", silo->version_count, TYPES_MAX);
    }
    for (size_t i = 0; i < silo->version_count; i++) {
        const qvt_actor_version *version = &silo->versions[i];
        QVT_TRY(validate_type_version(version->actor_type, qvt_slice_text(version->version), field, error));
    }
    return QVT_OK;
}

static uint32_t negotiate(uint32_t asked_ms)
{
    uint32_t ms = asked_ms == 0 ? LEASE_DEFAULT_MS : asked_ms;
    ms = ms < LEASE_MIN_MS ? LEASE_MIN_MS : ms;
    return ms > LEASE_MAX_MS ? LEASE_MAX_MS : ms;
}

static qvt_status check_registration(struct local_request *request, size_t bytes, qvt_error *error)
{
    qvt_silo_info *silo = &request->silo;
    QVT_TRY(validate_silo_id(qvt_slice_text(silo->silo_id), "silo.silo_id", error));
    QVT_TRY(validate_address(qvt_slice_text(silo->address), "silo.address", error));
    QVT_TRY(validate_port(silo->port, "silo.port", error));
    silo->lease_ttl_ms = negotiate(silo->lease_ttl_ms);
    QVT_TRY(check_labels(silo, error));
    QVT_TRY(check_versions(silo, "silo.actor_type_versions", error));
    if (bytes > REGISTRATION_BYTES_MAX) {
        return qvt_error_field(error, "silo", "%zu bytes: a registration is at most %zu", bytes,
                               REGISTRATION_BYTES_MAX);
    }
    return QVT_OK;
}

static bool read_instance(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    struct local_instance *instance = *arg;
    (void)field;
    instance->len = stream->bytes_left;
    return instance->len <= sizeof instance->id && pb_read(stream, instance->id, instance->len);
}

qvt_status local_request_register(struct local_request *out, qvt_slice wire, qvt_error *error)
{
    begin(out);
    struct silo_reader reader;
    struct decode_text held_store_id = {&out->arena, ""};
    quark_version_v1_RegisterSiloRequest request = quark_version_v1_RegisterSiloRequest_init_zero;
    silo_reader_prepare(&reader, &request.silo, &out->arena);
    request.instance_id = decode_each(read_instance, &out->instance);
    request.held.store_id = decode_text(&held_store_id);
    QVT_TRY(local_decode(wire, quark_version_v1_RegisterSiloRequest_fields, &request, error));
    if (silo_reader_finish(&reader, &request.silo, &out->silo) != QVT_OK) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "no memory for the request");
    }
    out->held = request.held.incarnation;
    out->held_store_id = held_store_id.text;
    return check_registration(out, wire.len, error);
}

qvt_status local_request_versions(struct local_request *out, qvt_slice wire, qvt_error *error)
{
    begin(out);
    struct decode_text silo_id = {&out->arena, ""};
    struct decode_list versions = {.arena = &out->arena};
    quark_version_v1_RegisterSiloVersionsRequest request = quark_version_v1_RegisterSiloVersionsRequest_init_zero;
    request.silo_id = decode_text(&silo_id);
    request.actor_type_versions = decode_version_map(&versions);
    QVT_TRY(local_decode(wire, quark_version_v1_RegisterSiloVersionsRequest_fields, &request, error));
    if (decode_versions_finish(&versions, &out->silo.versions, &out->silo.version_count) != QVT_OK) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "no memory for the request");
    }
    out->silo.silo_id = silo_id.text;
    out->incarnation = request.incarnation;
    QVT_TRY(validate_silo_id(qvt_slice_text(silo_id.text), "silo_id", error));
    if (out->silo.version_count == 0) {
        return qvt_error_field(error, "actor_type_versions", "missing: at least one actor type");
    }
    return check_versions(&out->silo, "actor_type_versions", error);
}

qvt_status local_request_update(struct local_request *out, qvt_slice wire, qvt_error *error)
{
    begin(out);
    struct decode_text silo_id = {&out->arena, ""};
    struct decode_text path = {&out->arena, ""};
    quark_version_v1_UpdateSiloRequest request = quark_version_v1_UpdateSiloRequest_init_zero;
    request.silo_id = decode_text(&silo_id);
    request.update_mask.paths = decode_text(&path);
    QVT_TRY(local_decode(wire, quark_version_v1_UpdateSiloRequest_fields, &request, error));
    out->silo.silo_id = silo_id.text;
    out->incarnation = request.incarnation;
    out->silo.status = (qvt_silo_status)request.silo.status;
    out->silo.scheduling = (qvt_scheduling)request.silo.scheduling;
    out->sets_status = strcmp(path.text, "status") == 0;
    if (!out->sets_status && strcmp(path.text, "scheduling") != 0) {
        return qvt_error_field(error, "update_mask", "\"%.64s\": the local tracker sets status or scheduling",
                               path.text);
    }
    return validate_silo_id(qvt_slice_text(silo_id.text), "silo_id", error);
}

qvt_status local_request_unregister(struct local_request *out, qvt_slice wire, qvt_error *error)
{
    begin(out);
    struct decode_text silo_id = {&out->arena, ""};
    quark_version_v1_UnregisterSiloRequest request = quark_version_v1_UnregisterSiloRequest_init_zero;
    request.silo_id = decode_text(&silo_id);
    QVT_TRY(local_decode(wire, quark_version_v1_UnregisterSiloRequest_fields, &request, error));
    out->silo.silo_id = silo_id.text;
    out->incarnation = request.incarnation;
    return validate_silo_id(qvt_slice_text(silo_id.text), "silo_id", error);
}
