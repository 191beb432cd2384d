#include "rpc/wire/frame.h"

#include <string.h>

#include "base/check.h"

void frame_write_prefix(uint8_t out[FRAME_PREFIX_LEN], bool compressed, size_t len)
{
    QVT_ASSERT(len <= UINT32_MAX);
    out[0] = compressed ? 1 : 0;
    out[1] = (uint8_t)(len >> 24 & 0xff);
    out[2] = (uint8_t)(len >> 16 & 0xff);
    out[3] = (uint8_t)(len >> 8 & 0xff);
    out[4] = (uint8_t)(len & 0xff);
}

void frame_decoder_init(struct frame_decoder *decoder, uint32_t max_len)
{
    *decoder = (struct frame_decoder){.message = BUF_INIT, .max_len = max_len};
}

void frame_decoder_deinit(struct frame_decoder *decoder)
{
    buf_deinit(&decoder->message);
}

void frame_decoder_reset(struct frame_decoder *decoder, size_t keep_cap)
{
    buf_clear(&decoder->message);
    if (decoder->message.cap > keep_cap) {
        buf_deinit(&decoder->message);
    }
    decoder->prefix_len = 0;
    decoder->ready = false;
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void advance(qvt_slice *input, size_t count)
{
    input->data += count;
    input->len -= count;
}

static void take_prefix(struct frame_decoder *decoder, qvt_slice *input)
{
    size_t count = min_size(input->len, FRAME_PREFIX_LEN - (size_t)decoder->prefix_len);
    if (count > 0) {
        memcpy(decoder->prefix + decoder->prefix_len, input->data, count);
        decoder->prefix_len = (uint8_t)(decoder->prefix_len + count);
        advance(input, count);
    }
}

static qvt_status read_prefix(struct frame_decoder *decoder)
{
    const uint8_t *prefix = decoder->prefix;
    if (prefix[0] > 1) {
        return QVT_INTERNAL;
    }
    decoder->length =
        (uint32_t)prefix[1] << 24 | (uint32_t)prefix[2] << 16 | (uint32_t)prefix[3] << 8 | (uint32_t)prefix[4];
    return decoder->length > decoder->max_len ? QVT_RESOURCE_EXHAUSTED : QVT_OK;
}

qvt_status frame_decoder_take(struct frame_decoder *decoder, qvt_slice *input, bool *whole)
{
    *whole = false;
    if (decoder->ready) {
        decoder->ready = false;
        decoder->prefix_len = 0;
        buf_clear(&decoder->message);
    }
    if (decoder->prefix_len < FRAME_PREFIX_LEN) {
        take_prefix(decoder, input);
        if (decoder->prefix_len < FRAME_PREFIX_LEN) {
            return QVT_OK;
        }
        QVT_TRY(read_prefix(decoder));
    }
    /* Memory grows with what has come, never with what a prefix promises. */
    size_t count = min_size(input->len, decoder->length - decoder->message.len);
    QVT_TRY(buf_append(&decoder->message, input->data, count));
    if (count > 0) {
        advance(input, count);
    }
    decoder->ready = decoder->message.len == decoder->length;
    *whole = decoder->ready;
    return QVT_OK;
}

bool frame_decoder_is_compressed(const struct frame_decoder *decoder)
{
    return decoder->prefix[0] == 1;
}

bool frame_decoder_is_inside(const struct frame_decoder *decoder)
{
    return decoder->prefix_len > 0 && !decoder->ready;
}
