/* The streaming answers of the test service: messages of given sizes after given pauses, as fast as the client reads. */
#ifndef QVT_TESTS_CONFORMANCE_OUTPUT_H
#define QVT_TESTS_CONFORMANCE_OUTPUT_H

#include <uv.h>

#include "grpc/testing/test.server.h"

extern const grpc_testing_test_service_streaming_output_call_handler output_streaming;
extern const grpc_testing_test_service_full_duplex_call_handler output_full_duplex;
extern const grpc_testing_test_service_half_duplex_call_handler output_half_duplex;

/* What `self` of the handlers is. */
struct output_service {
    uv_loop_t *loop;
};

#endif
