/* What all methods of the test service share: echoed metadata and statuses, payloads, compression. */
#ifndef QVT_TESTS_CONFORMANCE_ANSWERS_H
#define QVT_TESTS_CONFORMANCE_ANSWERS_H

#include "grpc/testing/messages.pb-c.h"
#include "qvt/rpc/server.h"

typedef Grpc__Testing__Payload payload_message;
typedef Grpc__Testing__EchoStatus status_message;
typedef Grpc__Testing__BoolValue bool_message;

/* Answers x-grpc-test-echo-initial in the headers and x-grpc-test-echo-trailing-bin in the trailers. */
void answers_echo_metadata(qvt_rpc_server_call *call);

/* Whether the call shall end with a status of the client's choice; error is then it. wanted may be NULL. */
bool answers_wants_status(const status_message *wanted, qvt_error *error);

/* Whether the message that came last is as compressed as the client says; otherwise error says so. expected may be
 * NULL: then any is right. */
bool answers_is_as_expected(const qvt_rpc_server_call *call, const bool_message *expected, qvt_error *error);

/* Chooses whether messages from now on are compressed; wanted NULL: no. */
void answers_compress(qvt_rpc_server_call *call, const bool_message *wanted);

/* A payload of that many zeros, in a call's memory; NULL: too large, and error says so. */
payload_message *answers_payload(qvt_rpc_server_call *call, int32_t size, qvt_error *error);

#endif
