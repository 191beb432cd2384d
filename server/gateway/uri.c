#include "server/gateway/uri.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes the bytes between `from` and `end` in place. */
static qvt_status decode(char *from, const char *end, bool plus_is_space, qvt_slice *out, qvt_error *error)
{
    char *to = from;
    for (const char *at = from; at < end; at++) {
        if (*at != '%') {
            *to++ = plus_is_space && *at == '+' ? ' ' : *at;
            continue;
        }
        int high = end - at > 2 ? hex_digit(at[1]) : -1;
        int low = end - at > 2 ? hex_digit(at[2]) : -1;
        if (high < 0 || low < 0) {
            return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "broken percent-encoding at \"%.*s\" in the URL",
                                 (int)(end - at < 3 ? end - at : 3), at);
        }
        *to++ = (char)(high * 16 + low);
        at += 2;
    }
    *out = qvt_slice_make(from, (size_t)(to - from));
    return QVT_OK;
}

static qvt_status parse_path(struct uri *out, char *path, char *end, qvt_error *error)
{
    for (char *at = path; at < end;) {
        char *from = at + 1;
        char *slash = memchr(from, '/', (size_t)(end - from));
        at = slash == NULL ? end : slash;
        if (out->segment_count == URI_SEGMENT_MAX) {
            return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "more than %d segments in the path",
                                 URI_SEGMENT_MAX);
        }
        QVT_TRY(decode(from, at, false, &out->segment[out->segment_count++], error));
    }
    return QVT_OK;
}

static qvt_status parse_parameter(struct uri *out, char *from, char *end, qvt_error *error)
{
    if (from == end) {
        return QVT_OK;
    }
    if (out->parameter_count == URI_PARAMETER_MAX) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "more than %d query parameters", URI_PARAMETER_MAX);
    }
    struct uri_parameter *parameter = &out->parameter[out->parameter_count++];
    char *equals = memchr(from, '=', (size_t)(end - from));
    QVT_TRY(decode(from, equals == NULL ? end : equals, true, &parameter->name, error));
    char *value = equals == NULL ? end : equals + 1;
    return decode(value, end, true, &parameter->value, error);
}

static qvt_status parse_query(struct uri *out, char *query, qvt_error *error)
{
    for (char *at = query;; at++) {
        char *from = at;
        at = strchr(from, '&');
        QVT_TRY(parse_parameter(out, from, at == NULL ? from + strlen(from) : at, error));
        if (at == NULL) {
            return QVT_OK;
        }
    }
}

qvt_status uri_parse(struct uri *out, char *text, qvt_error *error)
{
    out->segment_count = 0;
    out->parameter_count = 0;
    char *query = strchr(text, '?');
    char *path_end = query == NULL ? text + strlen(text) : query;
    if (text[0] != '/') {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "the request target does not start with /");
    }
    QVT_TRY(parse_path(out, text, path_end, error));
    return query == NULL ? QVT_OK : parse_query(out, query + 1, error);
}
