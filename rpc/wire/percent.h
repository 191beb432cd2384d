/* Percent-coding of `grpc-message` (grpc PROTOCOL-HTTP2): every byte outside 0x20-0x7E and `%` as %XX, upper case. */
#ifndef QVT_RPC_WIRE_PERCENT_H
#define QVT_RPC_WIRE_PERCENT_H

#include "base/buf.h"

/* Appends the encoding. NO_MEMORY leaves out as it was. */
QVT_MUST_CHECK qvt_status percent_encode(struct buf *out, qvt_slice text);

/* Appends the decoding; never fails on content: a `%` without two hex digits stands for itself. NO_MEMORY leaves out as
 * it was. */
QVT_MUST_CHECK qvt_status percent_decode(struct buf *out, qvt_slice text);

#endif
