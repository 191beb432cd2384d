/* JSON text to a tree. jansson loses whole numbers beyond int64 and lets a text of brackets cost many times its size, so
 * the text is looked through first. */
#include "json/reader.h"

#include <string.h>

#include "base/buf.h"
#include "json/long_integer.h"

enum {
    INTEGER_DIGITS_SAFE = 18,
    TREE_BUDGET = 64 << 20,
    COST_CONTAINER = 320,
    COST_VALUE = 96,
};

struct survey {
    bool long_integers;
    bool nul_escapes;
    size_t cost;
};

/* The character behind the string that starts at `at`; the end when it is never closed. */
static size_t skip_string(qvt_slice text, size_t at, bool *nul_escape)
{
    for (at++; at < text.len && text.data[at] != '"'; at++) {
        if (text.data[at] == '\\') {
            *nul_escape = *nul_escape || (text.len - at >= 6 && memcmp(text.data + at, "\\u0000", 6) == 0);
            at++;
        }
    }
    return at < text.len ? at + 1 : text.len;
}

/* The length of a number's characters at `at`; whole when it has neither fraction nor exponent. */
static size_t number_len(qvt_slice text, size_t at, bool *whole)
{
    size_t end = at;
    *whole = true;
    for (; end < text.len && strchr("+-.eE0123456789", text.data[end]) != NULL && text.data[end] != '\0'; end++) {
        *whole = *whole && (text.data[end] >= '0' ? text.data[end] <= '9' : end == at && text.data[end] == '-');
    }
    return end - at;
}

static bool starts_number(uint8_t c)
{
    return c == '-' || (c >= '0' && c <= '9');
}

static bool is_long(qvt_slice text, size_t at, size_t len, bool whole)
{
    size_t sign = text.data[at] == '-' ? 1 : 0;
    bool canonical = len > sign && text.data[at + sign] != '0';
    return whole && canonical && len - sign > INTEGER_DIGITS_SAFE;
}

static struct survey survey_text(qvt_slice text)
{
    struct survey survey = {.cost = COST_VALUE};
    for (size_t at = 0; at < text.len;) {
        uint8_t c = text.data[at];
        bool whole;
        if (c == '"') {
            at = skip_string(text, at, &survey.nul_escapes);
        } else if (starts_number(c)) {
            size_t len = number_len(text, at, &whole);
            survey.long_integers = survey.long_integers || is_long(text, at, len, whole);
            at += len;
        } else {
            survey.cost += c == '{' || c == '[' ? COST_CONTAINER : c == ',' ? COST_VALUE : 0;
            at++;
        }
    }
    return survey;
}

static qvt_status append_number(struct buf *out, qvt_slice text, size_t at, size_t len, bool whole)
{
    bool mark = is_long(text, at, len, whole);
    qvt_status status = mark ? buf_append_text(out, "\"" LONG_INTEGER_ESCAPE) : QVT_OK;
    if (status == QVT_OK) {
        status = buf_append(out, text.data + at, len);
    }
    return mark && status == QVT_OK ? buf_append_byte(out, '"') : status;
}

/* Long whole numbers become marked strings, which no user can write. */
static qvt_status mark_integers(struct buf *out, qvt_slice text)
{
    qvt_status status = QVT_OK;
    for (size_t at = 0; at < text.len && status == QVT_OK;) {
        bool unused = false;
        bool whole;
        size_t len = 1;
        if (starts_number(text.data[at])) {
            len = number_len(text, at, &whole);
            status = append_number(out, text, at, len, whole);
        } else {
            len = text.data[at] == '"' ? skip_string(text, at, &unused) - at : 1;
            status = buf_append(out, text.data + at, len);
        }
        at += len;
    }
    return status;
}

static qvt_status load(struct json_reader *reader, qvt_slice text, size_t flags, json_t **out)
{
    json_error_t problem;
    *out = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | flags, &problem);
    if (*out != NULL) {
        return QVT_OK;
    }
    if (json_error_code(&problem) == json_error_out_of_memory) {
        return qvt_error_set(reader->error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    bool nul = json_error_code(&problem) == json_error_null_character ||
               json_error_code(&problem) == json_error_null_byte_in_key;
    return qvt_error_set(reader->error, QVT_INVALID_ARGUMENT, NULL, "not valid JSON: line %d, column %d: %s",
                         problem.line, problem.column, nul ? "\\u0000 is not allowed" : problem.text);
}

qvt_status json_reader_parse(struct json_reader *reader, qvt_slice text, json_t **out)
{
    struct survey survey = survey_text(text);
    *out = NULL;
    if (survey.cost > TREE_BUDGET) {
        return qvt_error_set(reader->error, QVT_RESOURCE_EXHAUSTED, NULL, "the JSON text has too many values");
    }
    if (!survey.long_integers || survey.nul_escapes) {
        return load(reader, text, 0, out);
    }
    struct buf marked = BUF_INIT;
    qvt_status status = mark_integers(&marked, text);
    status = status == QVT_OK ? load(reader, buf_slice(&marked), JSON_ALLOW_NUL, out)
                              : qvt_error_set(reader->error, status, NULL, "out of memory");
    buf_deinit(&marked);
    return status;
}
