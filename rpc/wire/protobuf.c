#include "rpc/wire/protobuf.h"

#include <string.h>

#include "base/check.h"

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5, VARINT_MAX = 10 };

static size_t format_varint(uint8_t out[VARINT_MAX], uint64_t value)
{
    size_t len = 0;
    while (value > 0x7f) {
        out[len++] = (uint8_t)(value & 0x7f) | 0x80;
        value >>= 7;
    }
    out[len++] = (uint8_t)value;
    return len;
}

static qvt_status put_plain_varint(struct buf *out, uint64_t value)
{
    uint8_t bytes[VARINT_MAX];
    return buf_append(out, bytes, format_varint(bytes, value));
}

static qvt_status put_tag(struct buf *out, uint32_t field, uint32_t type)
{
    return put_plain_varint(out, (uint64_t)field << 3 | type);
}

qvt_status protobuf_put_varint(struct buf *out, uint32_t field, uint64_t value)
{
    QVT_TRY(put_tag(out, field, WIRE_VARINT));
    return put_plain_varint(out, value);
}

qvt_status protobuf_put_bytes(struct buf *out, uint32_t field, qvt_slice bytes)
{
    QVT_TRY(put_tag(out, field, WIRE_BYTES));
    QVT_TRY(put_plain_varint(out, bytes.len));
    return buf_append_slice(out, bytes);
}

qvt_status protobuf_open(struct buf *out, uint32_t field, size_t *mark)
{
    QVT_TRY(put_tag(out, field, WIRE_BYTES));
    *mark = out->len;
    return QVT_OK;
}

qvt_status protobuf_close(struct buf *out, size_t mark)
{
    uint8_t length[VARINT_MAX];
    size_t content = out->len - mark;
    size_t count = format_varint(length, content);
    QVT_TRY(buf_reserve(out, count));
    memmove(out->data + mark + count, out->data + mark, content);
    memcpy(out->data + mark, length, count);
    out->len += count;
    return QVT_OK;
}

static qvt_status take_varint(qvt_slice *input, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < input->len && i < VARINT_MAX; i++) {
        uint8_t byte = input->data[i];
        if (i == VARINT_MAX - 1 && byte > 1) {
            break;
        }
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *input = qvt_slice_make(input->data + i + 1, input->len - i - 1);
            *out = value;
            return QVT_OK;
        }
    }
    return QVT_INVALID_ARGUMENT;
}

static qvt_status take_run(qvt_slice *input, uint64_t len, qvt_slice *out)
{
    if (len > input->len) {
        return QVT_INVALID_ARGUMENT;
    }
    *out = qvt_slice_make(input->data, (size_t)len);
    *input = qvt_slice_make(input->data + len, input->len - (size_t)len);
    return QVT_OK;
}

qvt_status protobuf_next(qvt_slice *input, struct protobuf_field *out)
{
    uint64_t tag = 0;
    uint64_t len = 0;
    QVT_TRY(take_varint(input, &tag));
    if (tag >> 3 == 0 || tag > UINT32_MAX) {
        return QVT_INVALID_ARGUMENT;
    }
    *out = (struct protobuf_field){.number = (uint32_t)(tag >> 3)};
    switch (tag & 7) {
    case WIRE_VARINT: return take_varint(input, &out->value);
    case WIRE_FIXED64: return take_run(input, 8, &out->bytes);
    case WIRE_FIXED32: return take_run(input, 4, &out->bytes);
    case WIRE_BYTES:
        out->is_bytes = true;
        QVT_TRY(take_varint(input, &len));
        return take_run(input, len, &out->bytes);
    default: return QVT_INVALID_ARGUMENT;
    }
}
