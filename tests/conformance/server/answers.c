#include "tests/conformance/server/answers.h"

#include <stdio.h>

#include "base/check.h"

enum { PAYLOAD_MAX = 16 << 20 };

static uint8_t zeros[PAYLOAD_MAX];

static void echo(qvt_rpc_server_call *call, const char *name,
                 qvt_status (*add)(qvt_rpc_server_call *call, const qvt_rpc_metadata_entry *entry))
{
    qvt_rpc_metadata_entry entry = {qvt_slice_text(name), {NULL, 0}};
    entry.value = qvt_rpc_metadata_find(qvt_rpc_server_call_metadata(call), name);
    if (entry.value.data != NULL) {
        QVT_ASSERT(add(call, &entry) == QVT_OK);
    }
}

void answers_echo_metadata(qvt_rpc_server_call *call)
{
    echo(call, "x-grpc-test-echo-initial", qvt_rpc_server_call_add_initial);
    echo(call, "x-grpc-test-echo-trailing-bin", qvt_rpc_server_call_add_trailing);
}

bool answers_wants_status(const status_message *wanted, qvt_error *error)
{
    if (wanted == NULL || wanted->code == 0) {
        return false;
    }
    qvt_error_clear(error);
    error->status = qvt_status_from_grpc(wanted->code);
    /* As it came: qvt_error_set would escape what is not printable. */
    (void)snprintf(error->message, sizeof(error->message), "%s", wanted->message);
    return true;
}

payload_message *answers_payload(qvt_rpc_server_call *call, int32_t size, qvt_error *error)
{
    payload_message *payload = qvt_rpc_server_call_alloc(call, sizeof(*payload));
    if (size < 0 || size > PAYLOAD_MAX || payload == NULL) {
        (void)qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "no payload of %d bytes", (int)size);
        return NULL;
    }
    grpc__testing__payload__init(payload);
    payload->body = (ProtobufCBinaryData){(size_t)size, zeros};
    return payload;
}

bool answers_is_as_expected(const qvt_rpc_server_call *call, const bool_message *expected, qvt_error *error)
{
    bool came = qvt_rpc_server_call_came_compressed(call);
    if (expected == NULL || came == (expected->value != 0)) {
        return true;
    }
    (void)qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "the message came %s", came ? "compressed" : "as it is");
    return false;
}

void answers_compress(qvt_rpc_server_call *call, const bool_message *wanted)
{
    qvt_rpc_server_call_compress(call, wanted != NULL && wanted->value);
}
