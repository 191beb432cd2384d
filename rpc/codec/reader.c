#include "rpc/codec/reader.h"

#include <stddef.h>

/* A varint of at most 5 bytes and 32 bits, as tags and lengths are; moves the reader. */
static bool read_short_varint(struct reader *reader, uint32_t *out)
{
    if (reader->at < reader->end && *reader->at < 0x80) {
        *out = *reader->at++;
        return true;
    }
    uint64_t value = 0;
    for (unsigned i = 0; i < 5 && reader->at < reader->end; i++) {
        uint8_t byte = *reader->at++;
        value |= (uint64_t)(byte & 0x7fu) << (7 * i);
        if (byte < 0x80) {
            *out = (uint32_t)value;
            return value <= UINT32_MAX;
        }
    }
    return false;
}

static bool read_tag(struct reader *reader, struct reader_member *out)
{
    uint32_t tag = 0;
    if (!read_short_varint(reader, &tag)) {
        return false;
    }
    out->number = tag >> 3;
    out->wire_type = (enum reader_wire_type)(tag & 7u);
    return out->number != 0;
}

static bool take(struct reader *reader, size_t len, struct reader_member *out)
{
    if (len > (size_t)(reader->end - reader->at)) {
        return false;
    }
    out->payload = qvt_slice_make(reader->at, len);
    reader->at += len;
    return true;
}

/* Any value but a group. */
static bool read_value(struct reader *reader, struct reader_member *out)
{
    uint32_t len = 0;
    switch (out->wire_type) {
    case READER_VARINT: len = reader_varint_len(reader->at, reader->end); return len > 0 && take(reader, len, out);
    case READER_FIXED64: return take(reader, 8, out);
    case READER_FIXED32: return take(reader, 4, out);
    case READER_BYTES: return read_short_varint(reader, &len) && len <= INT32_MAX && take(reader, len, out);
    case READER_GROUP:
    case READER_GROUP_END: break;
    }
    return false;
}

/* The start tag has been read; moves past the matching end tag. */
static enum reader_result skip_group(struct reader *reader, uint32_t number)
{
    uint32_t open[READER_DEPTH_MAX];
    unsigned depth = 0;
    open[depth++] = number;
    while (depth > 0) {
        struct reader_member member;
        if (!read_tag(reader, &member)) {
            return READER_BROKEN;
        }
        if (member.wire_type == READER_GROUP) {
            if (depth == READER_DEPTH_MAX) {
                return READER_TOO_DEEP;
            }
            open[depth++] = member.number;
        } else if (member.wire_type == READER_GROUP_END) {
            if (open[--depth] != member.number) {
                return READER_BROKEN;
            }
        } else if (!read_value(reader, &member)) {
            return READER_BROKEN;
        }
    }
    return READER_OK;
}

enum reader_result reader_next_any(struct reader *reader, struct reader_member *out)
{
    const uint8_t *start = reader->at;
    if (!read_tag(reader, out)) {
        return READER_BROKEN;
    }
    if (out->wire_type == READER_GROUP) {
        const uint8_t *content = reader->at;
        enum reader_result result = skip_group(reader, out->number);
        if (result != READER_OK) {
            return result;
        }
        out->payload = qvt_slice_make(content, (size_t)(reader->at - content));
    } else if (!read_value(reader, out)) {
        return READER_BROKEN;
    }
    out->whole = qvt_slice_make(start, (size_t)(reader->at - start));
    return READER_OK;
}
