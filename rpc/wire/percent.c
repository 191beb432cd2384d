#include "rpc/wire/percent.h"

#include "base/check.h"

static const char hex[] = "0123456789ABCDEF";

static bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte <= 0x7e && byte != '%';
}

qvt_status percent_encode(struct buf *out, qvt_slice text)
{
    if (text.len > SIZE_MAX / 3) {
        return QVT_NO_MEMORY;
    }
    QVT_TRY(buf_reserve(out, text.len * 3));
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (is_plain(byte)) {
            out->data[out->len++] = byte;
        } else {
            out->data[out->len++] = '%';
            out->data[out->len++] = (uint8_t)hex[byte >> 4];
            out->data[out->len++] = (uint8_t)hex[byte & 15];
        }
    }
    return QVT_OK;
}

/* -1 for what is no hex digit. */
static int nibble(uint8_t digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

qvt_status percent_decode(struct buf *out, qvt_slice text)
{
    QVT_TRY(buf_reserve(out, text.len));
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (byte == '%' && text.len - i > 2 && nibble(text.data[i + 1]) >= 0 && nibble(text.data[i + 2]) >= 0) {
            byte = (uint8_t)(nibble(text.data[i + 1]) << 4 | nibble(text.data[i + 2]));
            i += 2;
        }
        out->data[out->len++] = byte;
    }
    return QVT_OK;
}
