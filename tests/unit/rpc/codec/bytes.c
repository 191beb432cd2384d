#include "tests/unit/rpc/codec/bytes.h"

#include "base/check.h"

static void put_byte(struct buf *out, uint8_t byte)
{
    QVT_ASSERT(buf_append_byte(out, byte) == QVT_OK);
}

void put_varint(struct buf *out, uint64_t value)
{
    while (value >= 0x80) {
        put_byte(out, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    put_byte(out, (uint8_t)value);
}

void put_tag(struct buf *out, uint32_t number, unsigned wire_type)
{
    put_varint(out, (uint64_t)number << 3 | wire_type);
}

void put_uint(struct buf *out, uint32_t number, uint64_t value)
{
    put_tag(out, number, VARINT);
    put_varint(out, value);
}

void put_bytes(struct buf *out, uint32_t number, qvt_slice bytes)
{
    put_tag(out, number, BYTES);
    put_varint(out, bytes.len);
    QVT_ASSERT(buf_append_slice(out, bytes) == QVT_OK);
}

void put_text(struct buf *out, uint32_t number, const char *text)
{
    put_bytes(out, number, qvt_slice_text(text));
}

/* Built from the inside out, backwards, so that a million levels take no recursion. */
void put_nested(struct buf *out, uint32_t number, unsigned depth)
{
    struct buf reversed = BUF_INIT;
    for (unsigned i = 0; i < depth; i++) {
        struct buf head = BUF_INIT;
        put_tag(&head, number, BYTES);
        put_varint(&head, reversed.len);
        for (size_t at = head.len; at > 0; at--) {
            put_byte(&reversed, head.data[at - 1]);
        }
        buf_deinit(&head);
    }
    for (size_t at = reversed.len; at > 0; at--) {
        put_byte(out, reversed.data[at - 1]);
    }
    buf_deinit(&reversed);
}
