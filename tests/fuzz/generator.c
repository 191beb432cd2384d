/* Input: an encoded CodeGeneratorRequest. It is refused, or answered with what protobuf-c can read. */
#include "tests/fuzz/fuzz.h"

#include "base/check.h"
#include "generator/generate.h"
#include "generator/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out = BUF_INIT;
    request_message *request = request_read(qvt_slice_make(data, size));
    if (request != NULL && generate(&out, request)) {
        Google__Protobuf__Compiler__CodeGeneratorResponse *response =
            google__protobuf__compiler__code_generator_response__unpack(NULL, out.len, out.data);
        QVT_ASSERT(response != NULL);
        google__protobuf__compiler__code_generator_response__free_unpacked(response, NULL);
    }
    request_free(request);
    buf_deinit(&out);
    return 0;
}
