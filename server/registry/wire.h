/* Encoded protobuf messages, field by field, without unpacking them: records are read, patched and concatenated as
 * bytes. */
#ifndef QVT_SERVER_REGISTRY_WIRE_H
#define QVT_SERVER_REGISTRY_WIRE_H

#include <stdbool.h>

#include "base/buf.h"
#include "qvt/slice.h"
#include "qvt/status.h"

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

struct wire_field {
    uint32_t number;
    enum wire_type type;
    uint64_t value;  /* VARINT, FIXED64, FIXED32 */
    qvt_slice bytes; /* BYTES: the content, borrowed */
    qvt_slice raw;   /* the whole field with its tag, borrowed */
};

/* Cuts the next field off the front of *rest. false: the end, or (rest->len > 0) bytes that are no field; groups are
 * none. */
static inline bool wire_next(qvt_slice *rest, struct wire_field *field);

bool wire_next_any(qvt_slice *rest, struct wire_field *field);

/* seconds (1) and nanos (2) of an encoded Timestamp or Duration, in microseconds; 0 for what is not one. */
int64_t wire_read_time_us(qvt_slice message);

/* Writers append one field; numbers 1 to 2^29-1. NO_MEMORY: some of the field may have been written. */
QVT_MUST_CHECK qvt_status wire_put_varint(struct buf *out, uint32_t number, uint64_t value);
QVT_MUST_CHECK qvt_status wire_put_fixed64(struct buf *out, uint32_t number, uint64_t value);
QVT_MUST_CHECK qvt_status wire_put_bytes(struct buf *out, uint32_t number, qvt_slice bytes);
QVT_MUST_CHECK qvt_status wire_put_time_us(struct buf *out, uint32_t number, int64_t time_us);

/* Tag and length of a BYTES field whose `len` bytes follow. */
QVT_MUST_CHECK qvt_status wire_put_head(struct buf *out, uint32_t number, size_t len);

/* As above, but nothing for the default value (proto3). */
QVT_MUST_CHECK qvt_status wire_put_uint(struct buf *out, uint32_t number, uint64_t value);
QVT_MUST_CHECK qvt_status wire_put_text(struct buf *out, uint32_t number, qvt_slice text);

/* The length of tag and length of such a field. */
size_t wire_head_len(uint32_t number, size_t len);

/* Most fields have a tag of one byte and a length of one. */
static inline bool wire_next(qvt_slice *rest, struct wire_field *field)
{
    const uint8_t *at = rest->data;
    if (rest->len < 2 || at[0] < 8 || at[0] >= 0x80u || (at[0] & 7u) != WIRE_BYTES || at[1] >= 0x80u ||
        at[1] > rest->len - 2) {
        return wire_next_any(rest, field);
    }
    size_t len = (size_t)at[1] + 2;
    field->number = at[0] >> 3;
    field->type = WIRE_BYTES;
    field->value = 0;
    field->bytes = qvt_slice_make(at + 2, at[1]);
    field->raw = qvt_slice_make(at, len);
    *rest = qvt_slice_make(at + len, rest->len - len);
    return true;
}

#endif
