#include "qvt/status.h"

const char *qvt_status_text(qvt_status status)
{
    switch (status) {
#define STATUS_CASE(name, value, text, grpc, http)                                                                     \
    case QVT_##name: return text;
        QVT_STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
    }
    return "status outside the list";
}

const char *qvt_status_name(qvt_status status)
{
    switch (status) {
#define STATUS_CASE(name, value, text, grpc, http)                                                                     \
    case QVT_##name: return #name;
        QVT_STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
    }
    return "UNKNOWN";
}

int qvt_status_to_grpc(qvt_status status)
{
    switch (status) {
#define STATUS_CASE(name, value, text, grpc, http)                                                                     \
    case QVT_##name: return grpc;
        QVT_STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
    }
    return QVT_UNKNOWN;
}

int qvt_status_to_http(qvt_status status)
{
    switch (status) {
#define STATUS_CASE(name, value, text, grpc, http)                                                                     \
    case QVT_##name: return http;
        QVT_STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
    }
    return 500;
}

qvt_status qvt_status_from_grpc(long code)
{
    if (code < QVT_OK || code > QVT_UNAUTHENTICATED) {
        return QVT_UNKNOWN;
    }
    return (qvt_status)code;
}
