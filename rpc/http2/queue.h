/* The message bytes that a stream has still to send: copied bytes and shared blobs, in order. */
#ifndef QVT_RPC_HTTP2_QUEUE_H
#define QVT_RPC_HTTP2_QUEUE_H

#include "base/buf.h"
#include "qvt/blob.h"

struct http2_output;
struct http2_segment;

/* Invariants: size is the sum of the segments; a segment without blob is the next bytes of `bytes` from `taken` on.
 * Start from HTTP2_QUEUE_INIT. */
struct http2_queue {
    size_t size;
    struct buf bytes;
    size_t taken;
    struct http2_segment *ring;
    uint32_t first;
    uint32_t count;
    uint32_t cap;
};

#define HTTP2_QUEUE_INIT                                                                                               \
    {                                                                                                                  \
        0, BUF_INIT, 0, NULL, 0, 0, 0                                                                                  \
    }

void http2_queue_deinit(struct http2_queue *queue);

/* Drops the content and its references; keeps the memory up to keep_cap bytes. */
void http2_queue_clear(struct http2_queue *queue, size_t keep_cap);

/* Adds a length-prefixed message: the concatenation of the parts, copied. RESOURCE_EXHAUSTED over 4 GiB, NO_MEMORY;
 * both leave the queue as it was. */
QVT_MUST_CHECK qvt_status http2_queue_add_message(struct http2_queue *queue, const qvt_slice *parts, size_t part_count);

/* Adds a length-prefixed message that is shared; takes a reference of its own until it is sent. As above. */
QVT_MUST_CHECK qvt_status http2_queue_add_blob(struct http2_queue *queue, qvt_blob *message);

/* Adds a length-prefixed message: the concatenation of the parts; takes a reference to each blob until its part is
 * sent. As above. */
QVT_MUST_CHECK qvt_status http2_queue_add_parts(struct http2_queue *queue, const qvt_blob_part *parts,
                                                size_t part_count);

/* Adds plain bytes, copied, without prefix. NO_MEMORY. */
QVT_MUST_CHECK qvt_status http2_queue_add_bytes(struct http2_queue *queue, qvt_slice bytes);

/* Moves the first len bytes to the output, len <= size, room as http2_output demands. */
void http2_queue_move(struct http2_queue *queue, size_t len, struct http2_output *output);

#endif
