#include "client/src/silo_messages.h"

#include <stdio.h>

#include "client/src/decode.h"
#include "client/src/encode.h"
#include "nanopb/quark/version/v1/version_tracker.pb.h"

/* ACTIVE and SCHEDULABLE are what a registration gets that says neither. */
static void fill_phase(quark_version_v1_SiloInfo *info, qvt_phase phase)
{
    if (phase == QVT_PHASE_JOINING) {
        info->status = quark_version_v1_SiloStatus_SILO_STATUS_JOINING;
    } else if (phase == QVT_PHASE_SHUTTING_DOWN) {
        info->status = quark_version_v1_SiloStatus_SILO_STATUS_SHUTTING_DOWN;
    } else if (phase == QVT_PHASE_DRAINING) {
        info->scheduling = quark_version_v1_Scheduling_SCHEDULING_DRAINING;
    }
}

static void fill_silo(quark_version_v1_SiloInfo *info, const qvt_silo_options *options)
{
    info->silo_id = encode_text(options->silo_id);
    info->address = encode_text(options->address);
    info->port = options->port;
    info->has_lease_ttl = options->lease_ttl_ms > 0;
    info->lease_ttl.seconds = options->lease_ttl_ms / 1000;
    info->lease_ttl.nanos = (int32_t)(options->lease_ttl_ms % 1000) * 1000000;
    info->region_id = encode_text(options->region_id);
    info->zone_id = encode_text(options->zone_id);
    info->shard_group_id = encode_optional_text(options->shard_group_id);
    info->build_id = encode_text(options->build_id);
    info->deploy_epoch = options->deploy_epoch;
    fill_phase(info, options->phase);
}

qvt_status silo_encode_register(struct buf *out, const char *cluster, const struct silo_copy *silo,
                                const uint8_t instance_id[INSTANCE_ID_BYTES], const struct silo_grant *held)
{
    quark_version_v1_RegisterSiloRequest request = quark_version_v1_RegisterSiloRequest_init_zero;
    struct encode_versions versions = {silo->versions->versions, silo->versions->count};
    struct encode_labels labels = {silo->options.labels, silo->options.label_count};
    qvt_slice instance = qvt_slice_make(instance_id, INSTANCE_ID_BYTES);
    request.cluster = encode_text(cluster);
    request.has_silo = true;
    fill_silo(&request.silo, &silo->options);
    request.silo.labels = encode_label_map(&labels);
    request.silo.actor_type_versions = encode_version_map(&versions);
    request.instance_id = encode_bytes(&instance);
    request.has_held = held->incarnation > 0;
    request.held.incarnation = held->incarnation;
    request.held.store_id = encode_text(held->store_id);
    return encode_message(out, quark_version_v1_RegisterSiloRequest_fields, &request);
}

qvt_status silo_encode_versions(struct buf *out, const struct silo_name *name, const struct version_set *versions)
{
    quark_version_v1_RegisterSiloVersionsRequest request = quark_version_v1_RegisterSiloVersionsRequest_init_zero;
    struct encode_versions map = {versions->versions, versions->count};
    request.cluster = encode_text(name->cluster);
    request.silo_id = encode_text(name->silo_id);
    request.incarnation = name->incarnation;
    request.actor_type_versions = encode_version_map(&map);
    return encode_message(out, quark_version_v1_RegisterSiloVersionsRequest_fields, &request);
}

qvt_status silo_encode_phase(struct buf *out, const struct silo_name *name, qvt_phase phase)
{
    quark_version_v1_UpdateSiloRequest request = quark_version_v1_UpdateSiloRequest_init_zero;
    request.cluster = encode_text(name->cluster);
    request.silo_id = encode_text(name->silo_id);
    request.incarnation = name->incarnation;
    request.has_silo = true;
    request.silo.status = quark_version_v1_SiloStatus_SILO_STATUS_ACTIVE;
    fill_phase(&request.silo, phase);
    request.has_update_mask = true;
    request.update_mask.paths = encode_text(phase == QVT_PHASE_DRAINING ? "scheduling" : "status");
    return encode_message(out, quark_version_v1_UpdateSiloRequest_fields, &request);
}

qvt_status silo_encode_heartbeat(struct buf *out, const struct silo_name *name, const qvt_health *health,
                                 const qvt_activity_totals *activity)
{
    quark_version_v1_HeartbeatRequest request = quark_version_v1_HeartbeatRequest_init_zero;
    request.cluster = encode_text(name->cluster);
    request.silo_id = encode_text(name->silo_id);
    request.incarnation = name->incarnation;
    if (health != NULL) {
        request.has_health = true;
        request.health.cpu_percent = health->cpu_percent;
        request.health.memory_percent = health->memory_percent;
        request.health.latency_ms = health->latency_ms;
    }
    if (activity != NULL) {
        request.has_activity = true;
        request.activity.actors = activity->actors;
        request.activity.hot_actors = activity->hot_actors;
        request.activity.queue_depth = activity->queue_depth;
        request.activity.calls_in_flight = activity->calls_in_flight;
        request.activity.streams = activity->streams;
    }
    return encode_message(out, quark_version_v1_HeartbeatRequest_fields, &request);
}

qvt_status silo_encode_unregister(struct buf *out, const struct silo_name *name)
{
    quark_version_v1_UnregisterSiloRequest request = quark_version_v1_UnregisterSiloRequest_init_zero;
    request.cluster = encode_text(name->cluster);
    request.silo_id = encode_text(name->silo_id);
    request.incarnation = name->incarnation;
    return encode_message(out, quark_version_v1_UnregisterSiloRequest_fields, &request);
}

qvt_status silo_decode_register(qvt_slice answer, struct silo_grant *out, qvt_error *error)
{
    quark_version_v1_RegisterSiloResponse response = quark_version_v1_RegisterSiloResponse_init_zero;
    struct decode_head head;
    struct arena arena;
    arena_init(&arena, DECODE_MEMORY_MAX);
    decode_head_prepare(&head, &response.position, &arena);
    qvt_status status = decode_message(answer, quark_version_v1_RegisterSiloResponse_fields, &response, error);
    if (status == QVT_OK && (response.silo.incarnation == 0 || decode_duration_ms(&response.silo.lease_ttl) == 0)) {
        status = qvt_error_set(error, QVT_INTERNAL, NULL, "the tracker granted no incarnation or no lease");
    }
    if (status == QVT_OK) {
        out->incarnation = response.silo.incarnation;
        out->lease_ttl_ms = decode_duration_ms(&response.silo.lease_ttl);
        snprintf(out->store_id, sizeof out->store_id, "%s", head.store_id.text);
    }
    arena_deinit(&arena);
    return status;
}

qvt_status silo_decode_heartbeat(qvt_slice answer, uint32_t *lease_remaining_ms, qvt_error *error)
{
    quark_version_v1_HeartbeatResponse response = quark_version_v1_HeartbeatResponse_init_zero;
    qvt_status status = decode_message(answer, quark_version_v1_HeartbeatResponse_fields, &response, error);
    *lease_remaining_ms = status == QVT_OK ? response.lease_remaining_ms : 0;
    return status;
}
