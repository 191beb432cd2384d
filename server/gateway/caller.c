#include "server/gateway/caller.h"

#include "server/gateway/pages.h"
#include "server/identity/guard.h"

/* In the request's memory; without memory the answer has to do without the reason. */
static void keep_refusal(struct request *request, const qvt_error *error)
{
    static qvt_error no_memory = {.status = QVT_NO_MEMORY, .message = "out of memory for the request"};
    request->refusal = arena_alloc(&request->memory, sizeof(*request->refusal));
    if (request->refusal == NULL) {
        request->refusal = &no_memory;
    } else {
        *request->refusal = *error;
    }
}

void caller_identify(struct request *request)
{
    struct guard *guard = request->gateway->options.guard;
    char peer[NET_ADDRESS_TEXT_MAX];
    qvt_error error;
    if (guard == NULL) {
        return;
    }
    const char *authorization = request_header(request, MHD_HTTP_HEADER_AUTHORIZATION);
    if (authorization == NULL && pages_are_open(request->target)) {
        return;
    }
    request_peer(request, peer);
    const struct guard_shown shown = {
        .authorization = qvt_slice_text(authorization),
        .names = request_peer_names(request),
        .peer = peer,
    };
    if (guard_identify(guard, NULL, &shown, &request->unary.caller, &error) != QVT_OK) {
        keep_refusal(request, &error);
    }
}

bool caller_reads_all(const struct request *request)
{
    const struct guard *guard = request->gateway->options.guard;
    return guard == NULL || guard_reads_all(guard, request->unary.caller);
}

bool caller_admit_read_all(struct request *request, const char *what)
{
    struct guard *guard = request->gateway->options.guard;
    qvt_error error;
    if (guard == NULL || guard_admit_read_all(guard, request->unary.caller, what, &error) == QVT_OK) {
        return true;
    }
    request_fail(request, &error, 0, NULL);
    return false;
}
