/* Walks the members of an encoded protobuf message, one at a time, without a descriptor and without recursion. */
#ifndef QVT_RPC_CODEC_READER_H
#define QVT_RPC_CODEC_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "qvt/slice.h"

/* Messages and groups nested in each other, the outermost counted. */
enum { READER_DEPTH_MAX = 64 };

/* The wire types of the protobuf encoding. */
enum reader_wire_type {
    READER_VARINT = 0,
    READER_FIXED64 = 1,
    READER_BYTES = 2,
    READER_GROUP = 3,
    READER_GROUP_END = 4,
    READER_FIXED32 = 5
};

/* Invariant: at <= end. */
struct reader {
    const uint8_t *at;
    const uint8_t *end;
};

struct reader_member {
    uint32_t number;                 /* 1 to 2^29 - 1 */
    enum reader_wire_type wire_type; /* never READER_GROUP_END */
    qvt_slice whole;                 /* tag included */
    qvt_slice payload; /* the value's bytes; for READER_BYTES without the length; for a group without its start tag */
};

enum reader_result { READER_OK, READER_BROKEN, READER_TOO_DEEP };

static inline struct reader reader_make(qvt_slice bytes)
{
    struct reader reader;
    reader.at = bytes.data;
    reader.end = bytes.len == 0 ? bytes.data : bytes.data + bytes.len;
    return reader;
}

static inline bool reader_is_done(const struct reader *reader)
{
    return reader->at == reader->end;
}

/* Reads the next member of a reader that is not done. A group is skipped as a whole; one that nests more than
 * READER_DEPTH_MAX levels is TOO_DEEP. BROKEN: cut, a varint over 10 bytes, a tag or length over 5, a length over
 * what is left, field number 0 or over 2^29 - 1, an unknown wire type, group ends that do not match. */
static inline enum reader_result reader_next(struct reader *reader, struct reader_member *out);

enum reader_result reader_next_any(struct reader *reader, struct reader_member *out);

/* Bytes of the varint at `at`, 1 to 10; 0 when it is cut or longer. */
static inline unsigned reader_varint_len(const uint8_t *at, const uint8_t *end)
{
    size_t left = (size_t)(end - at);
    unsigned max = left < 10 ? (unsigned)left : 10;
    for (unsigned i = 0; i < max; i++) {
        if ((at[i] & 0x80u) == 0) {
            return i + 1;
        }
    }
    return 0;
}

/* The common cases here: a tag of one byte, and a length or a varint of one byte. */
static inline enum reader_result reader_next(struct reader *reader, struct reader_member *out)
{
    const uint8_t *at = reader->at;
    if (reader->end - at < 2 || at[0] >= 0x80 || at[0] < 8 || at[1] >= 0x80) {
        return reader_next_any(reader, out);
    }
    const unsigned wire_type = at[0] & 7u;
    size_t len = 2;
    if (wire_type == READER_BYTES && at[1] <= reader->end - at - 2) {
        len += at[1];
        out->payload = qvt_slice_make(at + 2, at[1]);
    } else if (wire_type == READER_VARINT) {
        out->payload = qvt_slice_make(at + 1, 1);
    } else {
        return reader_next_any(reader, out);
    }
    out->number = at[0] >> 3;
    out->wire_type = (enum reader_wire_type)wire_type;
    out->whole = qvt_slice_make(at, len);
    reader->at = at + len;
    return READER_OK;
}

#endif
