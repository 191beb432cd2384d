#include "server/app/text_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/utf8.h"

static qvt_status cannot_read(const char *path, const char *why, qvt_error *error)
{
    return qvt_error_set(error, QVT_UNAVAILABLE, NULL, "cannot read %s: %s", path, why);
}

static qvt_status read_all(FILE *file, const char *path, size_t max, char **out, size_t *len, qvt_error *error)
{
    char *text = malloc(max + 2);
    if (text == NULL) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    *len = fread(text, 1, max + 1, file);
    if (ferror(file)) {
        free(text);
        return cannot_read(path, strerror(errno), error);
    }
    text[*len] = '\0';
    *out = text;
    return QVT_OK;
}

static qvt_status check(const char *path, size_t max, const char *text, size_t len, qvt_error *error)
{
    unsigned line = 1;
    if (len > max) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "%s:1: the file is over %zu bytes", path, max);
    }
    for (size_t begin = 0; begin < len; line++) {
        const char *end = memchr(text + begin, '\n', len - begin);
        size_t line_len = end == NULL ? len - begin : (size_t)(end - (text + begin));
        qvt_slice bytes = qvt_slice_make(text + begin, line_len);
        if (!utf8_is_valid(bytes) || memchr(text + begin, '\0', line_len) != NULL) {
            return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "%s:%u: not UTF-8 text", path, line);
        }
        begin += line_len + 1;
    }
    return QVT_OK;
}

qvt_status text_file_read(const char *path, size_t max, char **out, size_t *len, qvt_error *error)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return cannot_read(path, strerror(errno), error);
    }
    qvt_status status = read_all(file, path, max, out, len, error);
    fclose(file);
    QVT_TRY(status);
    status = check(path, max, *out, *len, error);
    if (status != QVT_OK) {
        free(*out);
        *out = NULL;
    }
    return status;
}
