#include "base/utf8.h"

#include <string.h>

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0u) == 0x80u;
}

/* The length a lead byte announces; 0 for bytes that cannot start a character (RFC 3629 §4). */
static size_t announced_len(uint8_t lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xc2) {
        return 0;
    }
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
}

/* Decodes the first character; returns its length, 0 when it is not valid. */
static size_t decode(qvt_slice text, uint32_t *character)
{
    size_t len = text.len == 0 ? 0 : announced_len(text.data[0]);
    if (len == 0 || len > text.len) {
        return 0;
    }
    static const uint8_t lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t value = text.data[0] & lead_bits[len];
    for (size_t i = 1; i < len; i++) {
        if (!is_continuation(text.data[i])) {
            return 0;
        }
        value = value << 6 | (text.data[i] & 0x3fu);
    }
    if (value < least[len] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
        return 0;
    }
    *character = value;
    return len;
}

static bool is_printable(uint32_t character)
{
    return character >= 0x20 && !(character >= 0x7f && character <= 0x9f) && character != 0x2028 && character != 0x2029;
}

/* Most text is ASCII: eight bytes at a time. */
static size_t ascii_len(qvt_slice text)
{
    size_t len = 0;
    for (uint64_t word; text.len - len >= sizeof(word); len += sizeof(word)) {
        memcpy(&word, text.data + len, sizeof(word));
        if ((word & UINT64_C(0x8080808080808080)) != 0) {
            return len;
        }
    }
    while (len < text.len && text.data[len] < 0x80) {
        len++;
    }
    return len;
}

bool utf8_is_valid(qvt_slice text)
{
    uint32_t character = 0;
    for (;;) {
        size_t ascii = ascii_len(text);
        if (ascii == text.len) {
            return true;
        }
        text = qvt_slice_make(text.data + ascii, text.len - ascii);
        size_t len = decode(text, &character);
        if (len == 0) {
            return false;
        }
        text = qvt_slice_make(text.data + len, text.len - len);
    }
}

size_t utf8_printable_len(qvt_slice text)
{
    uint32_t character = 0;
    if (text.len > 0 && text.data[0] >= 0x20 && text.data[0] < 0x7f) {
        return 1;
    }
    size_t len = decode(text, &character);
    return len > 0 && is_printable(character) ? len : 0;
}

bool utf8_is_printable(qvt_slice text)
{
    while (text.len > 0) {
        size_t len = utf8_printable_len(text);
        if (len == 0) {
            return false;
        }
        text = qvt_slice_make(text.data + len, text.len - len);
    }
    return true;
}

size_t utf8_cut(qvt_slice text, size_t max)
{
    if (text.len <= max) {
        return text.len;
    }
    size_t lead = max;
    while (lead > 0 && max - lead < 3 && is_continuation(text.data[lead])) {
        lead--;
    }
    return lead + announced_len(text.data[lead]) > max ? lead : max;
}

size_t utf8_escape(qvt_slice text, char *out, size_t cap)
{
    static const char digits[] = "0123456789abcdef";
    size_t written = 0;
    while (text.len > 0) {
        size_t len = utf8_printable_len(text);
        size_t need = len == 0 ? 4 : len;
        if (need > cap - written) {
            break;
        }
        if (len == 0) {
            const char escaped[4] = {'\\', 'x', digits[text.data[0] >> 4], digits[text.data[0] & 0x0f]};
            memcpy(out + written, escaped, sizeof(escaped));
            len = 1;
        } else {
            memcpy(out + written, text.data, len);
        }
        written += need;
        text = qvt_slice_make(text.data + len, text.len - len);
    }
    return written;
}
