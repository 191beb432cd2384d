/* One connection to the tracker, and calls on it that block. */
#ifndef QVT_CLI_SESSION_H
#define QVT_CLI_SESSION_H

#include <protobuf-c/protobuf-c.h>

#include "qvt/error.h"
#include "qvt/rpc/client.h"
#include "cli/command.h"
#include "qvt/quark/version/v1/version_tracker.methods.h"

/* The method of the contract, by name: METHOD(GET_SILO). */
#define METHOD(name) (&quark_version_v1_version_tracker.methods[QUARK_VERSION_V1_VERSION_TRACKER_##name])

struct session {
    const struct settings *settings;
    qvt_rpc_runtime *runtime;
    qvt_rpc_channel *channel;
};

/* Prepares a channel to the endpoints of the settings. INVALID_ARGUMENT for a bad one, NO_MEMORY. */
QVT_MUST_CHECK qvt_status session_open(struct session *session, const struct settings *settings, qvt_error *error);
void session_close(struct session *session);

/* Calls the method within the timeout of the settings. OK: *answer is of the type, freed by session_free_answer.
 * Otherwise error says why; what it borrows lives until the session's next call. */
QVT_MUST_CHECK qvt_status session_call(struct session *session, const qvt_rpc_method *method,
                                       const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
                                       ProtobufCMessage **answer, qvt_error *error);

/* Decodes a message of a stream; freed by session_free_answer. INTERNAL, NO_MEMORY. */
QVT_MUST_CHECK qvt_status session_decode(const ProtobufCMessageDescriptor *type, qvt_slice wire, ProtobufCMessage **out,
                                         qvt_error *error);

/* The message encoded, in memory of its own: free(). NO_MEMORY. */
QVT_MUST_CHECK qvt_status session_encode(const ProtobufCMessage *message, qvt_slice *out);

/* NULL is fine. */
void session_free_answer(ProtobufCMessage *answer);

#endif
