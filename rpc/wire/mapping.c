#include "rpc/wire/mapping.h"

qvt_status mapping_from_http2(uint32_t code)
{
    switch (code) {
#define MAPPING_CASE(name, value, status)                                                                              \
    case HTTP2_##name: return QVT_##status;
        MAPPING_HTTP2_CODES(MAPPING_CASE)
#undef MAPPING_CASE
    default: return QVT_UNKNOWN;
    }
}

const char *mapping_http2_name(uint32_t code)
{
    switch (code) {
#define MAPPING_CASE(name, value, status)                                                                              \
    case HTTP2_##name: return #name;
        MAPPING_HTTP2_CODES(MAPPING_CASE)
#undef MAPPING_CASE
    default: return "unknown code";
    }
}

qvt_status mapping_from_http(int code)
{
    switch (code) {
    case 400: return QVT_INTERNAL;
    case 401: return QVT_UNAUTHENTICATED;
    case 403: return QVT_PERMISSION_DENIED;
    case 404: return QVT_UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504: return QVT_UNAVAILABLE;
    default: return QVT_UNKNOWN;
    }
}

static const char *const grpc_texts[] = {"0", "1",  "2",  "3",  "4",  "5",  "6",  "7", "8",
                                         "9", "10", "11", "12", "13", "14", "15", "16"};

enum { GRPC_TEXT_COUNT = sizeof(grpc_texts) / sizeof(grpc_texts[0]) };

qvt_status mapping_from_grpc_text(qvt_slice text)
{
    for (long i = 0; i < GRPC_TEXT_COUNT; i++) {
        if (qvt_slice_equal(text, qvt_slice_text(grpc_texts[i]))) {
            return qvt_status_from_grpc(i);
        }
    }
    return QVT_UNKNOWN;
}

const char *mapping_to_grpc_text(qvt_status status)
{
    return grpc_texts[qvt_status_to_grpc(status)];
}
