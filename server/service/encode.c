#include "server/service/encode.h"

#include "server/registry/wire.h"

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

void encode_end(struct encoder *encoder, uint32_t field, size_t mark)
{
    uint8_t head[16];
    size_t content = encoder->out->len - mark;
    if (encoder->status == QVT_OK) {
        note(encoder, wire_put_head(encoder->out, field, content));
    }
    if (encoder->status == QVT_OK) {
        size_t len = encoder->out->len - mark - content;
        memcpy(head, encoder->out->data + mark + content, len);
        memmove(encoder->out->data + mark + len, encoder->out->data + mark, content);
        memcpy(encoder->out->data + mark, head, len);
    }
}

void encode_time_us(struct encoder *encoder, uint32_t field, int64_t us)
{
    if (encoder->status == QVT_OK) {
        note(encoder, wire_put_time_us(encoder->out, field, us));
    }
}
