#include "server/registry/wire.h"

#include "base/check.h"

#define WIRE_NUMBER_MAX ((1u << 29) - 1u)

/* Readers return where they stopped; NULL: the bytes end too early. */
static const uint8_t *read_long_varint(const uint8_t *at, const uint8_t *end, uint64_t *value)
{
    uint64_t result = 0;
    for (unsigned shift = 0; shift < 64 && at < end; shift += 7) {
        uint8_t byte = *at++;
        result |= (uint64_t)(byte & 0x7Fu) << shift;
        if ((byte & 0x80u) == 0) {
            *value = result;
            return at;
        }
    }
    return NULL;
}

/* Nearly all tags and lengths are one byte. */
static inline const uint8_t *read_varint(const uint8_t *at, const uint8_t *end, uint64_t *value)
{
    if (at < end && *at < 0x80u) {
        *value = *at;
        return at + 1;
    }
    return read_long_varint(at, end, value);
}

static const uint8_t *read_fixed(const uint8_t *at, const uint8_t *end, size_t len, uint64_t *value)
{
    if ((size_t)(end - at) < len) {
        return NULL;
    }
    *value = 0;
    for (size_t i = 0; i < len; i++) {
        *value |= (uint64_t)at[i] << (8 * i);
    }
    return at + len;
}

static inline const uint8_t *read_bytes(const uint8_t *at, const uint8_t *end, qvt_slice *bytes)
{
    uint64_t len;
    at = read_varint(at, end, &len);
    if (at == NULL || len > (size_t)(end - at)) {
        return NULL;
    }
    *bytes = qvt_slice_make(at, (size_t)len);
    return at + len;
}

static inline const uint8_t *read_content(const uint8_t *at, const uint8_t *end, struct wire_field *field)
{
    switch (field->type) {
    case WIRE_VARINT: return read_varint(at, end, &field->value);
    case WIRE_FIXED64: return read_fixed(at, end, 8, &field->value);
    case WIRE_BYTES: return read_bytes(at, end, &field->bytes);
    case WIRE_FIXED32: return read_fixed(at, end, 4, &field->value);
    }
    return NULL;
}

bool wire_next_any(qvt_slice *rest, struct wire_field *field)
{
    if (rest->len == 0) {
        return false;
    }
    const uint8_t *begin = rest->data;
    const uint8_t *end = begin + rest->len;
    uint64_t tag;
    const uint8_t *at = read_varint(begin, end, &tag);
    if (at == NULL || tag >> 3 == 0 || tag >> 3 > WIRE_NUMBER_MAX) {
        return false;
    }
    field->number = (uint32_t)(tag >> 3);
    field->type = (enum wire_type)(tag & 7u);
    field->value = 0;
    field->bytes = qvt_slice_make(NULL, 0);
    at = read_content(at, end, field);
    if (at == NULL) {
        return false;
    }
    field->raw = qvt_slice_make(begin, (size_t)(at - begin));
    *rest = qvt_slice_make(at, (size_t)(end - at));
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

enum { VARINT_MAX = 10, HEAD_MAX = 2 * VARINT_MAX };

static size_t varint_len(uint64_t value)
{
    size_t len = 1;
    while (value >= 0x80u) {
        value >>= 7;
        len++;
    }
    return len;
}

/* Returns where it ends. */
static inline uint8_t *write_varint(uint8_t *out, uint64_t value)
{
    while (value >= 0x80u) {
        *out++ = (uint8_t)(value | 0x80u);
        value >>= 7;
    }
    *out++ = (uint8_t)value;
    return out;
}

static uint64_t make_tag(uint32_t number, enum wire_type type)
{
    QVT_ASSERT(number >= 1 && number <= WIRE_NUMBER_MAX);
    return (uint64_t)number << 3 | (uint64_t)type;
}

/* Where the next bytes go, of which there may be `most`; NULL: out of memory. */
static inline uint8_t *begin(struct buf *out, size_t most)
{
    return buf_reserve(out, most) == QVT_OK ? out->data + out->len : NULL;
}

static inline qvt_status end(struct buf *out, const uint8_t *at)
{
    out->len = (size_t)(at - out->data);
    return QVT_OK;
}

qvt_status wire_put_varint(struct buf *out, uint32_t number, uint64_t value)
{
    uint8_t *at = begin(out, HEAD_MAX);
    if (at == NULL) {
        return QVT_NO_MEMORY;
    }
    return end(out, write_varint(write_varint(at, make_tag(number, WIRE_VARINT)), value));
}

qvt_status wire_put_fixed64(struct buf *out, uint32_t number, uint64_t value)
{
    uint8_t *at = begin(out, HEAD_MAX);
    if (at == NULL) {
        return QVT_NO_MEMORY;
    }
    at = write_varint(at, make_tag(number, WIRE_FIXED64));
    for (unsigned i = 0; i < 8; i++) {
        *at++ = (uint8_t)(value >> (8 * i));
    }
    return end(out, at);
}

size_t wire_head_len(uint32_t number, size_t len)
{
    return varint_len(make_tag(number, WIRE_BYTES)) + varint_len(len);
}

qvt_status wire_put_head(struct buf *out, uint32_t number, size_t len)
{
    uint8_t *at = begin(out, HEAD_MAX);
    if (at == NULL) {
        return QVT_NO_MEMORY;
    }
    return end(out, write_varint(write_varint(at, make_tag(number, WIRE_BYTES)), len));
}

qvt_status wire_put_bytes(struct buf *out, uint32_t number, qvt_slice bytes)
{
    uint8_t *at = begin(out, HEAD_MAX + bytes.len);
    if (at == NULL) {
        return QVT_NO_MEMORY;
    }
    at = write_varint(write_varint(at, make_tag(number, WIRE_BYTES)), bytes.len);
    if (bytes.len > 0) {
        memcpy(at, bytes.data, bytes.len);
    }
    return end(out, at + bytes.len);
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
    uint8_t *at = bytes;
    if (seconds != 0) {
        *at++ = 1u << 3;
        at = write_varint(at, (uint64_t)seconds);
    }
    if (micros != 0) {
        *at++ = 2u << 3;
        at = write_varint(at, (uint64_t)micros * 1000u);
    }
    return wire_put_bytes(out, number, qvt_slice_make(bytes, (size_t)(at - bytes)));
}

qvt_status wire_put_uint(struct buf *out, uint32_t number, uint64_t value)
{
    return value == 0 ? QVT_OK : wire_put_varint(out, number, value);
}

qvt_status wire_put_text(struct buf *out, uint32_t number, qvt_slice text)
{
    return text.len == 0 ? QVT_OK : wire_put_bytes(out, number, text);
}
