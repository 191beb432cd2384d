/* A growable byte buffer that owns its bytes. */
#ifndef QVT_BASE_BUF_H
#define QVT_BASE_BUF_H

#include "qvt/slice.h"
#include "qvt/status.h"

/* Invariants: len <= cap; data is NULL only when cap is 0. Start from BUF_INIT. */
struct buf {
    uint8_t *data;
    size_t len;
    size_t cap;
};

#define BUF_INIT                                                                                                       \
    {                                                                                                                  \
        NULL, 0, 0                                                                                                     \
    }

/* Frees the bytes and makes the buffer empty again. */
void buf_deinit(struct buf *buf);

/* Forgets the content, keeps the memory. */
void buf_clear(struct buf *buf);

/* Makes room for `extra` bytes after len; growth doubles. NO_MEMORY leaves the buffer as it was. */
QVT_MUST_CHECK qvt_status buf_reserve(struct buf *buf, size_t extra);

QVT_MUST_CHECK qvt_status buf_append(struct buf *buf, const void *bytes, size_t len);
QVT_MUST_CHECK qvt_status buf_append_slice(struct buf *buf, qvt_slice slice);
QVT_MUST_CHECK qvt_status buf_append_text(struct buf *buf, const char *text);
QVT_MUST_CHECK qvt_status buf_append_byte(struct buf *buf, uint8_t byte);
QVT_MUST_CHECK qvt_status buf_printf(struct buf *buf, const char *format, ...) QVT_PRINTF(2, 3);

/* Drops the first `count` bytes (count <= len). */
void buf_drop_front(struct buf *buf, size_t count);

/* Borrowed until the next change of the buffer. */
static inline qvt_slice buf_slice(const struct buf *buf)
{
    return qvt_slice_make(buf->data, buf->len);
}

#endif
