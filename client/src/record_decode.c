#include "client/src/record_decode.h"

#include <stdio.h>

#include "base/check.h"
#include "nanopb/google/protobuf/timestamp.pb.h"
#include "nanopb/quark/version/v1/change.pb.h"

#define MIN_READY_DEFAULT 2

/* The enums of qvt/record.h have the values of the contract; one that this library does not know is UNKNOWN. */
static int known(int value, int last)
{
    return value > 0 && value <= last ? value : 0;
}

static int64_t microseconds(const google_protobuf_Timestamp *time)
{
    bool fits = time->seconds > INT64_MIN / 1000000 && time->seconds < INT64_MAX / 1000000;
    return fits ? time->seconds * 1000000 + time->nanos / 1000 : 0;
}

void read_position(const quark_version_v1_Position *position, const char *store_id, qvt_position *out)
{
    snprintf(out->store_id, sizeof out->store_id, "%s", store_id);
    out->revision = position->revision;
    out->token = position->token;
}

static bool read_label(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    struct decode_list *list = *arg;
    struct decode_text name = {list->arena, ""}, value = {list->arena, ""};
    quark_version_v1_SiloInfo_LabelsEntry entry = quark_version_v1_SiloInfo_LabelsEntry_init_zero;
    (void)field;
    entry.key = decode_text(&name);
    entry.value = decode_text(&value);
    if (!pb_decode(stream, quark_version_v1_SiloInfo_LabelsEntry_fields, &entry)) {
        return false;
    }
    qvt_label label = {name.text, value.text};
    return decode_list_push(list, &label, sizeof label) || decode_out_of_memory(stream);
}

void silo_reader_prepare(struct silo_reader *reader, quark_version_v1_SiloInfo *silo, struct arena *arena)
{
    struct decode_text absent = {arena, ""};
    struct decode_list none = {.arena = arena};
    *reader = (struct silo_reader){absent, absent, absent, absent, {arena, NULL}, absent, absent, none, none};
    silo->silo_id = decode_text(&reader->silo_id);
    silo->address = decode_text(&reader->address);
    silo->region_id = decode_text(&reader->region_id);
    silo->zone_id = decode_text(&reader->zone_id);
    silo->shard_group_id = decode_text(&reader->shard_group_id);
    silo->build_id = decode_text(&reader->build_id);
    silo->etag = decode_text(&reader->etag);
    silo->labels = decode_each(read_label, &reader->labels);
    silo->actor_type_versions = decode_version_map(&reader->versions);
}

static void fill_silo(const struct silo_reader *reader, const quark_version_v1_SiloInfo *silo, qvt_silo_info *out)
{
    *out = (qvt_silo_info){
        .silo_id = reader->silo_id.text,
        .incarnation = silo->incarnation,
        .address = reader->address.text,
        .port = silo->port,
        .status = (qvt_silo_status)known((int)silo->status, QVT_SILO_STATUS_DEAD),
        .scheduling = (qvt_scheduling)known((int)silo->scheduling, QVT_SCHEDULING_DRAINING),
        .suspect = silo->suspect,
        .unhealthy = silo->unhealthy,
        .lease_ttl_ms = decode_duration_ms(&silo->lease_ttl),
        .region_id = reader->region_id.text,
        .zone_id = reader->zone_id.text,
        .shard_group_id = reader->shard_group_id.text,
        .label_count = reader->labels.count,
        .build_id = reader->build_id.text,
        .deploy_epoch = silo->deploy_epoch,
        .registered_at_us = microseconds(&silo->registered_at),
        .mod_revision = silo->mod_revision,
        .etag = reader->etag.text,
    };
}

qvt_status silo_reader_finish(const struct silo_reader *reader, const quark_version_v1_SiloInfo *silo,
                              qvt_silo_info *out)
{
    void *labels;
    fill_silo(reader, silo, out);
    QVT_TRY(decode_list_flatten(&reader->labels, sizeof(qvt_label), &labels));
    out->labels = labels;
    return decode_versions_finish(&reader->versions, &out->versions, &out->version_count);
}

bool decode_silo_info(pb_istream_t *stream, struct arena *arena, qvt_silo_info *out)
{
    struct silo_reader reader;
    quark_version_v1_SiloInfo silo = quark_version_v1_SiloInfo_init_zero;
    silo_reader_prepare(&reader, &silo, arena);
    if (!pb_decode(stream, quark_version_v1_SiloInfo_fields, &silo)) {
        return false;
    }
    return silo_reader_finish(&reader, &silo, out) == QVT_OK || decode_out_of_memory(stream);
}

bool decode_policy(pb_istream_t *stream, struct arena *arena, qvt_policy *out)
{
    struct decode_text actor_type = {arena, ""}, range = {arena, ""}, target = {arena, ""}, etag = {arena, ""};
    quark_version_v1_Policy policy = quark_version_v1_Policy_init_zero;
    policy.actor_type = decode_text(&actor_type);
    policy.range = decode_text(&range);
    policy.ramp.target_version = decode_text(&target);
    policy.etag = decode_text(&etag);
    if (!pb_decode(stream, quark_version_v1_Policy_fields, &policy)) {
        return false;
    }
    *out = (qvt_policy){
        .actor_type = actor_type.text,
        .mode = (qvt_compatibility)known((int)policy.mode, QVT_COMPATIBILITY_RANGE),
        .selector = (qvt_selector)known((int)policy.selector, QVT_SELECTOR_RAMP),
        .range = range.text,
        .has_ramp = policy.has_ramp,
        .ramp_target_version = target.text,
        .ramp_basis_points = policy.ramp.basis_points,
        .min_ready = policy.has_min_ready ? policy.min_ready : MIN_READY_DEFAULT,
        .mod_revision = policy.mod_revision,
        .etag = etag.text,
    };
    return true;
}

static bool decode_setting(pb_istream_t *stream, struct arena *arena, qvt_setting *out)
{
    struct decode_text name = {arena, ""}, text = {arena, ""}, etag = {arena, ""};
    quark_version_v1_Setting setting = quark_version_v1_Setting_init_zero;
    setting.name = decode_text(&name);
    setting.text = decode_text(&text);
    setting.etag = decode_text(&etag);
    if (!pb_decode(stream, quark_version_v1_Setting_fields, &setting)) {
        return false;
    }
    *out = (qvt_setting){name.text, setting.number, text.text, setting.mod_revision, etag.text};
    return true;
}

/* What a Record is decoded into. */
struct record_reader {
    struct arena *arena;
    qvt_record *out;
};

static bool read_value(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    struct record_reader *reader = *arg;
    qvt_silo_info *silo = NULL;
    qvt_policy *policy = NULL;
    qvt_setting *setting = NULL;
    bool is_read = true;
    if (field->tag == quark_version_v1_Record_silo_tag) {
        silo = arena_alloc(reader->arena, sizeof *silo);
        is_read = silo != NULL ? decode_silo_info(stream, reader->arena, silo) : decode_out_of_memory(stream);
    } else if (field->tag == quark_version_v1_Record_policy_tag) {
        policy = arena_alloc(reader->arena, sizeof *policy);
        is_read = policy != NULL ? decode_policy(stream, reader->arena, policy) : decode_out_of_memory(stream);
    } else if (field->tag == quark_version_v1_Record_setting_tag) {
        setting = arena_alloc(reader->arena, sizeof *setting);
        is_read = setting != NULL ? decode_setting(stream, reader->arena, setting) : decode_out_of_memory(stream);
    }
    reader->out->silo = silo;
    reader->out->policy = policy;
    reader->out->setting = setting;
    return is_read;
}

bool decode_record(pb_istream_t *stream, struct arena *arena, qvt_record *out)
{
    struct decode_text key = {arena, ""};
    struct record_reader reader = {arena, out};
    quark_version_v1_Record record = quark_version_v1_Record_init_zero;
    *out = (qvt_record){.kind = QVT_RECORD_UNKNOWN};
    record.key = decode_text(&key);
    record.cb_value = decode_each(read_value, &reader);
    if (!pb_decode(stream, quark_version_v1_Record_fields, &record)) {
        return false;
    }
    out->kind = (qvt_record_kind)known((int)record.kind, QVT_RECORD_DAMPER);
    out->key = key.text;
    return true;
}

bool decode_record_key(pb_istream_t *stream, struct arena *arena, qvt_record_key *out)
{
    struct decode_text key = {arena, ""};
    quark_version_v1_RecordKey record_key = quark_version_v1_RecordKey_init_zero;
    record_key.key = decode_text(&key);
    if (!pb_decode(stream, quark_version_v1_RecordKey_fields, &record_key)) {
        return false;
    }
    *out = (qvt_record_key){(qvt_record_kind)known((int)record_key.kind, QVT_RECORD_DAMPER), key.text};
    return true;
}

static bool read_put(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    struct decode_list *list = *arg;
    qvt_record record;
    (void)field;
    return decode_record(stream, list->arena, &record) &&
           (decode_list_push(list, &record, sizeof record) || decode_out_of_memory(stream));
}

static bool read_delete(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    struct decode_list *list = *arg;
    qvt_record_key key;
    (void)field;
    return decode_record_key(stream, list->arena, &key) &&
           (decode_list_push(list, &key, sizeof key) || decode_out_of_memory(stream));
}

bool decode_change(pb_istream_t *stream, struct arena *arena, qvt_change *out)
{
    struct decode_text store_id = {arena, ""}, who = {arena, ""}, why = {arena, ""}, request_id = {arena, ""};
    struct decode_list puts = {.arena = arena}, deletes = {.arena = arena};
    void *put_array, *delete_array;
    quark_version_v1_Change change = quark_version_v1_Change_init_zero;
    change.position.store_id = decode_text(&store_id);
    change.who = decode_text(&who);
    change.why = decode_text(&why);
    change.request_id = decode_text(&request_id);
    change.puts = decode_each(read_put, &puts);
    change.deletes = decode_each(read_delete, &deletes);
    if (!pb_decode(stream, quark_version_v1_Change_fields, &change)) {
        return false;
    }
    if (decode_list_flatten(&puts, sizeof(qvt_record), &put_array) != QVT_OK ||
        decode_list_flatten(&deletes, sizeof(qvt_record_key), &delete_array) != QVT_OK) {
        return decode_out_of_memory(stream);
    }
    *out = (qvt_change){
        .previous_token = change.previous_token,
        .event = (qvt_change_event)known((int)change.event, QVT_CHANGE_POLICY_DELETED),
        .time_us = microseconds(&change.time),
        .who = who.text,
        .why = why.text,
        .request_id = request_id.text,
        .puts = put_array,
        .put_count = puts.count,
        .deletes = delete_array,
        .delete_count = deletes.count,
        .ack_wanted = change.ack_wanted,
    };
    read_position(&change.position, store_id.text, &out->position);
    return true;
}
