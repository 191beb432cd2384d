#include "server/service/watch_message.h"

#include "base/check.h"
#include "server/registry/change_fields.h"
#include "server/service/answer.h"

/* Field numbers of WatchResponse and WatchReset (proto/quark/version/v1/version_tracker.proto). */
enum {
    RESPONSE_POSITION = 1,
    RESPONSE_RESET = 2,
    RESPONSE_RECORD = 3,
    RESPONSE_REMOVED = 4,
    RESPONSE_WALK_END = 5,
    RESPONSE_CHANGE = 6,
    RESPONSE_PROGRESS = 7,
    RESET_POSITION = 1
};

static const qvt_slice NOTHING = {NULL, 0};

qvt_status watch_message_reset(struct buf *out, const struct position *position)
{
    struct encoder encoder = {out, QVT_OK};
    size_t mark = encode_begin(&encoder);
    answer_position(&encoder, RESET_POSITION, position);
    encode_end(&encoder, RESPONSE_RESET, mark);
    return encoder.status;
}

qvt_status watch_message_walk_end(struct buf *out, const struct position *position)
{
    struct encoder encoder = {out, QVT_OK};
    answer_position(&encoder, RESPONSE_POSITION, position);
    encode_message(&encoder, RESPONSE_WALK_END, NOTHING, NOTHING);
    return encoder.status;
}

qvt_status watch_message_progress(struct buf *out, const struct position *position)
{
    struct encoder encoder = {out, QVT_OK};
    answer_position(&encoder, RESPONSE_POSITION, position);
    encode_message(&encoder, RESPONSE_PROGRESS, NOTHING, NOTHING);
    return encoder.status;
}

static void put_record(struct encoder *encoder, uint32_t field, const struct image *image)
{
    size_t mark = encode_begin(encoder);
    if (encoder->status == QVT_OK) {
        encoder->status = change_encode_record(image, encoder->out);
    }
    encode_end(encoder, field, mark);
}

static void put_key(struct encoder *encoder, uint32_t field, uint32_t kind, qvt_slice key)
{
    size_t mark = encode_begin(encoder);
    encode_uint(encoder, KEY_KIND, kind);
    encode_bytes(encoder, KEY_KEY, key);
    encode_end(encoder, field, mark);
}

qvt_status watch_message_record(struct buf *out, const struct image *image)
{
    struct encoder encoder = {out, QVT_OK};
    put_record(&encoder, RESPONSE_RECORD, image);
    return encoder.status;
}

qvt_status watch_message_removed(struct buf *out, uint32_t kind, qvt_slice key)
{
    struct encoder encoder = {out, QVT_OK};
    put_key(&encoder, RESPONSE_REMOVED, kind, key);
    return encoder.status;
}

/* A silo that no longer matches but did before is gone for this watcher. */
static size_t put_records(struct encoder *encoder, const struct watch_filter *filter, const struct change *change)
{
    size_t matched = 0;
    bool had_type = watch_filter_takes_any_type(filter, change->previous_types, change->previous_type_count);
    for (size_t i = 0; i < change->put_count; i++) {
        const struct image *image = change->puts[i];
        if (watch_filter_takes(filter, image)) {
            put_record(encoder, CHANGE_PUTS, image);
            matched++;
        } else if (had_type && image_kind(image) == RECORD_SILO) {
            put_key(encoder, CHANGE_DELETES, image_kind(image), image_key(image));
            matched++;
        }
    }
    for (size_t i = 0; i < change->delete_count; i++) {
        const struct change_key *key = &change->deletes[i];
        if (watch_filter_takes_key(filter, key->kind, key->key, change->previous_types, change->previous_type_count)) {
            put_key(encoder, CHANGE_DELETES, key->kind, key->key);
            matched++;
        }
    }
    return matched;
}

/* Appends the part of the change that matches; false: none does. */
static bool put_filtered(struct encoder *encoder, const struct watch_filter *filter, const struct change *change)
{
    answer_position(encoder, RESPONSE_POSITION, &change->position);
    size_t mark = encode_begin(encoder);
    answer_position(encoder, CHANGE_POSITION, &change->position);
    encode_fixed64(encoder, CHANGE_PREVIOUS_TOKEN, change->previous_token);
    encode_uint(encoder, CHANGE_EVENT, change->event);
    encode_time_us(encoder, CHANGE_TIME, change->time_us);
    encode_bytes(encoder, CHANGE_WHO, change->who);
    encode_bytes(encoder, CHANGE_WHY, change->why);
    encode_bytes(encoder, CHANGE_REQUEST_ID, change->request_id);
    size_t matched = put_records(encoder, filter, change);
    for (size_t i = 0; i < change->previous_type_count; i++) {
        encode_bytes(encoder, CHANGE_PREVIOUS_TYPES, change->previous_types[i]);
    }
    encode_bool(encoder, CHANGE_ACK_WANTED, change->ack_wanted);
    encode_end(encoder, RESPONSE_CHANGE, mark);
    return matched > 0;
}

static qvt_status put_whole(struct encoder *encoder, struct change *change)
{
    qvt_blob *encoded = NULL;
    QVT_TRY(change_encoded(change, &encoded));
    answer_position(encoder, RESPONSE_POSITION, &change->position);
    encode_message(encoder, RESPONSE_CHANGE, qvt_blob_slice(encoded), NOTHING);
    return encoder->status;
}

static qvt_status make(const struct watch_filter *filter, struct change *change, const struct watch_format *format,
                       struct buf *wire, struct buf *text, qvt_blob **out)
{
    struct encoder encoder = {wire, QVT_OK};
    bool matched = true;
    *out = NULL;
    if (watch_filter_is_open(filter)) {
        QVT_TRY(put_whole(&encoder, change));
    } else {
        matched = put_filtered(&encoder, filter, change);
        QVT_TRY(encoder.status);
    }
    if (!matched) {
        return QVT_OK;
    }
    if (format == NULL) {
        return qvt_blob_copy(out, buf_slice(wire));
    }
    QVT_TRY(format->write(buf_slice(wire), &change->position, text));
    return qvt_blob_copy(out, buf_slice(text));
}

qvt_status watch_message_change(struct watch_filter *filter, struct change *change, const struct watch_format *format,
                                qvt_blob **out)
{
    for (size_t i = 0; i < WATCH_FILTER_FORMATS; i++) {
        const struct watch_filter_message *known = &filter->messages[i];
        if (known->change == change && known->token == change->position.token && known->format == format) {
            *out = known->message;
            return QVT_OK;
        }
    }
    struct buf wire = BUF_INIT;
    struct buf text = BUF_INIT;
    qvt_status status = make(filter, change, format, &wire, &text, out);
    buf_deinit(&wire);
    buf_deinit(&text);
    QVT_TRY(status);
    struct watch_filter_message *slot = &filter->messages[filter->next_message++ % WATCH_FILTER_FORMATS];
    qvt_blob_unref(slot->message);
    *slot = (struct watch_filter_message){format, change, change->position.token, *out};
    return QVT_OK;
}
