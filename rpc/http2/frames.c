#include "rpc/http2/frames.h"

#include <string.h>

static size_t min_size(size_t left, size_t right)
{
    return left < right ? left : right;
}

static void parse(const uint8_t *head, nghttp2_frame_hd *out)
{
    *out = (nghttp2_frame_hd){
        .length = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2],
        .type = head[3],
        .flags = head[4],
        .stream_id =
            (int32_t)((uint32_t)(head[5] & 0x7f) << 24 | (uint32_t)head[6] << 16 | (uint32_t)head[7] << 8 | head[8]),
    };
}

static void note_block(struct http2_frames *frames, const nghttp2_frame_hd *head)
{
    frames->in_block = head->type == NGHTTP2_HEADERS || head->type == NGHTTP2_CONTINUATION;
    frames->block_goes_on = (head->flags & NGHTTP2_FLAG_END_HEADERS) == 0;
    frames->blocks += head->type == NGHTTP2_HEADERS ? 1 : 0;
}

bool http2_frames_next(struct http2_frames *frames, qvt_slice bytes, size_t *at, nghttp2_frame_hd *out)
{
    size_t skipped = min_size(frames->skip, bytes.len - *at);
    frames->skip -= skipped;
    *at += skipped;
    size_t taken = min_size(HTTP2_FRAME_HEAD_LEN - frames->head_len, bytes.len - *at);
    if (frames->skip > 0 || taken == 0) {
        return false;
    }
    memcpy(frames->head + frames->head_len, bytes.data + *at, taken);
    frames->head_len += taken;
    *at += taken;
    if (frames->head_len < HTTP2_FRAME_HEAD_LEN) {
        return false;
    }
    parse(frames->head, out);
    frames->head_len = 0;
    frames->skip = out->length;
    note_block(frames, out);
    return true;
}
