#include "qvt/rpc/message.h"

qvt_status qvt_rpc_server_call_send_message(qvt_rpc_server_call *call, const ProtobufCMessage *message)
{
    qvt_blob *blob = NULL;
    uint8_t *bytes = NULL;
    qvt_status status = qvt_blob_new(&blob, protobuf_c_message_get_packed_size(message), &bytes);
    if (status != QVT_OK) {
        return status;
    }
    (void)protobuf_c_message_pack(message, bytes);
    status = qvt_rpc_server_call_send_blob(call, blob);
    qvt_blob_unref(blob);
    return status;
}
