#include "json/field_mask.h"

#include <string.h>

#include "base/check.h"
#include "json/describe.h"

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_path_character(char c)
{
    return is_lower(c) || is_upper(c) || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

static qvt_status write_path(struct buf *out, const char *path)
{
    for (const char *at = path; *at != '\0'; at++) {
        bool folds = *at == '_';
        if (!is_path_character(*at) || is_upper(*at) || (folds && !is_lower(at[1]))) {
            return QVT_INVALID_ARGUMENT;
        }
        at += folds ? 1 : 0;
        QVT_TRY(buf_append_byte(out, (uint8_t)(folds ? *at - 'a' + 'A' : *at)));
    }
    return QVT_OK;
}

qvt_status field_mask_write(struct buf *out, const Google__Protobuf__FieldMask *mask)
{
    for (size_t i = 0; i < mask->n_paths; i++) {
        QVT_TRY(i == 0 ? QVT_OK : buf_append_byte(out, ','));
        QVT_TRY(write_path(out, mask->paths[i]));
    }
    return QVT_OK;
}

static qvt_status read_path(struct json_reader *reader, const char *text, size_t len, char **out)
{
    char value[DESCRIBE_MAX];
    char *path = json_reader_alloc(reader, 2 * len + 1, 1);
    if (path == NULL) {
        return QVT_RESOURCE_EXHAUSTED;
    }
    *out = path;
    for (size_t i = 0; i < len; i++) {
        if (!is_path_character(text[i])) {
            return json_reader_refuse(reader, "must be field names joined by commas, not %s",
                                      describe_text(text, value));
        }
        if (is_upper(text[i])) {
            *path++ = '_';
        }
        *path++ = (char)(is_upper(text[i]) ? text[i] - 'A' + 'a' : text[i]);
    }
    return len == 0 ? json_reader_refuse(reader, "must be field names joined by commas: one is empty") : QVT_OK;
}

qvt_status field_mask_read(struct json_reader *reader, const char *text, Google__Protobuf__FieldMask *mask)
{
    size_t count = *text == '\0' ? 0 : 1;
    for (const char *at = text; *at != '\0'; at++) {
        count += *at == ',' ? 1 : 0;
    }
    if (count == 0) {
        return QVT_OK;
    }
    mask->paths = json_reader_alloc(reader, count, sizeof(*mask->paths));
    if (mask->paths == NULL) {
        return QVT_RESOURCE_EXHAUSTED;
    }
    for (size_t i = 0; i < count; i++) {
        size_t len = strcspn(text, ",");
        QVT_TRY(read_path(reader, text, len, &mask->paths[i]));
        mask->n_paths = i + 1;
        text += len + (text[len] == ',' ? 1 : 0);
    }
    return QVT_OK;
}
