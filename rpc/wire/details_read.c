#include "rpc/wire/details.h"

#include <limits.h>

#include "base/check.h"
#include "base/utf8.h"
#include "rpc/wire/details_fields.h"
#include "rpc/wire/protobuf.h"

static void copy_text(char *out, size_t size, qvt_slice text)
{
    out[utf8_escape(text, out, size - 1)] = '\0';
}

/* Each reader gets one field of its message; fields it does not know are skipped. */
typedef qvt_status (*field_reader)(struct details *out, const struct protobuf_field *field);

static qvt_status read_fields(struct details *out, qvt_slice bytes, field_reader reader)
{
    while (bytes.len > 0) {
        struct protobuf_field field;
        QVT_TRY(protobuf_next(&bytes, &field));
        QVT_TRY(reader(out, &field));
    }
    return QVT_OK;
}

static qvt_status read_fact(struct details *out, const struct protobuf_field *field)
{
    size_t i = out->error.fact_count;
    if (field->is_bytes && field->number == MAP_KEY) {
        copy_text(out->fact_names[i], sizeof(out->fact_names[i]), field->bytes);
    } else if (field->is_bytes && field->number == MAP_VALUE) {
        copy_text(out->error.facts[i].value, sizeof(out->error.facts[i].value), field->bytes);
    }
    return QVT_OK;
}

static qvt_status add_fact(struct details *out, qvt_slice entry)
{
    size_t i = out->error.fact_count;
    if (i == QVT_ERROR_FACT_MAX) {
        return QVT_OK;
    }
    out->fact_names[i][0] = '\0';
    out->error.facts[i].value[0] = '\0';
    out->error.facts[i].name = out->fact_names[i];
    QVT_TRY(read_fields(out, entry, read_fact));
    out->error.fact_count++;
    return QVT_OK;
}

static qvt_status read_error_info(struct details *out, const struct protobuf_field *field)
{
    if (!field->is_bytes) {
        return QVT_OK;
    }
    if (field->number == ERROR_INFO_REASON) {
        copy_text(out->reason, sizeof(out->reason), field->bytes);
    }
    return field->number == ERROR_INFO_METADATA ? add_fact(out, field->bytes) : QVT_OK;
}

static qvt_status read_violation(struct details *out, const struct protobuf_field *field)
{
    if (field->is_bytes && field->number == VIOLATION_FIELD) {
        copy_text(out->error.field, sizeof(out->error.field), field->bytes);
    }
    return QVT_OK;
}

static qvt_status read_bad_request(struct details *out, const struct protobuf_field *field)
{
    if (!field->is_bytes || field->number != BAD_REQUEST_VIOLATIONS || out->error.field[0] != '\0') {
        return QVT_OK;
    }
    return read_fields(out, field->bytes, read_violation);
}

static qvt_status read_duration(struct details *out, const struct protobuf_field *field)
{
    uint64_t delay = out->error.retry_delay_ms;
    if (!field->is_bytes && field->number == DURATION_SECONDS) {
        delay = field->value > UINT32_MAX / 1000 ? UINT32_MAX : delay + field->value * 1000;
    } else if (!field->is_bytes && field->number == DURATION_NANOS && field->value < UINT64_C(1000000000)) {
        delay += field->value / 1000000;
    }
    out->error.retry_delay_ms = delay > UINT32_MAX ? UINT32_MAX : (uint32_t)delay;
    return QVT_OK;
}

static qvt_status read_retry_info(struct details *out, const struct protobuf_field *field)
{
    if (!field->is_bytes || field->number != RETRY_INFO_DELAY || out->error.retry_delay_ms > 0) {
        return QVT_OK;
    }
    return read_fields(out, field->bytes, read_duration);
}

static bool type_is(qvt_slice type_url, const char *type)
{
    qvt_slice name = qvt_slice_text(type);
    return type_url.len > name.len && type_url.data[type_url.len - name.len - 1] == '/' &&
           qvt_slice_equal(qvt_slice_make(type_url.data + type_url.len - name.len, name.len), name);
}

static qvt_status read_any(struct details *out, qvt_slice any)
{
    qvt_slice type = {NULL, 0};
    qvt_slice value = {NULL, 0};
    while (any.len > 0) {
        struct protobuf_field field;
        QVT_TRY(protobuf_next(&any, &field));
        if (field.is_bytes && field.number == ANY_TYPE_URL) {
            type = field.bytes;
        } else if (field.is_bytes && field.number == ANY_VALUE) {
            value = field.bytes;
        }
    }
    if (type_is(type, DETAILS_ERROR_INFO) && out->error.reason == NULL) {
        QVT_TRY(read_fields(out, value, read_error_info));
        out->error.reason = out->reason[0] == '\0' ? NULL : out->reason;
        return QVT_OK;
    }
    if (type_is(type, DETAILS_BAD_REQUEST)) {
        return read_fields(out, value, read_bad_request);
    }
    return type_is(type, DETAILS_RETRY_INFO) ? read_fields(out, value, read_retry_info) : QVT_OK;
}

static qvt_status read_status(struct details *out, const struct protobuf_field *field)
{
    if (!field->is_bytes && field->number == STATUS_CODE) {
        out->error.status = qvt_status_from_grpc(field->value > INT_MAX ? -1 : (long)field->value);
    } else if (field->is_bytes && field->number == STATUS_MESSAGE) {
        copy_text(out->error.message, sizeof(out->error.message), field->bytes);
    } else if (field->is_bytes && field->number == STATUS_DETAILS) {
        return read_any(out, field->bytes);
    }
    return QVT_OK;
}

static void clear(struct details *out, qvt_status status)
{
    qvt_error_clear(&out->error);
    out->error.status = status;
    out->reason[0] = '\0';
}

qvt_status details_read(struct details *out, qvt_slice bytes)
{
    clear(out, QVT_OK);
    if (read_fields(out, bytes, read_status) != QVT_OK) {
        clear(out, QVT_INTERNAL);
        return QVT_INTERNAL;
    }
    return QVT_OK;
}
