#include "json/writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "json/base64.h"

void json_writer_init(struct json_writer *writer, struct buf *out)
{
    *writer = (struct json_writer){.out = out};
}

void json_writer_fail(struct json_writer *writer, qvt_status status)
{
    if (writer->status == QVT_OK) {
        writer->status = status;
    }
}

static void put(struct json_writer *writer, const char *text, size_t len)
{
    if (writer->status == QVT_OK) {
        writer->status = buf_append(writer->out, text, len);
    }
}

static void separate(struct json_writer *writer)
{
    if (writer->comma) {
        put(writer, ",", 1);
    }
    writer->comma = true;
}

void json_writer_raw(struct json_writer *writer, const char *text, size_t len)
{
    separate(writer);
    put(writer, text, len);
}

void json_writer_begin_object(struct json_writer *writer)
{
    if (writer->joined) {
        writer->joined = false;
        return;
    }
    separate(writer);
    put(writer, "{", 1);
    writer->comma = false;
}

void json_writer_end_object(struct json_writer *writer)
{
    put(writer, "}", 1);
    writer->comma = true;
}

void json_writer_join_object(struct json_writer *writer)
{
    writer->joined = true;
}

void json_writer_begin_array(struct json_writer *writer)
{
    separate(writer);
    put(writer, "[", 1);
    writer->comma = false;
}

void json_writer_end_array(struct json_writer *writer)
{
    put(writer, "]", 1);
    writer->comma = true;
}

static void end_name(struct json_writer *writer)
{
    put(writer, ":", 1);
    writer->comma = false;
}

void json_writer_name(struct json_writer *writer, const char *quoted)
{
    json_writer_raw(writer, quoted, strlen(quoted));
    end_name(writer);
}

static void put_escaped(struct json_writer *writer, unsigned char c)
{
    static const char short_forms[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    char escape[8];
    for (size_t i = 0; short_forms[i] != '\0'; i += 2) {
        if ((unsigned char)short_forms[i] == c) {
            escape[0] = '\\';
            escape[1] = short_forms[i + 1];
            put(writer, escape, 2);
            return;
        }
    }
    put(writer, escape, (size_t)snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)c));
}

/* Runs of plain characters are copied at once. */
static void put_string(struct json_writer *writer, const char *text, size_t len)
{
    size_t start = 0;
    if (!utf8_is_valid(qvt_slice_make(text, len))) {
        json_writer_fail(writer, QVT_INVALID_ARGUMENT);
        return;
    }
    put(writer, "\"", 1);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == '"' || c == '\\') {
            put(writer, text + start, i - start);
            put_escaped(writer, c);
            start = i + 1;
        }
    }
    put(writer, text + start, len - start);
    put(writer, "\"", 1);
}

void json_writer_string(struct json_writer *writer, const char *text)
{
    separate(writer);
    put_string(writer, text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
}

void json_writer_key_string(struct json_writer *writer, const char *text)
{
    json_writer_string(writer, text);
    end_name(writer);
}

void json_writer_key_bool(struct json_writer *writer, bool value)
{
    json_writer_name(writer, value ? "\"true\"" : "\"false\"");
}

void json_writer_key_int(struct json_writer *writer, int64_t value)
{
    json_writer_int64(writer, value);
    end_name(writer);
}

void json_writer_key_uint(struct json_writer *writer, uint64_t value)
{
    json_writer_uint64(writer, value);
    end_name(writer);
}

void json_writer_bytes(struct json_writer *writer, ProtobufCBinaryData bytes)
{
    size_t len = base64_text_len(bytes.len);
    separate(writer);
    put(writer, "\"", 1);
    if (writer->status == QVT_OK) {
        writer->status = buf_reserve(writer->out, len);
    }
    if (writer->status == QVT_OK) {
        base64_write((char *)writer->out->data + writer->out->len, qvt_slice_make(bytes.data, bytes.len));
        writer->out->len += len;
    }
    put(writer, "\"", 1);
}

void json_writer_bool(struct json_writer *writer, protobuf_c_boolean value)
{
    json_writer_raw(writer, value ? "true" : "false", value ? 4 : 5);
}

void json_writer_int32(struct json_writer *writer, int32_t value)
{
    char text[16];
    json_writer_raw(writer, text, (size_t)snprintf(text, sizeof(text), "%" PRId32, value));
}

void json_writer_uint32(struct json_writer *writer, uint32_t value)
{
    char text[16];
    json_writer_raw(writer, text, (size_t)snprintf(text, sizeof(text), "%" PRIu32, value));
}

void json_writer_int64(struct json_writer *writer, int64_t value)
{
    char text[32];
    json_writer_raw(writer, text, (size_t)snprintf(text, sizeof(text), "\"%" PRId64 "\"", value));
}

void json_writer_uint64(struct json_writer *writer, uint64_t value)
{
    char text[32];
    json_writer_raw(writer, text, (size_t)snprintf(text, sizeof(text), "\"%" PRIu64 "\"", value));
}

void json_writer_enum(struct json_writer *writer, const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);
    if (known == NULL) {
        json_writer_int32(writer, value);
    } else {
        json_writer_string(writer, known->name);
    }
}
