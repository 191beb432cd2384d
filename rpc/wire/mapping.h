/* What other protocols' codes mean as a status: RST_STREAM codes (grpc PROTOCOL-HTTP2) and HTTP codes
 * (grpc http-grpc-status-mapping), for answers that carry no grpc-status. */
#ifndef QVT_RPC_WIRE_MAPPING_H
#define QVT_RPC_WIRE_MAPPING_H

#include <stdint.h>

#include "qvt/slice.h"
#include "qvt/status.h"

/* The error codes of RFC 9113 §7 with their status for a call. X(name, value, status). */
#define MAPPING_HTTP2_CODES(X)                                                                                         \
    X(NO_ERROR, 0x0, INTERNAL)                                                                                         \
    X(PROTOCOL_ERROR, 0x1, INTERNAL)                                                                                   \
    X(INTERNAL_ERROR, 0x2, INTERNAL)                                                                                   \
    X(FLOW_CONTROL_ERROR, 0x3, INTERNAL)                                                                               \
    X(SETTINGS_TIMEOUT, 0x4, INTERNAL)                                                                                 \
    X(STREAM_CLOSED, 0x5, UNKNOWN)                                                                                     \
    X(FRAME_SIZE_ERROR, 0x6, INTERNAL)                                                                                 \
    X(REFUSED_STREAM, 0x7, UNAVAILABLE)                                                                                \
    X(CANCEL, 0x8, CANCELLED)                                                                                          \
    X(COMPRESSION_ERROR, 0x9, INTERNAL)                                                                                \
    X(CONNECT_ERROR, 0xa, INTERNAL)                                                                                    \
    X(ENHANCE_YOUR_CALM, 0xb, RESOURCE_EXHAUSTED)                                                                      \
    X(INADEQUATE_SECURITY, 0xc, PERMISSION_DENIED)                                                                     \
    X(HTTP_1_1_REQUIRED, 0xd, UNKNOWN)

enum mapping_http2_code {
#define MAPPING_VALUE(name, value, status) HTTP2_##name = (value),
    MAPPING_HTTP2_CODES(MAPPING_VALUE)
#undef MAPPING_VALUE
};

/* The status of a call that the peer reset with this code; UNKNOWN outside the list. */
qvt_status mapping_from_http2(uint32_t code);

/* The code's name in RFC 9113, such as "REFUSED_STREAM"; static; never NULL. */
const char *mapping_http2_name(uint32_t code);

/* The status of an answer with this `:status` and no grpc-status. */
qvt_status mapping_from_http(int code);

/* The value of a `grpc-status` field; UNKNOWN for anything but 0 to 16 in decimal. */
qvt_status mapping_from_grpc_text(qvt_slice text);

/* The value of `grpc-status` for a status, "0" to "16"; static. */
const char *mapping_to_grpc_text(qvt_status status);

#endif
