#include "client/src/watch_message.h"

#include <string.h>

#include "base/check.h"
#include "client/src/encode.h"
#include "client/src/record_decode.h"
#include "nanopb/quark/version/v1/version_tracker.pb.h"

/* What a WatchResponse is decoded into. */
struct reader {
    struct arena *arena;
    struct watch_message *out;
};

static bool read_reset(pb_istream_t *stream, struct arena *arena, qvt_position *out)
{
    struct decode_text store_id = {arena, ""};
    quark_version_v1_WatchReset reset = quark_version_v1_WatchReset_init_zero;
    reset.position.store_id = decode_text(&store_id);
    if (!pb_decode(stream, quark_version_v1_WatchReset_fields, &reset)) {
        return false;
    }
    read_position(&reset.position, store_id.text, out);
    return true;
}

/* Events without content are what is left unread: nothing. */
static bool read_event(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    const struct reader *reader = *arg;
    struct watch_message *out = reader->out;
    switch (field->tag) {
    case quark_version_v1_WatchResponse_reset_tag:
        out->event = WATCH_RESET;
        return read_reset(stream, reader->arena, &out->reset);
    case quark_version_v1_WatchResponse_record_tag:
        out->event = WATCH_RECORD;
        return decode_record(stream, reader->arena, &out->record);
    case quark_version_v1_WatchResponse_removed_tag:
        out->event = WATCH_REMOVED;
        return decode_record_key(stream, reader->arena, &out->removed);
    case quark_version_v1_WatchResponse_change_tag:
        out->event = WATCH_CHANGE;
        return decode_change(stream, reader->arena, &out->change);
    case quark_version_v1_WatchResponse_walk_end_tag: out->event = WATCH_WALK_END; return true;
    case quark_version_v1_WatchResponse_progress_tag: out->event = WATCH_PROGRESS; return true;
    default: return true;
    }
}

qvt_status watch_message_decode(struct watch_message *out, qvt_slice wire, struct arena *arena, qvt_error *error)
{
    struct decode_text store_id = {arena, ""};
    struct reader reader = {arena, out};
    quark_version_v1_WatchResponse response = quark_version_v1_WatchResponse_init_zero;
    memset(out, 0, sizeof *out);
    response.position.store_id = decode_text(&store_id);
    response.cb_event = decode_each(read_event, &reader);
    QVT_TRY(decode_message(wire, quark_version_v1_WatchResponse_fields, &response, error));
    out->has_position = response.has_position;
    read_position(&response.position, store_id.text, &out->position);
    return QVT_OK;
}

struct texts {
    const char *const *items;
    size_t count;
};

static bool write_texts(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const struct texts *texts = *arg;
    for (size_t i = 0; i < texts->count; i++) {
        const char *text = texts->items[i] != NULL ? texts->items[i] : "";
        if (!pb_encode_tag_for_field(stream, field) ||
            !pb_encode_string(stream, (const pb_byte_t *)text, strlen(text))) {
            return false;
        }
    }
    return true;
}

static void set_texts(pb_callback_t *field, struct texts *texts)
{
    field->funcs.encode = write_texts;
    field->arg = texts;
}

qvt_status watch_encode_filter(struct buf *out, const char *cluster, const qvt_watch_options *options)
{
    struct texts types = {options->actor_types, options->actor_type_count};
    struct texts silos = {options->silo_ids, options->silo_id_count};
    struct texts type_prefixes = {options->actor_type_prefixes, options->actor_type_prefix_count};
    struct texts silo_prefixes = {options->silo_id_prefixes, options->silo_id_prefix_count};
    quark_version_v1_WatchRequest request = quark_version_v1_WatchRequest_init_zero;
    request.cluster = encode_text(cluster);
    set_texts(&request.actor_types, &types);
    set_texts(&request.silo_ids, &silos);
    set_texts(&request.actor_type_prefixes, &type_prefixes);
    set_texts(&request.silo_id_prefixes, &silo_prefixes);
    return encode_message(out, quark_version_v1_WatchRequest_fields, &request);
}

qvt_status watch_encode_resume(struct buf *out, const qvt_position *position)
{
    quark_version_v1_WatchRequest request = quark_version_v1_WatchRequest_init_zero;
    request.has_resume_after = true;
    request.resume_after = encode_position(position);
    return encode_message(out, quark_version_v1_WatchRequest_fields, &request);
}

qvt_status watch_encode_acknowledged(struct buf *out, const qvt_position *position)
{
    quark_version_v1_WatchRequest request = quark_version_v1_WatchRequest_init_zero;
    request.has_acknowledged = true;
    request.acknowledged = encode_position(position);
    return encode_message(out, quark_version_v1_WatchRequest_fields, &request);
}

static bool write_count(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    return pb_encode_tag_for_field(stream, field) &&
           pb_encode_submessage(stream, quark_version_v1_DemandCount_fields, *arg);
}

qvt_status watch_encode_count(struct buf *out, const char *actor_type, const char *version, uint64_t finds)
{
    quark_version_v1_DemandCount count = quark_version_v1_DemandCount_init_zero;
    quark_version_v1_WatchRequest request = quark_version_v1_WatchRequest_init_zero;
    count.actor_type = encode_text(actor_type);
    count.version = encode_text(version);
    count.finds = finds;
    request.counts.funcs.encode = write_count;
    request.counts.arg = &count;
    return encode_message(out, quark_version_v1_WatchRequest_fields, &request);
}
