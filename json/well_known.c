#include "json/well_known.h"

#include <string.h>

#include "base/check.h"
#include "json/describe.h"
#include "json/field.h"
#include "json/field_mask.h"
#include "json/long_integer.h"
#include "json/time_text.h"

/* The text of a JSON string; NULL for another value, with *status set. */
static const char *text_of(struct json_reader *reader, json_t *value, const char *rule, qvt_status *status)
{
    bool text = json_is_string(value) && long_integer_text(value) == NULL;
    *status = text ? QVT_OK : json_reader_refuse(reader, "must be %s", rule);
    return text ? json_string_value(value) : NULL;
}

static qvt_status refuse(struct json_reader *reader, const char *text, const char *rule)
{
    char value[DESCRIBE_MAX];
    return json_reader_refuse(reader, "must be %s, not %s", rule, describe_text(text, value));
}

static const char timestamp_rule[] = "a time such as \"2006-01-02T15:04:05.123Z\", from year 1 to 9999";
static const char duration_rule[] = "a duration such as \"1.5s\", at most 315576000000 s";
static const char mask_rule[] = "a string of field names joined by commas";

void google_protobuf_timestamp_write_json(struct json_writer *writer, const Google__Protobuf__Timestamp *message)
{
    char text[TIME_TEXT_MAX];
    if (!time_text_write_timestamp(message->seconds, message->nanos, text)) {
        json_writer_fail(writer, QVT_INVALID_ARGUMENT);
        return;
    }
    json_writer_string(writer, text);
}

qvt_status google_protobuf_timestamp_read_text(struct json_reader *reader, const char *rest, const char *text,
                                               Google__Protobuf__Timestamp *message)
{
    if (*rest != '\0') {
        return json_field_refuse_unknown(reader, rest);
    }
    bool good = time_text_read_timestamp(text, &message->seconds, &message->nanos);
    return good ? QVT_OK : refuse(reader, text, timestamp_rule);
}

qvt_status google_protobuf_timestamp_read_json(struct json_reader *reader, json_t *value,
                                               Google__Protobuf__Timestamp *message)
{
    qvt_status status;
    const char *text = text_of(reader, value, timestamp_rule, &status);
    google__protobuf__timestamp__init(message);
    return text == NULL ? status : google_protobuf_timestamp_read_text(reader, "", text, message);
}

void google_protobuf_duration_write_json(struct json_writer *writer, const Google__Protobuf__Duration *message)
{
    char text[TIME_TEXT_MAX];
    if (!time_text_write_duration(message->seconds, message->nanos, text)) {
        json_writer_fail(writer, QVT_INVALID_ARGUMENT);
        return;
    }
    json_writer_string(writer, text);
}

qvt_status google_protobuf_duration_read_text(struct json_reader *reader, const char *rest, const char *text,
                                              Google__Protobuf__Duration *message)
{
    if (*rest != '\0') {
        return json_field_refuse_unknown(reader, rest);
    }
    bool good = time_text_read_duration(text, &message->seconds, &message->nanos);
    return good ? QVT_OK : refuse(reader, text, duration_rule);
}

qvt_status google_protobuf_duration_read_json(struct json_reader *reader, json_t *value,
                                              Google__Protobuf__Duration *message)
{
    qvt_status status;
    const char *text = text_of(reader, value, duration_rule, &status);
    google__protobuf__duration__init(message);
    return text == NULL ? status : google_protobuf_duration_read_text(reader, "", text, message);
}

void google_protobuf_field_mask_write_json(struct json_writer *writer, const Google__Protobuf__FieldMask *message)
{
    struct buf text = BUF_INIT;
    qvt_status status = field_mask_write(&text, message);
    if (status == QVT_OK) {
        status = buf_append_byte(&text, '\0');
    }
    if (status == QVT_OK) {
        json_writer_string(writer, (const char *)text.data);
    } else {
        json_writer_fail(writer, status);
    }
    buf_deinit(&text);
}

qvt_status google_protobuf_field_mask_read_text(struct json_reader *reader, const char *rest, const char *text,
                                                Google__Protobuf__FieldMask *message)
{
    return *rest == '\0' ? field_mask_read(reader, text, message) : json_field_refuse_unknown(reader, rest);
}

qvt_status google_protobuf_field_mask_read_json(struct json_reader *reader, json_t *value,
                                                Google__Protobuf__FieldMask *message)
{
    qvt_status status;
    const char *text = text_of(reader, value, mask_rule, &status);
    google__protobuf__field_mask__init(message);
    return text == NULL ? status : field_mask_read(reader, text, message);
}

void google_protobuf_empty_write_json(struct json_writer *writer, const Google__Protobuf__Empty *message)
{
    (void)message;
    json_writer_begin_object(writer);
    json_writer_end_object(writer);
}

qvt_status google_protobuf_empty_read_json(struct json_reader *reader, json_t *value, Google__Protobuf__Empty *message)
{
    struct json_members members;
    google__protobuf__empty__init(message);
    QVT_TRY(json_members_begin(&members, reader, value, NULL, 0));
    (void)json_members_next(&members, reader);
    return json_members_end(&members, reader);
}
