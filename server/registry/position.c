#include "server/registry/position.h"

#define TOKEN_DIGITS 16u

/* By hand: it is part of every change, where printf costs more than the rest of the draft. */
unsigned position_format(char out[POSITION_TEXT_MAX], uint64_t revision, uint64_t token)
{
    static const char digits[] = "0123456789abcdef";
    char reversed[20];
    unsigned len = 0;
    unsigned at = 0;
    do {
        reversed[len++] = digits[revision % 10];
        revision /= 10;
    } while (revision > 0);
    while (len > 0) {
        out[at++] = reversed[--len];
    }
    out[at++] = '.';
    for (unsigned i = TOKEN_DIGITS; i-- > 0;) {
        out[at++] = digits[token >> (4 * i) & 15u];
    }
    out[at] = 0;
    return at;
}

static bool parse_decimal(qvt_slice text, uint64_t *out)
{
    if (text.len == 0 || (text.len > 1 && text.data[0] == '0')) {
        return false;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        uint64_t digit = (uint64_t)(text.data[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

static bool parse_hex16(qvt_slice text, uint64_t *out)
{
    if (text.len != 16) {
        return false;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c >= '0' && c <= '9') {
            value = value << 4 | (uint64_t)(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            value = value << 4 | (uint64_t)(c - 'a' + 10);
        } else {
            return false;
        }
    }
    *out = value;
    return true;
}

qvt_status position_parse(struct position *out, qvt_slice text)
{
    size_t dot = 0;
    while (dot < text.len && text.data[dot] != '.') {
        dot++;
    }
    if (dot == text.len) {
        return QVT_INVALID_ARGUMENT;
    }
    struct position position = {.store_id = ""};
    if (!parse_decimal(qvt_slice_make(text.data, dot), &position.revision) ||
        !parse_hex16(qvt_slice_make(text.data + dot + 1, text.len - dot - 1), &position.token)) {
        return QVT_INVALID_ARGUMENT;
    }
    *out = position;
    return QVT_OK;
}

bool position_equal(const struct position *a, const struct position *b)
{
    return a->revision == b->revision && a->token == b->token && strcmp(a->store_id, b->store_id) == 0;
}
