/* One batch of outgoing bytes: a buffer and a list of pieces that point into it or into shared blobs. */
#ifndef QVT_RPC_HTTP2_OUTPUT_H
#define QVT_RPC_HTTP2_OUTPUT_H

#include <stdbool.h>

#include "qvt/blob.h"
#include "qvt/slice.h"

enum {
    HTTP2_OUTPUT_COPIED =
        64 * 1024, /* no new frame is begun beyond so many copied bytes: the peer should have work … */
    HTTP2_OUTPUT_BATCH = 256 * 1024, /* … nor beyond so many of all: a slow peer's rest is copied */
    HTTP2_OUTPUT_CAP = HTTP2_OUTPUT_COPIED + 16 * 1024 + 64, /* room for the frame that crosses it */
    HTTP2_OUTPUT_PIECES = 256,
    HTTP2_OUTPUT_SHARE_MIN = 1024 /* shorter blobs are copied: a piece costs more than the copy */
};

struct http2_piece {
    qvt_slice bytes;
    qvt_blob *blob; /* the reference that keeps the bytes; NULL: they are in the buffer */
};

/* Invariants: total is the sum of the pieces; the pieces are in sending order and none is empty. One output serves all
 * connections of a loop in turn. */
struct http2_output {
    size_t total;
    size_t len;
    size_t count;
    struct http2_piece pieces[HTTP2_OUTPUT_PIECES];
    uint8_t buffer[HTTP2_OUTPUT_CAP];
};

/* Empties the output and drops its references. */
void http2_output_clear(struct http2_output *output);

/* Whether another frame of up to 16 KiB may be added. */
bool http2_output_has_room(const struct http2_output *output);

/* Adds bytes, copied; there must be room. */
void http2_output_add(struct http2_output *output, const void *bytes, size_t len);

/* Adds a part of the blob, by reference where that pays; there must be room. */
void http2_output_add_blob(struct http2_output *output, qvt_blob *blob, qvt_slice part);

#endif
