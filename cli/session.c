#include "cli/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "cli/token.h"
#include "qvt/blob.h"
#include "qvt/rpc/blocking.h"
#include "qvt/rpc/message.h"

#define ENDPOINTS_MAX 16
/* A list of many silos is an honest answer; the bytes on the wire are bounded already. */
#define ANSWER_BUDGET_BYTES ((size_t)256 << 20)

/* Splits at commas, in place. */
static size_t split(char *text, const char *out[ENDPOINTS_MAX])
{
    size_t count = 0;
    for (char *rest = text, *each; count < ENDPOINTS_MAX && (each = strtok_r(NULL, ",", &rest)) != NULL;) {
        out[count++] = each;
    }
    return count;
}

/* *out is NULL: cleartext. */
static qvt_status read_tls(qvt_rpc_tls **out, const struct settings *settings, qvt_error *error)
{
    qvt_rpc_tls_client_options options = QVT_RPC_TLS_CLIENT_OPTIONS_INIT;
    *out = NULL;
    if (!settings->tls && settings->tls_ca == NULL && settings->tls_cert == NULL && settings->tls_key == NULL &&
        settings->tls_server_name == NULL) {
        return QVT_OK;
    }
    options.authority_file = settings->tls_ca;
    options.certificate_file = settings->tls_cert;
    options.key_file = settings->tls_key;
    options.server_name = settings->tls_server_name;
    return qvt_rpc_tls_new_client(out, &options, error);
}

static qvt_status open_channel(struct session *session, qvt_error *error)
{
    const char *endpoints[ENDPOINTS_MAX];
    qvt_rpc_channel_options options = QVT_RPC_CHANNEL_OPTIONS_INIT;
    char header[TOKEN_HEADER_MAX];
    qvt_rpc_metadata_entry entry = {qvt_slice_text("authorization"), {NULL, 0}};
    QVT_TRY(token_header(header, session->settings->token_file, error));
    QVT_TRY(read_tls(&options.tls, session->settings, error));
    char *text = strdup(session->settings->endpoints);
    if (text == NULL) {
        qvt_rpc_tls_unref(options.tls);
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    options.user_agent = "qvtctl";
    entry.value = qvt_slice_text(header);
    options.metadata = (qvt_rpc_metadata){&entry, header[0] == '\0' ? 0 : 1};
    size_t count = split(text, endpoints);
    qvt_status status =
        count == 0 ? qvt_error_field(error, "endpoint", "no endpoint given")
                   : qvt_rpc_channel_new(&session->channel, session->runtime, endpoints, count, &options, error);
    free(text);
    qvt_rpc_tls_unref(options.tls);
    return status;
}

qvt_status session_open(struct session *session, const struct settings *settings, qvt_error *error)
{
    session->settings = settings;
    session->channel = NULL;
    qvt_status status = qvt_rpc_runtime_new(&session->runtime, NULL);
    if (status != QVT_OK) {
        return qvt_error_set(error, status, NULL, "no event loop: %s", qvt_status_text(status));
    }
    status = open_channel(session, error);
    if (status != QVT_OK) {
        qvt_rpc_runtime_free(session->runtime);
    }
    return status;
}

void session_close(struct session *session)
{
    qvt_rpc_channel_close_blocking(session->runtime, session->channel);
    qvt_rpc_runtime_free(session->runtime);
}

qvt_status session_encode(const ProtobufCMessage *message, qvt_slice *out)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(len + 1);
    if (bytes == NULL) {
        return QVT_NO_MEMORY;
    }
    *out = qvt_slice_make(bytes, protobuf_c_message_pack(message, bytes));
    return QVT_OK;
}

static void *allocate(void *data, size_t size)
{
    (void)data;
    return malloc(size);
}

qvt_status session_decode(const ProtobufCMessageDescriptor *type, qvt_slice wire, ProtobufCMessage **out,
                          qvt_error *error)
{
    static const qvt_rpc_message_memory memory = {allocate, NULL, ANSWER_BUDGET_BYTES};
    return qvt_rpc_message_decode(out, type, wire, &memory, error);
}

void session_free_answer(ProtobufCMessage *answer)
{
    free(answer);
}

qvt_status session_call(struct session *session, const qvt_rpc_method *method, const ProtobufCMessage *request,
                        const ProtobufCMessageDescriptor *type, ProtobufCMessage **answer, qvt_error *error)
{
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    qvt_blob *response;
    qvt_slice wire;
    options.timeout_ms = session->settings->timeout_ms;
    if (session_encode(request, &wire) != QVT_OK) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    qvt_status status =
        qvt_rpc_call_blocking(session->runtime, session->channel, method, wire, &options, &response, error);
    free((void *)(uintptr_t)wire.data);
    if (status == QVT_OK) {
        status = session_decode(type, qvt_blob_slice(response), answer, error);
        qvt_blob_unref(response);
    }
    return status;
}
