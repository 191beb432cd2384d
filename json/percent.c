#include "json/percent.h"

#include "base/check.h"
#include "base/utf8.h"

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

qvt_status percent_decode_text(struct buf *out, qvt_slice text, bool plus)
{
    size_t start = out->len;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (byte == '%') {
            int high = text.len - i > 2 ? hex_value(text.data[i + 1]) : -1;
            int low = text.len - i > 2 ? hex_value(text.data[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return QVT_INVALID_ARGUMENT;
            }
            byte = (uint8_t)(high << 4 | low);
            i += 2;
        } else if (byte == '+' && plus) {
            byte = ' ';
        }
        if (byte == 0) {
            return QVT_INVALID_ARGUMENT;
        }
        QVT_TRY(buf_append_byte(out, byte));
    }
    QVT_TRY(buf_append_byte(out, 0));
    return utf8_is_valid(qvt_slice_make(out->data + start, out->len - start - 1)) ? QVT_OK : QVT_INVALID_ARGUMENT;
}
