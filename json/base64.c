#include "json/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_text_len(size_t len)
{
    return (len + 2) / 3 * 4;
}

void base64_write(char *out, qvt_slice bytes)
{
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        unsigned group = (unsigned)bytes.data[i] << 16;
        group |= left > 1 ? (unsigned)bytes.data[i + 1] << 8 : 0;
        group |= left > 2 ? (unsigned)bytes.data[i + 2] : 0;
        *out++ = alphabet[group >> 18 & 63];
        *out++ = alphabet[group >> 12 & 63];
        *out++ = '=';
        *out++ = '=';
        if (left > 1) {
            out[-2] = alphabet[group >> 6 & 63];
        }
        if (left > 2) {
            out[-1] = alphabet[group & 63];
        }
    }
}

size_t base64_bytes_max(size_t len)
{
    return len / 4 * 3 + 3;
}

/* 0 to 63; -1 for a character outside both alphabets. */
static int value_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* Padding stands only where it fills the last group of four. */
static bool strip_padding(qvt_slice *text)
{
    size_t len = text->len;
    if (len == 0 || text->data[len - 1] != '=') {
        return true;
    }
    text->len -= len > 1 && text->data[len - 2] == '=' ? 2 : 1;
    return len % 4 == 0;
}

bool base64_read(uint8_t *out, size_t *out_len, qvt_slice text)
{
    unsigned group = 0;
    unsigned bits = 0;
    *out_len = 0;
    if (!strip_padding(&text) || text.len % 4 == 1) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        int value = value_of(text.data[i]);
        if (value < 0) {
            return false;
        }
        group = (group << 6 | (unsigned)value) & 0xffffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[(*out_len)++] = (uint8_t)(group >> bits & 0xff);
        }
    }
    return true;
}
