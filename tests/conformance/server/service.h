/* grpc.testing.TestService on the public headers of libqvtrpc. */
#ifndef QVT_TESTS_CONFORMANCE_SERVICE_H
#define QVT_TESTS_CONFORMANCE_SERVICE_H

#include "tests/conformance/server/output.h"

/* Their self is a struct output_service. */
void service_fill(grpc_testing_test_service_handlers *handlers);

#endif
