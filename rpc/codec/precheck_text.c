#include "rpc/codec/precheck_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/* Whether all eight bytes are 0x01 to 0x7f; not always true when they are. */
static bool is_plain(const uint8_t *bytes)
{
    const uint64_t high = UINT64_C(0x8080808080808080);
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t word = 0;
    memcpy(&word, bytes, sizeof(word));
    return ((word | (word - ones)) & high) == 0;
}

/* The length of a prefix in which every byte is 0x01 to 0x7f; not always the longest. */
static size_t plain_prefix(qvt_slice text)
{
    size_t at = 0;
    for (; text.len - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
        if (!is_plain(text.data + at)) {
            return at;
        }
    }
    if (at > 0 && at < text.len) {
        return is_plain(text.data + text.len - sizeof(uint64_t)) ? text.len : at;
    }
    while (at < text.len && text.data[at] != 0 && text.data[at] < 0x80) {
        at++;
    }
    return at;
}

const char *precheck_text(qvt_slice text)
{
    size_t plain = plain_prefix(text);
    if (plain == text.len) {
        return NULL;
    }
    qvt_slice rest = qvt_slice_make(text.data + plain, text.len - plain);
    if (memchr(rest.data, '\0', rest.len) != NULL) {
        return "holds a NUL character";
    }
    return utf8_is_valid(rest) ? NULL : "is not UTF-8";
}
