#include "tests/unit/rpc/codec/samples.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "rpc/codec/assemble.h"
#include "tests/unit/rpc/codec/bytes.h"

static void put_fixed(struct buf *out, uint32_t number, size_t size)
{
    static const uint8_t value[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    put_tag(out, number, size == 4 ? FIXED32 : FIXED64);
    QVT_ASSERT(buf_append(out, value, size) == QVT_OK);
}

static void put_scalars(struct buf *out)
{
    put_fixed(out, 1, 8);
    put_fixed(out, 2, 4);
    for (uint32_t number = 3; number <= 8; number++) {
        put_uint(out, number, UINT64_MAX >> number);
    }
    put_fixed(out, 9, 4);
    put_fixed(out, 10, 8);
    put_fixed(out, 11, 4);
    put_fixed(out, 12, 8);
    put_uint(out, 13, 1);
    put_text(out, 14, "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\x8d and enough plain text for whole words");
    put_bytes(out, 15, qvt_slice_make("\0\xff\x01", 3));
    put_uint(out, 16, 99);
}

static void put_leaf(struct buf *out, uint32_t number, const char *name)
{
    struct buf leaf = BUF_INIT;
    put_text(&leaf, 1, name);
    put_text(&leaf, 2, "data");
    put_uint(&leaf, 3, 300);
    put_uint(&leaf, 4, 1);
    put_bytes(&leaf, 4, qvt_slice_make("\x01\x96\x01", 3));
    put_bytes(out, number, buf_slice(&leaf));
    buf_deinit(&leaf);
}

static void put_repeated(struct buf *out)
{
    put_bytes(out, 20, qvt_slice_make("\x01\x96\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 13));
    put_uint(out, 20, 7);
    put_bytes(out, 21, qvt_slice_make("12345678", 8));
    put_fixed(out, 21, 4);
    put_bytes(out, 22, qvt_slice_make("1234567812345678", 16));
    put_fixed(out, 22, 8);
    put_bytes(out, 23, qvt_slice_make("\x01\x80\x01\x00", 4));
    for (unsigned i = 0; i < 40; i++) {
        put_uint(out, 24, i);
        put_text(out, 25, "text");
        put_text(out, 26, "");
    }
    put_leaf(out, 27, "first");
    put_leaf(out, 27, "second");
    put_bytes(out, 28, qvt_slice_make(NULL, 0));
}

static void put_entry(struct buf *out, uint32_t number, const char *key, const char *value)
{
    struct buf entry = BUF_INIT;
    put_text(&entry, 1, key);
    put_text(&entry, 2, value);
    put_bytes(out, number, buf_slice(&entry));
    buf_deinit(&entry);
}

void put_everything(struct buf *out)
{
    put_scalars(out);
    put_leaf(out, 17, "leaf");
    struct buf node = BUF_INIT;
    put_nested(&node, 1, 5);
    put_bytes(out, 18, buf_slice(&node));
    buf_deinit(&node);
    put_repeated(out);
    put_entry(out, 29, "colour", "red");
    put_entry(out, 29, "", "");
    put_bytes(out, 30, qvt_slice_make("\x08\x05\x12\x00", 4));
    put_text(out, 40, "chosen");
    put_leaf(out, 41, "chosen later");
    put_uint(out, 1000, 1);
    put_fixed(out, 1001, 4);
    put_fixed(out, 1002, 8);
    put_text(out, 536870911, "unknown");
}

bool can_unpack(const ProtobufCMessageDescriptor *type, qvt_slice wire)
{
    ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, wire.len, wire.data);
    bool unpacked = message != NULL;
    protobuf_c_message_free_unpacked(message, NULL);
    return unpacked;
}

static bool pack_alike(const ProtobufCMessage *left, const ProtobufCMessage *right)
{
    size_t len = protobuf_c_message_get_packed_size(left);
    bool alike = protobuf_c_message_get_packed_size(right) == len;
    uint8_t *bytes = malloc(2 * len + 1);
    alike = alike && bytes != NULL && protobuf_c_message_pack(left, bytes) == len &&
            protobuf_c_message_pack(right, bytes + len) == len && memcmp(bytes, bytes + len, len) == 0;
    free(bytes);
    return alike;
}

bool assembles_alike(const ProtobufCMessageDescriptor *type, qvt_slice wire, size_t cost, size_t *used)
{
    ProtobufCMessage *own = NULL;
    ProtobufCMessage *theirs = protobuf_c_message_unpack(type, NULL, wire.len, wire.data);
    struct assemble_block block = {malloc(cost == 0 ? 1 : cost), cost, 0};
    qvt_status status = assemble_run(&own, type, wire, &block, NULL);
    bool alike = (status == QVT_OK) == (theirs != NULL) && (status != QVT_OK || pack_alike(own, theirs));
    *used = block.used;
    protobuf_c_message_free_unpacked(theirs, NULL);
    free(block.memory);
    return alike;
}
