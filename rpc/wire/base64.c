#include "rpc/wire/base64.h"

#include "base/check.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { NOT_IN_ALPHABET = 64 };

qvt_status base64_encode(struct buf *out, qvt_slice bytes)
{
    QVT_TRY(buf_reserve(out, base64_encoded_len(bytes.len)));
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t count = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t group = (uint32_t)bytes.data[i] << 16;
        group |= count > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0;
        group |= count > 2 ? (uint32_t)bytes.data[i + 2] : 0;
        for (size_t j = 0; j <= count; j++) {
            out->data[out->len++] = (uint8_t)alphabet[group >> (18 - 6 * j) & 63];
        }
    }
    return QVT_OK;
}

static uint32_t digit_value(uint8_t digit)
{
    if (digit >= 'A' && digit <= 'Z') {
        return (uint32_t)digit - 'A';
    }
    if (digit >= 'a' && digit <= 'z') {
        return (uint32_t)digit - 'a' + 26;
    }
    if (digit >= '0' && digit <= '9') {
        return (uint32_t)digit - '0' + 52;
    }
    return digit == '+' ? 62 : digit == '/' ? 63 : NOT_IN_ALPHABET;
}

/* Cuts padding off; false when it does not complete the last group. */
static bool strip_padding(qvt_slice *text)
{
    size_t padding = 0;
    while (padding < 2 && padding < text->len && text->data[text->len - 1 - padding] == '=') {
        padding++;
    }
    if (padding > 0 && text->len % 4 != 0) {
        return false;
    }
    text->len -= padding;
    return text->len % 4 != 1;
}

qvt_status base64_decode(struct buf *out, qvt_slice text)
{
    if (!strip_padding(&text)) {
        return QVT_INVALID_ARGUMENT;
    }
    QVT_TRY(buf_reserve(out, text.len / 4 * 3 + 2));
    size_t start = out->len;
    uint32_t group = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint32_t value = digit_value(text.data[i]);
        if (value == NOT_IN_ALPHABET) {
            out->len = start;
            return QVT_INVALID_ARGUMENT;
        }
        group = group << 6 | value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out->data[out->len++] = (uint8_t)(group >> bits & 0xff);
        }
    }
    return QVT_OK;
}
