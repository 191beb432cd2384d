#include "qvt/rpc/message.h"

#include "base/buf.h"
#include "rpc/codec/assemble.h"
#include "rpc/codec/normalize.h"
#include "rpc/codec/precheck.h"

enum { DEFAULT_BUDGET = 16 << 20, STACK_REPLY = 1024 };

static qvt_status build(ProtobufCMessage **out, const ProtobufCMessageDescriptor *type, qvt_slice wire, size_t cost,
                        const qvt_rpc_message_memory *memory, qvt_error *error)
{
    struct assemble_block block = {memory->alloc(memory->data, cost), cost, 0};
    if (block.memory == NULL) {
        return qvt_error_set(error, QVT_RESOURCE_EXHAUSTED, NULL, "%s takes %zu bytes of memory, more than is left",
                             type->name, cost);
    }
    return assemble_run(out, type, wire, &block, error);
}

static qvt_status decode_irregular(ProtobufCMessage **out, const ProtobufCMessageDescriptor *type, qvt_slice wire,
                                   size_t budget, const qvt_rpc_message_memory *memory, qvt_error *error)
{
    struct precheck checked = {0};
    struct buf regular = BUF_INIT;
    qvt_status status = normalize_run(&regular, type, wire);
    if (status == QVT_OK) {
        status = precheck_run(&checked, type, buf_slice(&regular), budget, error);
    } else {
        (void)qvt_error_set(error, status, NULL, "out of memory");
    }
    if (status == QVT_OK) {
        status = build(out, type, buf_slice(&regular), checked.cost, memory, error);
    }
    buf_deinit(&regular);
    return status;
}

qvt_status qvt_rpc_message_decode(ProtobufCMessage **out, const ProtobufCMessageDescriptor *type, qvt_slice wire,
                                  const qvt_rpc_message_memory *memory, qvt_error *error)
{
    struct precheck checked = {0};
    size_t budget = memory->budget_bytes == 0 ? DEFAULT_BUDGET : memory->budget_bytes;
    qvt_status status = precheck_run(&checked, type, wire, budget, error);
    if (status != QVT_OK) {
        return status;
    }
    if (checked.irregular) {
        return decode_irregular(out, type, wire, budget, memory, error);
    }
    return build(out, type, wire, checked.cost, memory, error);
}

static void *take_from_unary(void *data, size_t size)
{
    return qvt_rpc_unary_alloc(data, size);
}

qvt_status qvt_rpc_unary_decode(qvt_rpc_unary *unary, const ProtobufCMessageDescriptor *type, qvt_slice wire,
                                ProtobufCMessage **out, qvt_error *error)
{
    const qvt_rpc_message_memory memory = {take_from_unary, unary, 0};
    return qvt_rpc_message_decode(out, type, wire, &memory, error);
}

static void fail_without_memory(qvt_rpc_unary *unary, size_t size)
{
    qvt_error error;
    (void)qvt_error_set(&error, QVT_RESOURCE_EXHAUSTED, NULL, "no memory for an answer of %zu bytes", size);
    qvt_rpc_unary_fail(unary, &error);
}

void qvt_rpc_unary_reply_message(qvt_rpc_unary *unary, const ProtobufCMessage *message)
{
    uint8_t small[STACK_REPLY];
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = size <= sizeof(small) ? small : qvt_rpc_unary_alloc(unary, size);
    if (bytes == NULL) {
        fail_without_memory(unary, size);
        return;
    }
    qvt_slice part = qvt_slice_make(bytes, protobuf_c_message_pack(message, bytes));
    qvt_rpc_unary_reply(unary, &part, 1);
}
