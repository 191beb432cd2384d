#include "rpc/wire/gzip.h"

#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#include "base/check.h"
#include "rpc/wire/frame.h"

enum { GZIP_WINDOW = MAX_WBITS + 16, MEMORY_LEVEL = 8, STEP = 4096 };

/* zlib counts in unsigned int. */
static uInt clamp(size_t len)
{
    return len > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uInt)len;
}

static qvt_status give_room(z_stream *stream, struct buf *out, size_t most)
{
    QVT_TRY(buf_reserve(out, STEP));
    size_t room = out->cap - out->len;
    stream->next_out = out->data + out->len;
    stream->avail_out = clamp(room < most ? room : most);
    return QVT_OK;
}

static qvt_status inflate_all(z_stream *stream, struct buf *out, uint32_t max_len)
{
    size_t base = out->len;
    int result = Z_OK;
    while (result == Z_OK) {
        /* One byte more than is allowed, to see whether there is one. */
        QVT_TRY(give_room(stream, out, (size_t)max_len + 1 - (out->len - base)));
        result = inflate(stream, Z_NO_FLUSH);
        out->len = (size_t)(stream->next_out - out->data);
        if (out->len - base > max_len) {
            return QVT_RESOURCE_EXHAUSTED;
        }
    }
    if (result == Z_MEM_ERROR) {
        return QVT_NO_MEMORY;
    }
    return result == Z_STREAM_END && stream->avail_in == 0 ? QVT_OK : QVT_INTERNAL;
}

qvt_status gzip_inflate(struct buf *out, qvt_slice message, uint32_t max_len)
{
    z_stream stream;
    memset(&stream, 0, sizeof(stream));
    if (message.len > UINT32_MAX / 2) {
        return QVT_RESOURCE_EXHAUSTED;
    }
    if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK) {
        return QVT_NO_MEMORY;
    }
    stream.next_in = message.data;
    stream.avail_in = (uInt)message.len;
    qvt_status status = inflate_all(&stream, out, max_len);
    inflateEnd(&stream);
    return status;
}

static qvt_status deflate_part(z_stream *stream, struct buf *out, int flush)
{
    do {
        QVT_TRY(give_room(stream, out, SIZE_MAX));
        /* With room for output neither step can fail. */
        (void)deflate(stream, flush);
        out->len = (size_t)(stream->next_out - out->data);
    } while (stream->avail_out == 0);
    return QVT_OK;
}

static qvt_status deflate_all(z_stream *stream, struct buf *out, const qvt_slice *parts, size_t part_count)
{
    for (size_t i = 0; i < part_count; i++) {
        qvt_slice rest = parts[i];
        while (rest.len > 0) {
            uInt count = clamp(rest.len);
            stream->next_in = rest.data;
            stream->avail_in = count;
            QVT_TRY(deflate_part(stream, out, Z_NO_FLUSH));
            rest = qvt_slice_make(rest.data + count, rest.len - count);
        }
    }
    return deflate_part(stream, out, Z_FINISH);
}

qvt_status gzip_deflate(struct buf *out, const qvt_slice *parts, size_t part_count)
{
    z_stream stream;
    memset(&stream, 0, sizeof(stream));
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        return QVT_NO_MEMORY;
    }
    qvt_status status = deflate_all(&stream, out, parts, part_count);
    deflateEnd(&stream);
    return status;
}

static qvt_status add_framed(struct buf *out, const qvt_slice *parts, size_t part_count)
{
    static const uint8_t room_for_prefix[FRAME_PREFIX_LEN] = {0};
    size_t start = out->len;
    QVT_TRY(buf_append(out, room_for_prefix, sizeof(room_for_prefix)));
    QVT_TRY(gzip_deflate(out, parts, part_count));
    size_t len = out->len - start - FRAME_PREFIX_LEN;
    if (len > UINT32_MAX) {
        return QVT_RESOURCE_EXHAUSTED;
    }
    frame_write_prefix(out->data + start, true, len);
    return QVT_OK;
}

qvt_status gzip_frame(struct buf *out, const qvt_slice *parts, size_t part_count)
{
    size_t start = out->len;
    qvt_status status = add_framed(out, parts, part_count);
    if (status != QVT_OK) {
        out->len = start;
    }
    return status;
}

bool gzip_is_listed(qvt_slice encodings)
{
    const uint8_t *at = encodings.data;
    size_t left = encodings.len;
    while (left > 0) {
        const uint8_t *comma = memchr(at, ',', left);
        size_t len = comma == NULL ? left : (size_t)(comma - at);
        size_t skip = 0;
        while (skip < len && at[skip] == ' ') {
            skip++;
        }
        size_t end = len;
        while (end > skip && at[end - 1] == ' ') {
            end--;
        }
        if (end - skip == 4 && memcmp(at + skip, "gzip", 4) == 0) {
            return true;
        }
        size_t past = comma == NULL ? len : len + 1;
        at += past;
        left -= past;
    }
    return false;
}
