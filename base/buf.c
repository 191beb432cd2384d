#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum { CAP_MIN = 64 };

void buf_deinit(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf)BUF_INIT;
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
}

qvt_status buf_reserve(struct buf *buf, size_t extra)
{
    if (extra <= buf->cap - buf->len) {
        return QVT_OK;
    }
    if (extra > SIZE_MAX - buf->len) {
        return QVT_NO_MEMORY;
    }
    size_t need = buf->len + extra;
    size_t cap = buf->cap > SIZE_MAX / 2 ? need : buf->cap * 2;
    if (cap < CAP_MIN) {
        cap = CAP_MIN;
    }
    if (cap < need) {
        cap = need;
    }
    uint8_t *data = realloc(buf->data, cap);
    if (data == NULL) {
        return QVT_NO_MEMORY;
    }
    buf->data = data;
    buf->cap = cap;
    return QVT_OK;
}

qvt_status buf_append(struct buf *buf, const void *bytes, size_t len)
{
    if (len == 0) {
        return QVT_OK;
    }
    QVT_TRY(buf_reserve(buf, len));
    memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    return QVT_OK;
}

qvt_status buf_append_slice(struct buf *buf, qvt_slice slice)
{
    return buf_append(buf, slice.data, slice.len);
}

qvt_status buf_append_text(struct buf *buf, const char *text)
{
    return buf_append(buf, text, strlen(text));
}

qvt_status buf_append_byte(struct buf *buf, uint8_t byte)
{
    return buf_append(buf, &byte, 1);
}

static int format_into(struct buf *buf, const char *format, va_list arguments) QVT_PRINTF(2, 0);

static int format_into(struct buf *buf, const char *format, va_list arguments)
{
    size_t room = buf->cap - buf->len;
    return vsnprintf(room == 0 ? NULL : (char *)buf->data + buf->len, room, format, arguments);
}

qvt_status buf_printf(struct buf *buf, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = format_into(buf, format, arguments);
    va_end(arguments);
    QVT_ASSERT(len >= 0);
    /* vsnprintf also writes a NUL, which needs room but is not part of the content. */
    if ((size_t)len >= buf->cap - buf->len) {
        QVT_TRY(buf_reserve(buf, (size_t)len + 1));
        va_start(arguments, format);
        len = format_into(buf, format, arguments);
        va_end(arguments);
        QVT_ASSERT(len >= 0);
    }
    buf->len += (size_t)len;
    return QVT_OK;
}

void buf_drop_front(struct buf *buf, size_t count)
{
    QVT_ASSERT(count <= buf->len);
    if (count == 0) {
        return;
    }
    buf->len -= count;
    memmove(buf->data, buf->data + count, buf->len);
}
