/* One answer of the reflection service: a response message and the memory it points to. */
#ifndef QVT_RPC_STANDARD_ANSWER_H
#define QVT_RPC_STANDARD_ANSWER_H

#include "base/arena.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "qvt/error.h"
#include "rpc/standard/files.h"

typedef Grpc__Reflection__V1__ServerReflectionRequest answer_request;
typedef Grpc__Reflection__V1__ServerReflectionResponse answer_response;

struct answer {
    answer_response response; /* borrows from the request and from the files */
    struct arena arena;
    Grpc__Reflection__V1__FileDescriptorResponse found;
    Grpc__Reflection__V1__ExtensionNumberResponse numbers;
    Grpc__Reflection__V1__ListServiceResponse services;
    Grpc__Reflection__V1__ErrorResponse refusal;
    qvt_error error;
};

/* Answers the request; what is not found is an answer too. NO_MEMORY. The answer is to be deinitialised either way and
 * must not be moved. */
QVT_MUST_CHECK qvt_status answer_init(struct answer *answer, const struct files *files, answer_request *request);
void answer_deinit(struct answer *answer);

#endif
