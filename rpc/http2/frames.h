/* Follows the boundaries of the frames in received bytes: so that DATA can be judged which nghttp2 drops without a word,
 * that of streams it knows no more, and so that it is known whether a header block is whole. */
#ifndef QVT_RPC_HTTP2_FRAMES_H
#define QVT_RPC_HTTP2_FRAMES_H

#include <stdbool.h>

#include <nghttp2/nghttp2.h>

#include "qvt/slice.h"

enum { HTTP2_FRAME_HEAD_LEN = 9, HTTP2_PREFACE_LEN = 24 };

/* Invariant: head_len < HTTP2_FRAME_HEAD_LEN, and 0 while skip > 0. */
struct http2_frames {
    size_t skip; /* bytes before the next frame's head */
    size_t head_len;
    uint8_t head[HTTP2_FRAME_HEAD_LEN];
    bool in_block;      /* the frame is of a header block */
    bool block_goes_on; /* in its next frame */
    uint32_t blocks;    /* begun so far */
};

/* Whether a header block has begun that is not whole (RFC 9113 §4.3). */
static inline bool http2_frames_in_block(const struct http2_frames *frames)
{
    return frames->in_block && (frames->block_goes_on || frames->skip > 0);
}

/* preface_len: bytes before the first frame. */
static inline void http2_frames_init(struct http2_frames *frames, size_t preface_len)
{
    *frames = (struct http2_frames){.skip = preface_len};
}

/* Goes on at bytes.data[*at] to the end of the next frame's head, or to the end of the bytes. True: the head is whole and
 * in out. */
bool http2_frames_next(struct http2_frames *frames, qvt_slice bytes, size_t *at, nghttp2_frame_hd *out);

#endif
