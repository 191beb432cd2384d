/* The message encoding `gzip` (grpc compression): RFC 1952, one member a message. */
#ifndef QVT_RPC_WIRE_GZIP_H
#define QVT_RPC_WIRE_GZIP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Appends the decompressed message, at most max_len bytes. RESOURCE_EXHAUSTED as soon as it is longer, INTERNAL for what
 * is corrupt, cut off or followed by something else, NO_MEMORY; what was appended until then stays. */
QVT_MUST_CHECK qvt_status gzip_inflate(struct buf *out, qvt_slice message, uint32_t max_len);

/* Appends the compressed concatenation of the parts. NO_MEMORY; what was appended until then stays. */
QVT_MUST_CHECK qvt_status gzip_deflate(struct buf *out, const qvt_slice *parts, size_t part_count);

/* Appends a whole message in its form on the wire, prefix and compressed parts. RESOURCE_EXHAUSTED over 4 GiB, NO_MEMORY;
 * both leave out as it was. */
QVT_MUST_CHECK qvt_status gzip_frame(struct buf *out, const qvt_slice *parts, size_t part_count);

/* Whether a list of encodings, such as the value of `grpc-accept-encoding`, names gzip. */
bool gzip_is_listed(qvt_slice encodings);

#endif
