#include "server/service/encode.h"

#include "server/registry/wire.h"

/* A shorter value costs more as a part of its own than copied. */
enum { SHARED_MIN = 1024 };

static void note(struct encoder *encoder, qvt_status status)
{
    if (status != QVT_OK) {
        encoder->status = status;
    }
}

void encode_uint(struct encoder *encoder, uint32_t field, uint64_t value)
{
    if (encoder->status == QVT_OK) {
        note(encoder, wire_put_uint(encoder->out, field, value));
    }
}

void encode_bool(struct encoder *encoder, uint32_t field, bool value)
{
    encode_uint(encoder, field, value ? 1 : 0);
}

void encode_fixed64(struct encoder *encoder, uint32_t field, uint64_t value)
{
    if (encoder->status == QVT_OK && value != 0) {
        note(encoder, wire_put_fixed64(encoder->out, field, value));
    }
}

void encode_bytes(struct encoder *encoder, uint32_t field, qvt_slice value)
{
    if (encoder->status == QVT_OK) {
        note(encoder, wire_put_text(encoder->out, field, value));
    }
}

void encode_raw(struct encoder *encoder, qvt_slice bytes)
{
    if (encoder->status == QVT_OK) {
        note(encoder, buf_append_slice(encoder->out, bytes));
    }
}

void encode_message(struct encoder *encoder, uint32_t field, qvt_slice first, qvt_slice second)
{
    if (encoder->status == QVT_OK) {
        note(encoder, wire_put_head(encoder->out, field, first.len + second.len));
    }
    encode_raw(encoder, first);
    encode_raw(encoder, second);
}

size_t encode_begin(const struct encoder *encoder)
{
    return encoder->out->len;
}

/* Puts the head of a field before the content since the mark; its length. */
static size_t insert_head(struct encoder *encoder, uint32_t field, size_t mark, size_t field_len)
{
    uint8_t head[16];
    size_t content = encoder->out->len - mark;
    if (encoder->status == QVT_OK) {
        note(encoder, wire_put_head(encoder->out, field, field_len));
    }
    if (encoder->status != QVT_OK) {
        return 0;
    }
    size_t len = encoder->out->len - mark - content;
    memcpy(head, encoder->out->data + mark + content, len);
    memmove(encoder->out->data + mark + len, encoder->out->data + mark, content);
    memcpy(encoder->out->data + mark, head, len);
    return len;
}

void encode_end(struct encoder *encoder, uint32_t field, size_t mark)
{
    (void)insert_head(encoder, field, mark, encoder->out->len - mark);
}

static void insert_copy(struct encoder *encoder, size_t at, qvt_slice bytes)
{
    size_t after = encoder->out->len - at;
    if (encoder->status == QVT_OK) {
        note(encoder, buf_reserve(encoder->out, bytes.len));
    }
    if (encoder->status == QVT_OK && bytes.len > 0) {
        memmove(encoder->out->data + at + bytes.len, encoder->out->data + at, after);
        memcpy(encoder->out->data + at, bytes.data, bytes.len);
        encoder->out->len += bytes.len;
    }
}

void encode_end_with(struct encoder *encoder, struct encode_shares *shares, uint32_t field, size_t mark,
                     const struct image *image)
{
    qvt_slice value = image_value(image);
    size_t at = mark + insert_head(encoder, field, mark, value.len + encoder->out->len - mark);
    if (value.len < SHARED_MIN) {
        insert_copy(encoder, at, value);
    } else if (encoder->status == QVT_OK) {
        struct encode_share share = {at, image};
        note(encoder, buf_append(&shares->list, &share, sizeof(share)));
        shares->bytes += value.len;
    }
}

void encode_take_back(struct encoder *encoder, struct encode_shares *shares, size_t mark)
{
    const struct encode_share *all = (const void *)shares->list.data;
    size_t count = shares->list.len / sizeof(*all);
    encoder->out->len = mark;
    for (; count > 0 && all[count - 1].offset > mark; count--) {
        shares->bytes -= image_value(all[count - 1].image).len;
    }
    shares->list.len = count * sizeof(*all);
}

void encode_time_us(struct encoder *encoder, uint32_t field, int64_t us)
{
    if (encoder->status == QVT_OK) {
        note(encoder, wire_put_time_us(encoder->out, field, us));
    }
}
