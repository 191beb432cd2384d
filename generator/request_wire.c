#include "generator/request_wire.h"

#include <stdint.h>

/* CodeGeneratorRequest.proto_file, FileDescriptorProto.message_type, DescriptorProto.nested_type. */
enum { REQUEST_FILE = 15, FILE_MESSAGE = 4, MESSAGE_NESTED = 3 };

enum { VARINT_BYTES_MAX = 10, WIRE_BYTES = 2 };

static bool take_varint(qvt_slice *rest, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < rest->len && i < VARINT_BYTES_MAX; i++) {
        *out |= (uint64_t)(rest->data[i] & 0x7fu) << (7 * i);
        if (rest->data[i] < 0x80) {
            *rest = qvt_slice_make(rest->data + i + 1, rest->len - i - 1);
            return true;
        }
    }
    return false;
}

static bool skip(qvt_slice *rest, uint64_t len)
{
    if (len > rest->len) {
        return false;
    }
    *rest = qvt_slice_make(rest->data + len, rest->len - (size_t)len);
    return true;
}

/* Moves to the next length-delimited field with that number; false: no more, or no protobuf. */
static bool next(qvt_slice *rest, uint32_t number, qvt_slice *out)
{
    uint64_t tag;
    uint64_t value;
    while (rest->len > 0 && take_varint(rest, &tag)) {
        bool whole = false;
        switch (tag & 7) {
        case 0: whole = take_varint(rest, &value); break;
        case 1: whole = skip(rest, 8); break;
        case 5: whole = skip(rest, 4); break;
        case WIRE_BYTES:
            whole = take_varint(rest, &value) && value <= rest->len;
            if (whole) {
                *out = qvt_slice_make(rest->data, (size_t)value);
                whole = skip(rest, value);
            }
            break;
        default: break;
        }
        if (!whole) {
            return false;
        }
        if (tag == ((uint64_t)number << 3 | WIRE_BYTES)) {
            return true;
        }
    }
    return false;
}

static bool is_shallow(qvt_slice message, unsigned depth)
{
    qvt_slice nested;
    while (next(&message, MESSAGE_NESTED, &nested)) {
        if (depth == REQUEST_DEPTH_MAX || !is_shallow(nested, depth + 1)) {
            return false;
        }
    }
    return true;
}

bool request_wire_is_shallow(qvt_slice request)
{
    qvt_slice file;
    qvt_slice message;
    while (next(&request, REQUEST_FILE, &file)) {
        while (next(&file, FILE_MESSAGE, &message)) {
            if (!is_shallow(message, 1)) {
                return false;
            }
        }
    }
    return true;
}
