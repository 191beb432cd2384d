#include "tests/conformance/server/service.h"

#include "base/check.h"
#include "qvt/rpc/message.h"
#include "tests/conformance/server/answers.h"

static void empty_call(void *self, qvt_rpc_unary *unary, const Grpc__Testing__Empty *request)
{
    Grpc__Testing__Empty response;
    (void)self;
    (void)request;
    grpc__testing__empty__init(&response);
    qvt_rpc_unary_reply_message(unary, &response.base);
}

static void unary_call(void *self, qvt_rpc_unary *unary, const Grpc__Testing__SimpleRequest *request)
{
    qvt_rpc_server_call *call = qvt_rpc_server_call_of_unary(unary);
    Grpc__Testing__SimpleResponse response;
    qvt_error error;
    (void)self;
    answers_echo_metadata(call);
    grpc__testing__simple_response__init(&response);
    if (!answers_is_as_expected(call, request->expect_compressed, &error) ||
        answers_wants_status(request->response_status, &error) ||
        (response.payload = answers_payload(call, request->response_size, &error)) == NULL) {
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    answers_compress(call, request->response_compressed);
    qvt_rpc_unary_reply_message(unary, &response.base);
}

static void input_begin(void *self, qvt_rpc_server_call *call)
{
    int32_t *total = qvt_rpc_server_call_alloc(call, sizeof(*total));
    (void)self;
    QVT_ASSERT(total != NULL);
    *total = 0;
    qvt_rpc_server_call_set_context(call, total);
    answers_echo_metadata(call);
}

static void input_message(void *self, qvt_rpc_server_call *call,
                          const Grpc__Testing__StreamingInputCallRequest *request)
{
    int32_t *total = qvt_rpc_server_call_context(call);
    qvt_error error;
    (void)self;
    if (!answers_is_as_expected(call, request->expect_compressed, &error)) {
        qvt_rpc_server_call_finish(call, &error);
        return;
    }
    *total += request->payload == NULL ? 0 : (int32_t)request->payload->body.len;
}

static void input_end(void *self, qvt_rpc_server_call *call)
{
    const int32_t *total = qvt_rpc_server_call_context(call);
    Grpc__Testing__StreamingInputCallResponse response;
    (void)self;
    grpc__testing__streaming_input_call_response__init(&response);
    response.aggregated_payload_size = *total;
    qvt_rpc_unary_reply_message(qvt_rpc_server_call_unary(call), &response.base);
}

static void input_cancel(void *self, qvt_rpc_server_call *call)
{
    (void)self;
    qvt_rpc_server_call_finish(call, NULL);
}

void service_fill(grpc_testing_test_service_handlers *handlers)
{
    *handlers = (grpc_testing_test_service_handlers){
        .empty_call = empty_call,
        .unary_call = unary_call,
        .cacheable_unary_call = unary_call,
        .streaming_input_call = {.on_begin = input_begin,
                                 .on_message = input_message,
                                 .on_half_close = input_end,
                                 .on_cancel = input_cancel},
        .streaming_output_call = output_streaming,
        .full_duplex_call = output_full_duplex,
        .half_duplex_call = output_half_duplex,
    };
}
