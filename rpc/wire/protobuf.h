/* The protobuf wire format, as much of it as small hand-written messages need. */
#ifndef QVT_RPC_WIRE_PROTOBUF_H
#define QVT_RPC_WIRE_PROTOBUF_H

#include "base/buf.h"

/* Each appends one field. NO_MEMORY; then the end of out is undefined. */
QVT_MUST_CHECK qvt_status protobuf_put_varint(struct buf *out, uint32_t field, uint64_t value);
QVT_MUST_CHECK qvt_status protobuf_put_bytes(struct buf *out, uint32_t field, qvt_slice bytes);

/* Begins a submessage: append its fields, then close it with the mark. */
QVT_MUST_CHECK qvt_status protobuf_open(struct buf *out, uint32_t field, size_t *mark);
QVT_MUST_CHECK qvt_status protobuf_close(struct buf *out, size_t mark);

/* A field that was read: bytes for length-delimited ones (borrowed from the input), else value. */
struct protobuf_field {
    uint32_t number;
    bool is_bytes;
    uint64_t value;
    qvt_slice bytes;
};

/* Reads the field at the front of *input, which is not empty, and moves past it. INVALID_ARGUMENT for what is no
 * protobuf; groups are refused too. */
QVT_MUST_CHECK qvt_status protobuf_next(qvt_slice *input, struct protobuf_field *out);

#endif
