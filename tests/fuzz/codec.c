#include "tests/fuzz/fuzz.h"

#include <protobuf-c/protobuf-c.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "qvt/rpc/message.h"
#include "rpc/codec/precheck.h"
#include "tests/fixtures/codec.pb-c.h"

enum { BUDGET = 1 << 20 };

struct memory {
    void *block;
    size_t size;
};

static void *take(void *data, size_t size)
{
    struct memory *memory = data;
    QVT_ASSERT(memory->block == NULL && size <= BUDGET);
    memory->block = malloc(size);
    memory->size = size;
    return memory->block;
}

/* What was decoded packs, and what was packed decodes again. */
static void expect_round_trip(const ProtobufCMessage *message)
{
    struct memory memory = {NULL, 0};
    const qvt_rpc_message_memory again = {take, &memory, BUDGET};
    ProtobufCMessage *repeated = NULL;
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(size == 0 ? 1 : size);
    QVT_ASSERT(bytes != NULL && protobuf_c_message_pack(message, bytes) == size);
    qvt_status status =
        qvt_rpc_message_decode(&repeated, message->descriptor, qvt_slice_make(bytes, size), &again, NULL);
    QVT_ASSERT(status == QVT_OK || status == QVT_RESOURCE_EXHAUSTED);
    QVT_ASSERT(status != QVT_OK || protobuf_c_message_get_packed_size(repeated) == size);
    free(memory.block);
    free(bytes);
}

/* As protobuf-c unpacks it. */
static void expect_alike(const ProtobufCMessage *message, qvt_slice wire)
{
    ProtobufCMessage *theirs = protobuf_c_message_unpack(message->descriptor, NULL, wire.len, wire.data);
    QVT_ASSERT(theirs != NULL);
    size_t size = protobuf_c_message_get_packed_size(theirs);
    QVT_ASSERT(protobuf_c_message_get_packed_size(message) == size);
    uint8_t *bytes = malloc(2 * size + 1);
    QVT_ASSERT(bytes != NULL && protobuf_c_message_pack(theirs, bytes) == size);
    QVT_ASSERT(protobuf_c_message_pack(message, bytes + size) == size && memcmp(bytes, bytes + size, size) == 0);
    protobuf_c_message_free_unpacked(theirs, NULL);
    free(bytes);
}

/* A message that passed the pre-check is put together within its block, a regular one as by protobuf-c. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory memory = {NULL, 0};
    const qvt_rpc_message_memory where = {take, &memory, BUDGET};
    const ProtobufCMessageDescriptor *type = &qvt__fixture__everything__descriptor;
    qvt_slice wire = qvt_slice_make(data, size);
    struct precheck facts = {0};
    ProtobufCMessage *message = NULL;
    qvt_error error;
    qvt_status checked = precheck_run(&facts, type, wire, BUDGET, NULL);
    qvt_status status = qvt_rpc_message_decode(&message, type, wire, &where, &error);
    QVT_ASSERT((status == QVT_OK) == (checked == QVT_OK) || status == QVT_RESOURCE_EXHAUSTED);
    if (status == QVT_OK) {
        expect_round_trip(message);
        if (!facts.irregular) {
            expect_alike(message, wire);
        }
    } else {
        QVT_ASSERT(error.status == status && error.message[0] != '\0');
    }
    free(memory.block);
    return 0;
}
