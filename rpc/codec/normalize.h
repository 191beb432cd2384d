/* Rewrites an encoded message into an equal one in which every singular message stands once. */
#ifndef QVT_RPC_CODEC_NORMALIZE_H
#define QVT_RPC_CODEC_NORMALIZE_H

#include <protobuf-c/protobuf-c.h>

#include "base/buf.h"
#include "qvt/slice.h"

/* Appends the message to `out` without groups, and with the occurrences of each singular message put together as one
 * (protobuf encoding: merging equals concatenating the encodings). wire has passed precheck_run. The result is never
 * longer than wire and has to pass precheck_run itself, since its cost differs. NO_MEMORY. */
QVT_MUST_CHECK qvt_status normalize_run(struct buf *out, const ProtobufCMessageDescriptor *type, qvt_slice wire);

#endif
