#include "tests/unit/client/watch_answers.h"

#include "base/check.h"
#include "client/src/encode.h"
#include "nanopb/quark/version/v1/version_tracker.pb.h"

typedef quark_version_v1_WatchResponse watch_response;
static const watch_response nothing = quark_version_v1_WatchResponse_init_zero;

static const qvt_label labels[] = {{"rack", "7"}, {"", "odd"}};
static const struct encode_labels label_map = {labels, 2};

static quark_version_v1_Position position_at(const char *store_id, uint64_t revision)
{
    quark_version_v1_Position position = quark_version_v1_Position_init_zero;
    position.store_id = encode_text(store_id);
    position.revision = revision;
    position.token = revision * 11;
    return position;
}

static void finish(struct buf *out, watch_response *response, pb_size_t tag)
{
    response->which_event = tag;
    QVT_ASSERT(encode_message(out, quark_version_v1_WatchResponse_fields, response) == QVT_OK);
}

static void stand_at(watch_response *response, const char *store_id, uint64_t revision)
{
    response->has_position = true;
    response->position = position_at(store_id, revision);
}

void answer_watch_reset(struct buf *out, const char *store_id, uint64_t revision)
{
    watch_response response = nothing;
    response.event.reset.has_position = true;
    response.event.reset.position = position_at(store_id, revision);
    finish(out, &response, quark_version_v1_WatchResponse_reset_tag);
}

/* The version lives as long as the record is not encoded. */
static void fill_silo(quark_version_v1_Record *record, const char *silo_id, const struct encode_versions *versions)
{
    quark_version_v1_SiloInfo silo = quark_version_v1_SiloInfo_init_zero;
    silo.silo_id = encode_text(silo_id);
    silo.incarnation = UINT64_MAX;
    silo.address = encode_text("10.0.0.1");
    silo.port = 65535;
    silo.status = quark_version_v1_SiloStatus_SILO_STATUS_ACTIVE;
    silo.scheduling = quark_version_v1_Scheduling_SCHEDULING_CORDONED;
    silo.suspect = true;
    silo.unhealthy = true;
    silo.has_lease_ttl = true;
    silo.lease_ttl.seconds = 15;
    silo.region_id = encode_text("eu");
    silo.zone_id = encode_text("eu-1");
    silo.shard_group_id = encode_optional_text("");
    silo.labels = encode_label_map(&label_map);
    silo.actor_type_versions = encode_version_map(versions);
    silo.build_id = encode_text("build-9");
    silo.deploy_epoch = 3;
    silo.has_registered_at = true;
    silo.registered_at.seconds = 1700000000;
    silo.registered_at.nanos = 5000;
    silo.mod_revision = 4;
    silo.etag = encode_text("4.0");
    record->kind = quark_version_v1_RecordKind_RECORD_KIND_SILO;
    record->key = encode_text(silo_id);
    record->which_value = quark_version_v1_Record_silo_tag;
    record->value.silo = silo;
}

void answer_watch_silo(struct buf *out, const char *silo_id, const char *version)
{
    qvt_actor_version order = {.actor_type = "Order", .version = version};
    struct encode_versions versions = {&order, 1};
    watch_response response = nothing;
    fill_silo(&response.event.record, silo_id, &versions);
    finish(out, &response, quark_version_v1_WatchResponse_record_tag);
}

void answer_watch_policy(struct buf *out, const char *actor_type)
{
    watch_response response = nothing;
    quark_version_v1_Policy policy = quark_version_v1_Policy_init_zero;
    policy.actor_type = encode_text(actor_type);
    policy.mode = quark_version_v1_CompatibilityMode_COMPATIBILITY_MODE_RANGE;
    policy.selector = quark_version_v1_Selector_SELECTOR_RAMP;
    policy.range = encode_text("^2.1");
    policy.has_ramp = true;
    policy.ramp.target_version = encode_text("2.2.0");
    policy.ramp.basis_points = 500;
    policy.mod_revision = 6;
    policy.etag = encode_text("6.0");
    response.event.record.kind = quark_version_v1_RecordKind_RECORD_KIND_POLICY;
    response.event.record.key = encode_text(actor_type);
    response.event.record.which_value = quark_version_v1_Record_policy_tag;
    response.event.record.value.policy = policy;
    finish(out, &response, quark_version_v1_WatchResponse_record_tag);
}

void answer_watch_setting(struct buf *out, const char *name)
{
    watch_response response = nothing;
    quark_version_v1_Setting setting = quark_version_v1_Setting_init_zero;
    setting.name = encode_text(name);
    setting.number = 12;
    setting.text = encode_text("twelve");
    setting.mod_revision = 7;
    setting.etag = encode_text("7.0");
    response.event.record.kind = quark_version_v1_RecordKind_RECORD_KIND_SETTING;
    response.event.record.key = encode_text(name);
    response.event.record.which_value = quark_version_v1_Record_setting_tag;
    response.event.record.value.setting = setting;
    finish(out, &response, quark_version_v1_WatchResponse_record_tag);
}

void answer_watch_stranger(struct buf *out)
{
    /* Field 3, a Record: kind 99, key "k", field 9 with two bytes. */
    static const uint8_t wire[] = {0x1a, 0x09, 0x08, 99, 0x12, 1, 'k', 0x4a, 2, 1, 2};
    QVT_ASSERT(buf_append(out, wire, sizeof wire) == QVT_OK);
}

void answer_watch_removed(struct buf *out, const char *silo_id)
{
    watch_response response = nothing;
    response.event.removed.kind = quark_version_v1_RecordKind_RECORD_KIND_SILO;
    response.event.removed.key = encode_text(silo_id);
    finish(out, &response, quark_version_v1_WatchResponse_removed_tag);
}

void answer_watch_end(struct buf *out, const char *store_id, uint64_t revision)
{
    watch_response response = nothing;
    stand_at(&response, store_id, revision);
    finish(out, &response, quark_version_v1_WatchResponse_walk_end_tag);
}

static bool write_record(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    return pb_encode_tag_for_field(stream, field) && pb_encode_submessage(stream, quark_version_v1_Record_fields, *arg);
}

static bool write_key(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    return pb_encode_tag_for_field(stream, field) &&
           pb_encode_submessage(stream, quark_version_v1_RecordKey_fields, *arg);
}

void answer_watch_change(struct buf *out, const char *store_id, uint64_t revision, const char *put, const char *deleted)
{
    qvt_actor_version order = {.actor_type = "Order", .version = "1.0.0"};
    struct encode_versions versions = {&order, 1};
    watch_response response = nothing;
    quark_version_v1_Record record = quark_version_v1_Record_init_zero;
    quark_version_v1_RecordKey key = quark_version_v1_RecordKey_init_zero;
    quark_version_v1_Change *change = &response.event.change;
    fill_silo(&record, put, &versions);
    key.kind = quark_version_v1_RecordKind_RECORD_KIND_SILO;
    key.key = encode_text(deleted);
    stand_at(&response, store_id, revision);
    change->has_position = true;
    change->position = position_at(store_id, revision);
    change->previous_token = (revision - 1) * 11;
    change->event = quark_version_v1_ChangeEvent_CHANGE_EVENT_SILO_REGISTERED;
    change->has_time = true;
    change->time.seconds = 1700000001;
    change->who = encode_text("ops");
    change->why = encode_text("test");
    change->request_id = encode_text("r-1");
    change->ack_wanted = true;
    change->puts.funcs.encode = write_record;
    change->puts.arg = &record;
    change->deletes.funcs.encode = write_key;
    change->deletes.arg = &key;
    finish(out, &response, quark_version_v1_WatchResponse_change_tag);
}

void answer_watch_progress(struct buf *out, const char *store_id, uint64_t revision)
{
    watch_response response = nothing;
    stand_at(&response, store_id, revision);
    finish(out, &response, quark_version_v1_WatchResponse_progress_tag);
}

static void fill_host(quark_version_v1_Record *record, const char *silo_id, const struct encode_versions *versions)
{
    quark_version_v1_SiloInfo silo = quark_version_v1_SiloInfo_init_zero;
    silo.silo_id = encode_text(silo_id);
    silo.incarnation = 7;
    silo.address = encode_text("10.0.0.2");
    silo.port = 5000;
    silo.status = quark_version_v1_SiloStatus_SILO_STATUS_ACTIVE;
    silo.scheduling = quark_version_v1_Scheduling_SCHEDULING_SCHEDULABLE;
    silo.actor_type_versions = encode_version_map(versions);
    record->kind = quark_version_v1_RecordKind_RECORD_KIND_SILO;
    record->key = encode_text(silo_id);
    record->which_value = quark_version_v1_Record_silo_tag;
    record->value.silo = silo;
}

void answer_watch_host(struct buf *out, const char *silo_id, const char *version)
{
    qvt_actor_version types[] = {{.actor_type = "Order", .version = version},
                                 {.actor_type = "Cart", .version = version}};
    struct encode_versions versions = {types, 2};
    watch_response response = nothing;
    fill_host(&response.event.record, silo_id, &versions);
    finish(out, &response, quark_version_v1_WatchResponse_record_tag);
}

void answer_watch_host_change(struct buf *out, const char *store_id, uint64_t revision, const char *silo_id,
                              const char *version)
{
    qvt_actor_version types[] = {{.actor_type = "Order", .version = version},
                                 {.actor_type = "Cart", .version = version}};
    struct encode_versions versions = {types, 2};
    watch_response response = nothing;
    quark_version_v1_Record record = quark_version_v1_Record_init_zero;
    quark_version_v1_Change *change = &response.event.change;
    fill_host(&record, silo_id, &versions);
    stand_at(&response, store_id, revision);
    change->has_position = true;
    change->position = position_at(store_id, revision);
    change->puts.funcs.encode = write_record;
    change->puts.arg = &record;
    finish(out, &response, quark_version_v1_WatchResponse_change_tag);
}
