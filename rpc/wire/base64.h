/* Base64 of `-bin` metadata values: the standard alphabet, no padding out, padding optional in (grpc
 * PROTOCOL-HTTP2). */
#ifndef QVT_RPC_WIRE_BASE64_H
#define QVT_RPC_WIRE_BASE64_H

#include <stddef.h>

#include "base/buf.h"

/* The characters that encode len bytes. len <= SIZE_MAX / 2. */
static inline size_t base64_encoded_len(size_t len)
{
    return len / 3 * 4 + (len % 3 == 0 ? 0 : len % 3 + 1);
}

/* Appends the encoding. NO_MEMORY leaves out as it was. */
QVT_MUST_CHECK qvt_status base64_encode(struct buf *out, qvt_slice bytes);

/* Appends the decoded bytes. INVALID_ARGUMENT for other characters, misplaced padding or an impossible length,
 * NO_MEMORY; both leave out as it was. */
QVT_MUST_CHECK qvt_status base64_decode(struct buf *out, qvt_slice text);

#endif
