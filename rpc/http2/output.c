#include "rpc/http2/output.h"

#include <string.h>

#include "base/check.h"

void http2_output_clear(struct http2_output *output)
{
    for (size_t i = 0; i < output->count; i++) {
        qvt_blob_unref(output->pieces[i].blob);
    }
    output->total = 0;
    output->len = 0;
    output->count = 0;
}

bool http2_output_has_room(const struct http2_output *output)
{
    return output->len < HTTP2_OUTPUT_COPIED && output->total < HTTP2_OUTPUT_BATCH;
}

void http2_output_add(struct http2_output *output, const void *bytes, size_t len)
{
    QVT_ASSERT(len <= HTTP2_OUTPUT_CAP - output->len);
    if (len == 0) {
        return;
    }
    struct http2_piece *last = output->count == 0 ? NULL : &output->pieces[output->count - 1];
    if (last == NULL || last->blob != NULL) {
        QVT_ASSERT(output->count < HTTP2_OUTPUT_PIECES);
        last = &output->pieces[output->count++];
        *last = (struct http2_piece){{output->buffer + output->len, 0}, NULL};
    }
    memcpy(output->buffer + output->len, bytes, len);
    last->bytes.len += len;
    output->len += len;
    output->total += len;
}

void http2_output_add_blob(struct http2_output *output, qvt_blob *blob, qvt_slice part)
{
    /* The last piece is left for bytes, so that whatever follows can still be copied. */
    if (part.len < HTTP2_OUTPUT_SHARE_MIN || output->count + 2 > HTTP2_OUTPUT_PIECES) {
        http2_output_add(output, part.data, part.len);
        return;
    }
    output->pieces[output->count++] = (struct http2_piece){part, qvt_blob_ref(blob)};
    output->total += part.len;
}
