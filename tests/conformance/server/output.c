#include "tests/conformance/server/output.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "qvt/rpc/message.h"
#include "tests/conformance/server/answers.h"

typedef Grpc__Testing__StreamingOutputCallRequest request_message;
typedef Grpc__Testing__StreamingOutputCallResponse response_message;
typedef Grpc__Testing__ResponseParameters parameters_message;

enum { QUEUED_MAX = 1 << 20 };

struct item {
    struct item *next;
    int32_t size;
    uint64_t pause_ms;
    bool compressed;
};

/* Life: from the first event of the call to finish, and until the timer is closed. */
struct output {
    uv_timer_t timer;
    qvt_rpc_server_call *call; /* NULL: finished */
    struct item *items;
    struct item **last;
    bool waits;         /* for the timer */
    bool waited;        /* the pause of the first item is over */
    bool waits_for_all; /* half duplex: nothing goes out before the client is done */
    bool done;          /* no more requests */
    bool begun;         /* the headers are sent */
};

static void pump(struct output *output);

static void free_output(uv_handle_t *handle)
{
    struct output *output = handle->data;
    while (output->items != NULL) {
        struct item *item = output->items;
        output->items = item->next;
        free(item);
    }
    free(output);
}

static void finish(struct output *output, const qvt_error *error)
{
    qvt_rpc_server_call *call = output->call;
    output->call = NULL;
    uv_close((uv_handle_t *)&output->timer, free_output);
    qvt_rpc_server_call_finish(call, error);
}

static struct output *begin(struct output_service *service, qvt_rpc_server_call *call)
{
    struct output *output = calloc(1, sizeof(*output));
    QVT_ASSERT(output != NULL && uv_timer_init(service->loop, &output->timer) == 0);
    output->timer.data = output;
    output->call = call;
    output->last = &output->items;
    qvt_rpc_server_call_set_context(call, output);
    answers_echo_metadata(call);
    return output;
}

static void add(struct output *output, const request_message *request)
{
    for (size_t i = 0; i < request->n_response_parameters; i++) {
        const parameters_message *asked = request->response_parameters[i];
        struct item *item = calloc(1, sizeof(*item));
        QVT_ASSERT(item != NULL);
        item->size = asked->size;
        item->pause_ms = asked->interval_us > 0 ? ((uint64_t)asked->interval_us + 999) / 1000 : 0;
        item->compressed = asked->compressed != NULL && asked->compressed->value;
        *output->last = item;
        output->last = &item->next;
    }
}

static void on_time(uv_timer_t *timer)
{
    struct output *output = timer->data;
    output->waits = false;
    output->waited = true;
    pump(output);
}

/* Whether the first item has had its pause. */
static bool is_due(struct output *output)
{
    if (!output->waited && output->items->pause_ms > 0) {
        output->waits = true;
        QVT_ASSERT(uv_timer_start(&output->timer, on_time, output->items->pause_ms, 0) == 0);
        return false;
    }
    output->waited = false;
    return true;
}

/* Sends the first item; false: the call is over. */
static bool send_first(struct output *output)
{
    struct item *item = output->items;
    response_message response;
    qvt_error error;
    bool_message compressed;
    grpc__testing__bool_value__init(&compressed);
    compressed.value = item->compressed;
    grpc__testing__streaming_output_call_response__init(&response);
    response.payload = answers_payload(output->call, item->size, &error);
    if (response.payload == NULL) {
        finish(output, &error);
        return false;
    }
    qvt_status status = QVT_OK;
    if (!output->begun) {
        /* The headers promise gzip, so that any of the messages may be compressed. */
        output->begun = true;
        qvt_rpc_server_call_compress(output->call, true);
        status = qvt_rpc_server_call_send_initial(output->call);
        QVT_ASSERT(status == QVT_OK);
    }
    answers_compress(output->call, &compressed);
    status = qvt_rpc_server_call_send_message(output->call, &response.base);
    QVT_ASSERT(status == QVT_OK || status == QVT_CANCELLED);
    output->items = item->next;
    if (output->items == NULL) {
        output->last = &output->items;
    }
    free(item);
    return true;
}

static void pump(struct output *output)
{
    if (output->waits || (output->waits_for_all && !output->done)) {
        return;
    }
    while (output->items != NULL && qvt_rpc_server_call_queued(output->call) < QUEUED_MAX) {
        if (!is_due(output) || !send_first(output)) {
            return;
        }
    }
    if (output->items == NULL && output->done) {
        finish(output, NULL);
    }
}

static void on_request(void *self, qvt_rpc_server_call *call, const request_message *request)
{
    struct output *output = begin(self, call);
    add(output, request);
    output->done = true;
    pump(output);
}

static void on_begin(void *self, qvt_rpc_server_call *call)
{
    (void)begin(self, call);
}

static void on_begin_half_duplex(void *self, qvt_rpc_server_call *call)
{
    begin(self, call)->waits_for_all = true;
}

static void on_message(void *self, qvt_rpc_server_call *call, const request_message *request)
{
    struct output *output = qvt_rpc_server_call_context(call);
    qvt_error error;
    (void)self;
    if (answers_wants_status(request->response_status, &error)) {
        finish(output, &error);
        return;
    }
    add(output, request);
    pump(output);
}

static void on_invalid(void *self, qvt_rpc_server_call *call, const qvt_error *error)
{
    (void)self;
    finish(qvt_rpc_server_call_context(call), error);
}

static void on_half_close(void *self, qvt_rpc_server_call *call)
{
    struct output *output = qvt_rpc_server_call_context(call);
    (void)self;
    output->done = true;
    pump(output);
}

static void on_cancel(void *self, qvt_rpc_server_call *call)
{
    (void)self;
    finish(qvt_rpc_server_call_context(call), NULL);
}

static void on_drain(void *self, qvt_rpc_server_call *call)
{
    (void)self;
    pump(qvt_rpc_server_call_context(call));
}

const grpc_testing_test_service_streaming_output_call_handler output_streaming = {
    .on_request = on_request, .on_cancel = on_cancel, .on_drain = on_drain};

const grpc_testing_test_service_full_duplex_call_handler output_full_duplex = {.on_begin = on_begin,
                                                                               .on_message = on_message,
                                                                               .on_invalid = on_invalid,
                                                                               .on_half_close = on_half_close,
                                                                               .on_cancel = on_cancel,
                                                                               .on_drain = on_drain};

const grpc_testing_test_service_half_duplex_call_handler output_half_duplex = {.on_begin = on_begin_half_duplex,
                                                                               .on_message = on_message,
                                                                               .on_invalid = on_invalid,
                                                                               .on_half_close = on_half_close,
                                                                               .on_cancel = on_cancel,
                                                                               .on_drain = on_drain};
