#include "rpc/http2/queue.h"

#include <stdlib.h>

#include "base/check.h"
#include "rpc/http2/output.h"
#include "rpc/wire/frame.h"

/* A run of bytes: the next of queue->bytes, or the last of the prefix and then those of the blob from `at` on. */
struct http2_segment {
    qvt_blob *blob;
    const uint8_t *at;
    size_t left; /* of both */
    uint8_t prefix[FRAME_PREFIX_LEN];
    uint8_t prefix_left;
};

enum { RING_MIN = 4 };

static struct http2_segment *segment_at(const struct http2_queue *queue, uint32_t i)
{
    return &queue->ring[(queue->first + i) & (queue->cap - 1)];
}

void http2_queue_clear(struct http2_queue *queue, size_t keep_cap)
{
    for (uint32_t i = 0; i < queue->count; i++) {
        qvt_blob_unref(segment_at(queue, i)->blob);
    }
    buf_clear(&queue->bytes);
    if (queue->bytes.cap > keep_cap) {
        buf_deinit(&queue->bytes);
    }
    if (queue->cap > RING_MIN) {
        free(queue->ring);
        queue->ring = NULL;
        queue->cap = 0;
    }
    queue->size = 0;
    queue->taken = 0;
    queue->first = 0;
    queue->count = 0;
}

void http2_queue_deinit(struct http2_queue *queue)
{
    http2_queue_clear(queue, 0);
    buf_deinit(&queue->bytes);
    free(queue->ring);
    *queue = (struct http2_queue)HTTP2_QUEUE_INIT;
}

static qvt_status reserve_segments(struct http2_queue *queue, size_t extra)
{
    if (extra <= queue->cap - queue->count) {
        return QVT_OK;
    }
    if (queue->cap > UINT32_MAX / 4 || extra > UINT32_MAX / 4) {
        return QVT_NO_MEMORY;
    }
    uint32_t cap = queue->cap == 0 ? RING_MIN : queue->cap * 2;
    while (cap - queue->count < extra) {
        cap *= 2;
    }
    struct http2_segment *ring = malloc(cap * sizeof(*ring));
    if (ring == NULL) {
        return QVT_NO_MEMORY;
    }
    for (uint32_t i = 0; i < queue->count; i++) {
        ring[i] = *segment_at(queue, i);
    }
    free(queue->ring);
    queue->ring = ring;
    queue->first = 0;
    queue->cap = cap;
    return QVT_OK;
}

/* Room for len bytes and so many segments. */
static qvt_status reserve(struct http2_queue *queue, size_t len, size_t segments)
{
    struct buf *bytes = &queue->bytes;
    if (queue->taken > 0 && len > bytes->cap - bytes->len && queue->taken >= bytes->len / 2) {
        buf_drop_front(bytes, queue->taken);
        queue->taken = 0;
    }
    QVT_TRY(reserve_segments(queue, segments));
    return buf_reserve(bytes, len);
}

static void push(struct http2_queue *queue, qvt_blob *blob, qvt_slice part)
{
    size_t len = part.len;
    if (len == 0) {
        return;
    }
    queue->size += len;
    struct http2_segment *last = queue->count == 0 ? NULL : segment_at(queue, queue->count - 1);
    if (blob == NULL && last != NULL && last->blob == NULL) {
        last->left += len;
        return;
    }
    queue->count++;
    *segment_at(queue, queue->count - 1) = (struct http2_segment){.blob = blob, .at = part.data, .left = len};
}

static void put(struct http2_queue *queue, const void *bytes, size_t len)
{
    qvt_status status = buf_append(&queue->bytes, bytes, len);
    QVT_ASSERT(status == QVT_OK);
    push(queue, NULL, qvt_slice_make(NULL, len));
}

static void put_prefix(struct http2_queue *queue, size_t len)
{
    uint8_t prefix[FRAME_PREFIX_LEN];
    frame_write_prefix(prefix, false, len);
    put(queue, prefix, sizeof(prefix));
}

qvt_status http2_queue_add_message(struct http2_queue *queue, const qvt_slice *parts, size_t part_count)
{
    size_t len = 0;
    for (size_t i = 0; i < part_count; i++) {
        if (parts[i].len > UINT32_MAX - len) {
            return QVT_RESOURCE_EXHAUSTED;
        }
        len += parts[i].len;
    }
    QVT_TRY(reserve(queue, FRAME_PREFIX_LEN + len, 1));
    put_prefix(queue, len);
    for (size_t i = 0; i < part_count; i++) {
        put(queue, parts[i].data, parts[i].len);
    }
    return QVT_OK;
}

/* How much of the parts is to be copied, and shared. */
static qvt_status measure(const qvt_blob_part *parts, size_t part_count, size_t *copied, size_t *shared)
{
    *copied = *shared = 0;
    for (size_t i = 0; i < part_count; i++) {
        size_t *sum = parts[i].blob == NULL ? copied : shared;
        if (parts[i].bytes.len > UINT32_MAX - *copied - *shared) {
            return QVT_RESOURCE_EXHAUSTED;
        }
        *sum += parts[i].bytes.len;
    }
    return QVT_OK;
}

qvt_status http2_queue_add_parts(struct http2_queue *queue, const qvt_blob_part *parts, size_t part_count)
{
    size_t copied;
    size_t shared;
    QVT_TRY(measure(parts, part_count, &copied, &shared));
    QVT_TRY(reserve(queue, FRAME_PREFIX_LEN + copied, part_count + 1));
    put_prefix(queue, copied + shared);
    for (size_t i = 0; i < part_count; i++) {
        if (parts[i].blob == NULL) {
            put(queue, parts[i].bytes.data, parts[i].bytes.len);
        } else if (parts[i].bytes.len > 0) {
            push(queue, qvt_blob_ref(parts[i].blob), parts[i].bytes);
        }
    }
    return QVT_OK;
}

qvt_status http2_queue_add_blob(struct http2_queue *queue, qvt_blob *message)
{
    qvt_slice bytes = qvt_blob_slice(message);
    if (bytes.len == 0 || bytes.len > UINT32_MAX) {
        qvt_blob_part whole = {bytes, message};
        return http2_queue_add_parts(queue, &whole, 1);
    }
    QVT_TRY(reserve_segments(queue, 1));
    struct http2_segment *segment = segment_at(queue, queue->count++);
    *segment = (struct http2_segment){.blob = qvt_blob_ref(message), .at = bytes.data};
    segment->left = FRAME_PREFIX_LEN + bytes.len;
    segment->prefix_left = FRAME_PREFIX_LEN;
    frame_write_prefix(segment->prefix, false, bytes.len);
    queue->size += segment->left;
    return QVT_OK;
}

qvt_status http2_queue_add_bytes(struct http2_queue *queue, qvt_slice bytes)
{
    QVT_TRY(reserve(queue, bytes.len, 1));
    put(queue, bytes.data, bytes.len);
    return QVT_OK;
}

static void move_bytes(struct http2_queue *queue, size_t len, struct http2_output *output)
{
    http2_output_add(output, queue->bytes.data + queue->taken, len);
    queue->taken += len;
    if (queue->taken == queue->bytes.len) {
        queue->taken = 0;
        buf_clear(&queue->bytes);
    }
}

static void move_blob(struct http2_segment *segment, size_t len, struct http2_output *output)
{
    size_t prefix = len < segment->prefix_left ? len : segment->prefix_left;
    if (prefix > 0) {
        http2_output_add(output, segment->prefix + FRAME_PREFIX_LEN - segment->prefix_left, prefix);
        segment->prefix_left = (uint8_t)(segment->prefix_left - prefix);
        len -= prefix;
    }
    if (len > 0) {
        http2_output_add_blob(output, segment->blob, qvt_slice_make(segment->at, len));
        segment->at += len;
    }
}

void http2_queue_move(struct http2_queue *queue, size_t len, struct http2_output *output)
{
    QVT_ASSERT(len <= queue->size);
    queue->size -= len;
    while (len > 0) {
        struct http2_segment *segment = segment_at(queue, 0);
        size_t count = len < segment->left ? len : segment->left;
        if (segment->blob == NULL) {
            move_bytes(queue, count, output);
        } else {
            move_blob(segment, count, output);
        }
        segment->left -= count;
        len -= count;
        if (segment->left == 0) {
            qvt_blob_unref(segment->blob);
            queue->first = (queue->first + 1) & (queue->cap - 1);
            queue->count--;
        }
    }
}
