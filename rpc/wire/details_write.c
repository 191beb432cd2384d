#include "rpc/wire/details.h"

#include "base/check.h"
#include "rpc/wire/details_fields.h"
#include "rpc/wire/protobuf.h"

bool details_are_needed(const qvt_error *error)
{
    return error->reason != NULL || error->field[0] != '\0' || error->retry_delay_ms > 0 || error->fact_count > 0;
}

static qvt_status put_text(struct buf *out, uint32_t field, const char *text)
{
    return protobuf_put_bytes(out, field, qvt_slice_text(text));
}

static qvt_status put_error_info(struct buf *out, const qvt_error *error)
{
    if (error->reason != NULL) {
        QVT_TRY(put_text(out, ERROR_INFO_REASON, error->reason));
    }
    QVT_TRY(put_text(out, ERROR_INFO_DOMAIN, QVT_ERROR_DOMAIN));
    for (size_t i = 0; i < error->fact_count; i++) {
        size_t mark = 0;
        QVT_TRY(protobuf_open(out, ERROR_INFO_METADATA, &mark));
        QVT_TRY(put_text(out, MAP_KEY, error->facts[i].name));
        QVT_TRY(put_text(out, MAP_VALUE, error->facts[i].value));
        QVT_TRY(protobuf_close(out, mark));
    }
    return QVT_OK;
}

static qvt_status put_bad_request(struct buf *out, const qvt_error *error)
{
    size_t mark = 0;
    QVT_TRY(protobuf_open(out, BAD_REQUEST_VIOLATIONS, &mark));
    QVT_TRY(put_text(out, VIOLATION_FIELD, error->field));
    QVT_TRY(put_text(out, VIOLATION_DESCRIPTION, error->message));
    return protobuf_close(out, mark);
}

static qvt_status put_retry_info(struct buf *out, const qvt_error *error)
{
    size_t mark = 0;
    QVT_TRY(protobuf_open(out, RETRY_INFO_DELAY, &mark));
    QVT_TRY(protobuf_put_varint(out, DURATION_SECONDS, error->retry_delay_ms / 1000));
    QVT_TRY(protobuf_put_varint(out, DURATION_NANOS, error->retry_delay_ms % 1000 * UINT64_C(1000000)));
    return protobuf_close(out, mark);
}

static qvt_status put_any(struct buf *out, const char *type_url, qvt_status (*put)(struct buf *, const qvt_error *),
                          const qvt_error *error)
{
    size_t any = 0;
    size_t value = 0;
    QVT_TRY(protobuf_open(out, STATUS_DETAILS, &any));
    QVT_TRY(put_text(out, ANY_TYPE_URL, type_url));
    QVT_TRY(protobuf_open(out, ANY_VALUE, &value));
    QVT_TRY(put(out, error));
    QVT_TRY(protobuf_close(out, value));
    return protobuf_close(out, any);
}

qvt_status details_write_status(struct buf *out, const qvt_error *error)
{
    QVT_TRY(protobuf_put_varint(out, STATUS_CODE, (uint64_t)qvt_status_to_grpc(error->status)));
    return put_text(out, STATUS_MESSAGE, error->message);
}

qvt_status details_write_any(struct buf *out, const char *type_url, qvt_slice value)
{
    size_t any = 0;
    QVT_TRY(protobuf_open(out, STATUS_DETAILS, &any));
    QVT_TRY(put_text(out, ANY_TYPE_URL, type_url));
    QVT_TRY(protobuf_put_bytes(out, ANY_VALUE, value));
    return protobuf_close(out, any);
}

static qvt_status put_status(struct buf *out, const qvt_error *error)
{
    QVT_TRY(details_write_status(out, error));
    if (error->reason != NULL || error->fact_count > 0) {
        QVT_TRY(put_any(out, DETAILS_TYPE_PREFIX DETAILS_ERROR_INFO, put_error_info, error));
    }
    if (error->field[0] != '\0') {
        QVT_TRY(put_any(out, DETAILS_TYPE_PREFIX DETAILS_BAD_REQUEST, put_bad_request, error));
    }
    if (error->retry_delay_ms > 0) {
        QVT_TRY(put_any(out, DETAILS_TYPE_PREFIX DETAILS_RETRY_INFO, put_retry_info, error));
    }
    return QVT_OK;
}

qvt_status details_write(struct buf *out, const qvt_error *error)
{
    size_t start = out->len;
    qvt_status status = put_status(out, error);
    if (status != QVT_OK) {
        out->len = start;
    }
    return status;
}
