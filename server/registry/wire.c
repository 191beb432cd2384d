#include "server/registry/wire.h"

#include "base/check.h"

#define WIRE_NUMBER_MAX ((1u << 29) - 1u)

static bool read_long_varint(qvt_slice *rest, uint64_t *value)
{
    uint64_t result = 0;
    size_t i = 0;
    for (unsigned shift = 0; shift < 64 && i < rest->len; shift += 7) {
        uint8_t byte = rest->data[i++];
        result |= (uint64_t)(byte & 0x7Fu) << shift;
        if ((byte & 0x80u) == 0) {
            *value = result;
            *rest = qvt_slice_make(rest->data + i, rest->len - i);
            return true;
        }
    }
    return false;
}

/* Nearly all tags and lengths are one byte. */
static inline bool read_varint(qvt_slice *rest, uint64_t *value)
{
    if (rest->len > 0 && rest->data[0] < 0x80u) {
        *value = rest->data[0];
        *rest = qvt_slice_make(rest->data + 1, rest->len - 1);
        return true;
    }
    return read_long_varint(rest, value);
}

static bool read_fixed(qvt_slice *rest, size_t len, uint64_t *value)
{
    if (rest->len < len) {
        return false;
    }
    *value = 0;
    for (size_t i = 0; i < len; i++) {
        *value |= (uint64_t)rest->data[i] << (8 * i);
    }
    *rest = qvt_slice_make(rest->data + len, rest->len - len);
    return true;
}

static bool read_bytes(qvt_slice *rest, qvt_slice *bytes)
{
    uint64_t len;
    if (!read_varint(rest, &len) || len > rest->len) {
        return false;
    }
    *bytes = qvt_slice_make(rest->data, (size_t)len);
    *rest = qvt_slice_make(rest->data + len, rest->len - (size_t)len);
    return true;
}

static bool read_content(qvt_slice *rest, struct wire_field *field)
{
    switch (field->type) {
    case WIRE_VARINT: return read_varint(rest, &field->value);
    case WIRE_FIXED64: return read_fixed(rest, 8, &field->value);
    case WIRE_BYTES: return read_bytes(rest, &field->bytes);
    case WIRE_FIXED32: return read_fixed(rest, 4, &field->value);
    }
    return false;
}

bool wire_next(qvt_slice *rest, struct wire_field *field)
{
    qvt_slice left = *rest;
    uint64_t tag;
    if (!read_varint(&left, &tag) || tag >> 3 == 0 || tag >> 3 > WIRE_NUMBER_MAX) {
        return false;
    }
    field->number = (uint32_t)(tag >> 3);
    field->type = (enum wire_type)(tag & 7u);
    field->value = 0;
    field->bytes = qvt_slice_make(NULL, 0);
    if (!read_content(&left, field)) {
        return false;
    }
    field->raw = qvt_slice_make(rest->data, rest->len - left.len);
    *rest = left;
    return true;
}

int64_t wire_read_time_us(qvt_slice message)
{
    struct wire_field field;
    int64_t seconds = 0;
    int64_t nanos = 0;
    while (wire_next(&message, &field)) {
        if (field.number == 1 && field.type == WIRE_VARINT) {
            seconds = (int64_t)field.value;
        } else if (field.number == 2 && field.type == WIRE_VARINT) {
            nanos = (int32_t)field.value;
        }
    }
    if (seconds > INT64_MAX / 1000000 - 1 || seconds < INT64_MIN / 1000000 + 1) {
        return 0;
    }
    return seconds * 1000000 + nanos / 1000;
}

static size_t varint_len(uint64_t value)
{
    size_t len = 1;
    while (value >= 0x80u) {
        value >>= 7;
        len++;
    }
    return len;
}

static size_t write_varint(uint8_t *out, uint64_t value)
{
    size_t len = 0;
    while (value >= 0x80u) {
        out[len++] = (uint8_t)(value | 0x80u);
        value >>= 7;
    }
    out[len++] = (uint8_t)value;
    return len;
}

static uint64_t make_tag(uint32_t number, enum wire_type type)
{
    QVT_ASSERT(number >= 1 && number <= WIRE_NUMBER_MAX);
    return (uint64_t)number << 3 | (uint64_t)type;
}

qvt_status wire_put_varint(struct buf *out, uint32_t number, uint64_t value)
{
    uint8_t bytes[20];
    size_t len = write_varint(bytes, make_tag(number, WIRE_VARINT));
    len += write_varint(bytes + len, value);
    return buf_append(out, bytes, len);
}

qvt_status wire_put_fixed64(struct buf *out, uint32_t number, uint64_t value)
{
    uint8_t bytes[20];
    size_t len = write_varint(bytes, make_tag(number, WIRE_FIXED64));
    for (unsigned i = 0; i < 8; i++) {
        bytes[len++] = (uint8_t)(value >> (8 * i));
    }
    return buf_append(out, bytes, len);
}

size_t wire_head_len(uint32_t number, size_t len)
{
    return varint_len(make_tag(number, WIRE_BYTES)) + varint_len(len);
}

qvt_status wire_put_head(struct buf *out, uint32_t number, size_t len)
{
    uint8_t bytes[20];
    size_t written = write_varint(bytes, make_tag(number, WIRE_BYTES));
    written += write_varint(bytes + written, len);
    return buf_append(out, bytes, written);
}

qvt_status wire_put_bytes(struct buf *out, uint32_t number, qvt_slice bytes)
{
    QVT_TRY(wire_put_head(out, number, bytes.len));
    return buf_append_slice(out, bytes);
}

qvt_status wire_put_time_us(struct buf *out, uint32_t number, int64_t time_us)
{
    int64_t seconds = time_us / 1000000;
    int64_t micros = time_us % 1000000;
    if (micros < 0) {
        seconds--;
        micros += 1000000;
    }
    uint8_t bytes[24];
    size_t len = 0;
    if (seconds != 0) {
        bytes[len++] = 1u << 3;
        len += write_varint(bytes + len, (uint64_t)seconds);
    }
    if (micros != 0) {
        bytes[len++] = 2u << 3;
        len += write_varint(bytes + len, (uint64_t)micros * 1000u);
    }
    return wire_put_bytes(out, number, qvt_slice_make(bytes, len));
}

qvt_status wire_put_uint(struct buf *out, uint32_t number, uint64_t value)
{
    return value == 0 ? QVT_OK : wire_put_varint(out, number, value);
}

qvt_status wire_put_text(struct buf *out, uint32_t number, qvt_slice text)
{
    return text.len == 0 ? QVT_OK : wire_put_bytes(out, number, text);
}
