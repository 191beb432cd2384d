/* Typed messages on protobuf-c: decoding that a hostile peer cannot abuse, and replies packed from a message. */
#ifndef QVT_RPC_MESSAGE_H
#define QVT_RPC_MESSAGE_H

#include <protobuf-c/protobuf-c.h>

#include "qvt/error.h"
#include "qvt/rpc/server.h"
#include "qvt/rpc/unary.h"
#include "qvt/slice.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where a decoded message lives. */
typedef struct qvt_rpc_message_memory {
    /* Memory aligned for any type that lives as long as the message is used; asked once a message; NULL: refused. */
    void *(*alloc)(void *data, size_t size);
    void *data;
    size_t budget_bytes; /* what the message may cost decoded; 0: 16 MiB */
} qvt_rpc_message_memory;

/* Decodes and checks: nested at most 64 deep, strings are UTF-8 without NUL, cost within the budget. The message is one
 * block of memory and needs no freeing; protobuf_c_message_free_unpacked must not be called on it. error may be NULL;
 * it names the field by its path ("silo.address", "labels[2].key") and the rule.
 *   INTERNAL            the bytes are no such message ("unparsable", grpc statuscodes)
 *   INVALID_ARGUMENT    bad string, too deep
 *   RESOURCE_EXHAUSTED  over the budget, or alloc refused
 *   NO_MEMORY
 * A map is a repeated entry: keys may come twice (the last counts) and value may be NULL (the empty message). */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_message_decode(ProtobufCMessage **out, const ProtobufCMessageDescriptor *type,
                                                         qvt_slice wire, const qvt_rpc_message_memory *memory,
                                                         qvt_error *error);

/* As qvt_rpc_message_decode into the call's memory, budget 16 MiB; valid until the call has been answered. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_unary_decode(qvt_rpc_unary *unary, const ProtobufCMessageDescriptor *type,
                                                       qvt_slice wire, ProtobufCMessage **out, qvt_error *error);

/* Ends the call OK with the packed message; RESOURCE_EXHAUSTED instead when it finds no memory. The message's strings
 * must be valid UTF-8. */
QVT_API void qvt_rpc_unary_reply_message(qvt_rpc_unary *unary, const ProtobufCMessage *message);

/* As qvt_rpc_server_call_send with the packed message. NO_MEMORY; CANCELLED when it goes nowhere. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_server_call_send_message(qvt_rpc_server_call *call,
                                                                   const ProtobufCMessage *message);

#ifdef __cplusplus
}
#endif

#endif
