#include "qvt/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

void qvt_error_clear(qvt_error *error)
{
    error->status = QVT_OK;
    error->retry_delay_ms = 0;
    error->reason = NULL;
    error->field[0] = '\0';
    error->message[0] = '\0';
    error->fact_count = 0;
}

static void escape_into(char *out, size_t size, qvt_slice text)
{
    out[utf8_escape(text, out, size - 1)] = '\0';
}

static void format_into(char *out, size_t size, const char *format, va_list arguments) QVT_PRINTF(3, 0);

/* The raw text is longer than any `out` by one character, so that a character cut by vsnprintf is never reached. */
static void format_into(char *out, size_t size, const char *format, va_list arguments)
{
    char raw[QVT_ERROR_MESSAGE_MAX + 4];
    int len = vsnprintf(raw, sizeof(raw), format, arguments);
    if (len < 0) {
        len = 0;
    }
    size_t kept = (size_t)len < sizeof(raw) ? (size_t)len : sizeof(raw) - 1;
    escape_into(out, size, qvt_slice_make(raw, kept));
}

qvt_status qvt_error_set(qvt_error *error, qvt_status status, const char *reason, const char *format, ...)
{
    if (error == NULL) {
        return status;
    }
    qvt_error_clear(error);
    error->status = status;
    error->reason = reason;
    va_list arguments;
    va_start(arguments, format);
    format_into(error->message, sizeof(error->message), format, arguments);
    va_end(arguments);
    return status;
}

qvt_status qvt_error_field(qvt_error *error, const char *field, const char *format, ...)
{
    if (error == NULL) {
        return QVT_INVALID_ARGUMENT;
    }
    qvt_error_clear(error);
    error->status = QVT_INVALID_ARGUMENT;
    escape_into(error->field, sizeof(error->field), qvt_slice_text(field));
    va_list arguments;
    va_start(arguments, format);
    format_into(error->message, sizeof(error->message), format, arguments);
    va_end(arguments);
    return QVT_INVALID_ARGUMENT;
}

void qvt_error_fact(qvt_error *error, const char *name, const char *format, ...)
{
    if (error == NULL || error->fact_count == QVT_ERROR_FACT_MAX) {
        return;
    }
    error->facts[error->fact_count].name = name;
    va_list arguments;
    va_start(arguments, format);
    format_into(error->facts[error->fact_count].value, sizeof(error->facts[0].value), format, arguments);
    va_end(arguments);
    error->fact_count++;
}
