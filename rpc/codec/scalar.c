#include "rpc/codec/scalar.h"

#include <string.h>

static uint64_t read_varint(qvt_slice bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        value |= (uint64_t)(bytes.data[i] & 0x7fu) << (7 * i);
    }
    return value;
}

static uint64_t read_fixed(qvt_slice bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        value |= (uint64_t)bytes.data[i] << (8 * i);
    }
    return value;
}

static void put_32(void *member, uint64_t value)
{
    uint32_t low = (uint32_t)value;
    memcpy(member, &low, sizeof(low));
}

static void put_64(void *member, uint64_t value)
{
    memcpy(member, &value, sizeof(value));
}

/* ZigZag: a sign in the lowest bit (protobuf encoding). */
static uint64_t unfold(uint64_t value)
{
    return (value >> 1) ^ (0 - (value & 1));
}

void scalar_put(void *member, ProtobufCType type, qvt_slice bytes)
{
    switch (type) {
    case PROTOBUF_C_TYPE_SINT32: put_32(member, unfold((uint32_t)read_varint(bytes))); break;
    case PROTOBUF_C_TYPE_SINT64: put_64(member, unfold(read_varint(bytes))); break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64: put_64(member, read_varint(bytes)); break;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT: put_32(member, read_fixed(bytes)); break;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE: put_64(member, read_fixed(bytes)); break;
    case PROTOBUF_C_TYPE_BOOL: put_32(member, read_varint(bytes) != 0); break;
    default: put_32(member, read_varint(bytes)); break;
    }
}
