/* Writes protobuf fields straight into a buffer and remembers the first failure, so that an answer is made without a
 * message tree and without a check a field. */
#ifndef QVT_SERVER_SERVICE_ENCODE_H
#define QVT_SERVER_SERVICE_ENCODE_H

#include <stdbool.h>

#include "base/buf.h"
#include "server/registry/image.h"

/* Start with {&buf, QVT_OK}. After a failure (NO_MEMORY) everything is a no-op: look at status once, at the end. */
struct encoder {
    struct buf *out;
    qvt_status status;
};

/* The value of an image that is sent as it lies in memory, borrowed. */
struct encode_share {
    size_t offset; /* in the encoded bytes, where it belongs */
    const struct image *image;
};

struct encode_shares {
    struct buf list; /* struct encode_share, by offset */
    size_t bytes;    /* of their values */
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

/* Puts the image's value, shared if it is long enough for that, before what is encoded since the mark; then as
 * encode_end. */
void encode_end_with(struct encoder *encoder, struct encode_shares *shares, uint32_t field, size_t mark,
                     const struct image *image);

/* Takes back what is encoded since the mark. */
void encode_take_back(struct encoder *encoder, struct encode_shares *shares, size_t mark);

/* Encoded bytes as they are. */
void encode_raw(struct encoder *encoder, qvt_slice bytes);

/* google.protobuf.Duration or Timestamp, written even when zero. */
void encode_time_us(struct encoder *encoder, uint32_t field, int64_t us);

#endif
