/* Writes protobuf fields straight into a buffer and remembers the first failure, so that an answer is made without a
 * message tree and without a check a field. */
#ifndef QVT_SERVER_SERVICE_ENCODE_H
#define QVT_SERVER_SERVICE_ENCODE_H

#include <stdbool.h>

#include "base/buf.h"

/* Start with {&buf, QVT_OK}. After a failure (NO_MEMORY) everything is a no-op: look at status once, at the end. */
struct encoder {
    struct buf *out;
    qvt_status status;
};

/* Left out when 0, false or empty. */
void encode_uint(struct encoder *encoder, uint32_t field, uint64_t value);
void encode_bool(struct encoder *encoder, uint32_t field, bool value);
void encode_fixed64(struct encoder *encoder, uint32_t field, uint64_t value);
void encode_bytes(struct encoder *encoder, uint32_t field, qvt_slice value);

/* A submessage given as up to two runs of encoded bytes; written even when empty. */
void encode_message(struct encoder *encoder, uint32_t field, qvt_slice first, qvt_slice second);

/* A submessage written in place: what is encoded between begin and end. Returns the mark for end. */
size_t encode_begin(const struct encoder *encoder);
void encode_end(struct encoder *encoder, uint32_t field, size_t mark);

/* Encoded bytes as they are. */
void encode_raw(struct encoder *encoder, qvt_slice bytes);

/* google.protobuf.Duration or Timestamp, written even when zero. */
void encode_time_us(struct encoder *encoder, uint32_t field, int64_t us);

#endif
