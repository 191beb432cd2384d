#include "rpc/call/client_response.h"

#include <stdarg.h>
#include <stdio.h>

#include "qvt/error.h"
#include "rpc/wire/base64.h"
#include "rpc/wire/mapping.h"
#include "rpc/wire/percent.h"

void client_ending_deinit(struct client_ending *ending)
{
    buf_deinit(&ending->text);
    buf_deinit(&ending->details);
}

void client_ending_set(struct client_ending *ending, qvt_status status, const char *format, ...)
{
    char text[QVT_ERROR_MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    ending->status = status;
    buf_clear(&ending->details);
    buf_clear(&ending->text);
    size_t kept = len < 0 ? 0 : (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1;
    if (buf_append(&ending->text, text, kept) != QVT_OK) {
        buf_clear(&ending->text);
    }
}

void client_response_deinit(struct client_response *response)
{
    metadata_list_deinit(&response->initial);
    metadata_list_deinit(&response->trailing);
    client_ending_deinit(&response->ending);
}

static void forget_block(struct client_response *response)
{
    response->http_status = 0;
    response->has_grpc_status = false;
    response->is_grpc = false;
    response->gzip = false;
    metadata_list_clear(&response->initial);
    response->ending.status = QVT_OK;
    buf_clear(&response->ending.text);
    buf_clear(&response->ending.details);
}

void client_response_reset(struct client_response *response)
{
    forget_block(response);
    metadata_list_clear(&response->trailing);
    response->messages = 0;
    response->started = false;
}

static int parse_http_status(qvt_slice value)
{
    int status = 0;
    for (size_t i = 0; i < value.len && i < 3; i++) {
        status = status * 10 + (value.data[i] >= '0' && value.data[i] <= '9' ? value.data[i] - '0' : 0);
    }
    return status;
}

static bool is_grpc_type(qvt_slice value)
{
    const qvt_slice type = qvt_slice_text("application/grpc");
    return qvt_slice_starts_with(value, type) &&
           (value.len == type.len || value.data[type.len] == '+' || value.data[type.len] == ';');
}

/* Details that cannot be decoded are as good as none: the code and the message still stand. */
static qvt_status take_details(struct client_response *response, qvt_slice value)
{
    buf_clear(&response->ending.details);
    qvt_status status = base64_decode(&response->ending.details, value);
    return status == QVT_INVALID_ARGUMENT ? QVT_OK : status;
}

static qvt_status take_message(struct client_response *response, qvt_slice value)
{
    buf_clear(&response->ending.text);
    return percent_decode(&response->ending.text, value);
}

static bool is_named(qvt_slice name, const char *text)
{
    return qvt_slice_equal(name, qvt_slice_text(text));
}

qvt_status client_response_take(struct client_response *response, qvt_slice name, qvt_slice value)
{
    if (is_named(name, ":status")) {
        response->http_status = parse_http_status(value);
    } else if (is_named(name, "content-type")) {
        response->is_grpc = response->started ? response->is_grpc : is_grpc_type(value);
    } else if (is_named(name, "grpc-status")) {
        response->has_grpc_status = true;
        response->ending.status = mapping_from_grpc_text(value);
    } else if (is_named(name, "grpc-message")) {
        return take_message(response, value);
    } else if (is_named(name, "grpc-status-details-bin")) {
        return take_details(response, value);
    } else if (is_named(name, "grpc-encoding")) {
        response->gzip = is_named(value, "gzip");
    } else if (!metadata_is_reserved(name)) {
        return metadata_list_add_wire(response->started ? &response->trailing : &response->initial, name, value);
    }
    return QVT_OK;
}

static void judge_foreign(struct client_response *response)
{
    qvt_status status = mapping_from_http(response->http_status);
    if (response->http_status == 200) {
        client_ending_set(&response->ending, status, "the server's answer has no grpc-status");
    } else {
        client_ending_set(&response->ending, status, "the server answered with HTTP status %d", response->http_status);
    }
}

enum client_block client_response_block(struct client_response *response, bool end)
{
    if (!response->started && response->http_status >= 100 && response->http_status < 200 && !end) {
        forget_block(response);
        return CLIENT_BLOCK_INFORMATIONAL;
    }
    if (response->started) {
        return CLIENT_BLOCK_LAST;
    }
    response->started = true;
    if (end) {
        struct metadata_list swapped = response->trailing;
        response->trailing = response->initial;
        response->initial = swapped;
        return CLIENT_BLOCK_LAST;
    }
    if (response->http_status == 200 && response->is_grpc) {
        return CLIENT_BLOCK_INITIAL;
    }
    if (!response->has_grpc_status || response->ending.status == QVT_OK) {
        judge_foreign(response);
    }
    return CLIENT_BLOCK_FOREIGN;
}

/* grpc statuscodes: a wrong number of answers to a unary request is UNIMPLEMENTED, seen by the client. */
void client_response_finish(struct client_response *response, qvt_rpc_kind kind, bool inside_message)
{
    bool wants_one = kind == QVT_RPC_UNARY || kind == QVT_RPC_CLIENT_STREAMING;
    if (!response->has_grpc_status) {
        judge_foreign(response);
    } else if (response->ending.status == QVT_OK && inside_message) {
        client_ending_set(&response->ending, QVT_INTERNAL, "the server's last message is cut");
    } else if (response->ending.status == QVT_OK && wants_one && response->messages != 1) {
        client_ending_set(&response->ending, QVT_UNIMPLEMENTED, "the server answered with %zu messages instead of one",
                          response->messages);
    }
}
