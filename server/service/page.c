#include "server/service/page.h"

#include <xxhash.h>

#include "base/check.h"
#include "server/service/service_impl.h"

enum { FINGERPRINT_LEN = 8, TOKEN_MAX = 2 * (FINGERPRINT_LEN + PAGE_KEY_MAX), ANSWER_SLACK = 4096 };

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads hex digits up to the end of text; the number of bytes, or -1. */
static int read_hex(const char *text, uint8_t *out, size_t cap)
{
    size_t len = 0;
    for (; text[0] != '\0'; text += 2, len++) {
        int high = hex_value(text[0]);
        int low = high < 0 ? -1 : hex_value(text[1]);
        if (low < 0 || len == cap) {
            return -1;
        }
        out[len] = (uint8_t)(high * 16 + low);
    }
    return (int)len;
}

static bool read_token(struct page *page, const char *token)
{
    uint8_t bytes[FINGERPRINT_LEN + PAGE_KEY_MAX];
    int len = read_hex(token, bytes, sizeof(bytes));
    if (len < FINGERPRINT_LEN || memcmp(bytes, &page->fingerprint, FINGERPRINT_LEN) != 0) {
        return false;
    }
    memcpy(page->key, bytes + FINGERPRINT_LEN, (size_t)len - FINGERPRINT_LEN);
    page->after = qvt_slice_make(page->key, (size_t)len - FINGERPRINT_LEN);
    return true;
}

uint64_t page_fingerprint(const char *cluster, uint64_t list)
{
    const char *name = cluster;
    if (cluster_name(cluster, &name, NULL) != QVT_OK) {
        return list;
    }
    return XXH3_64bits_withSeed(name, strlen(name), list);
}

qvt_status page_begin(struct page *page, struct service *service, uint32_t page_size, const char *token,
                      uint64_t fingerprint, qvt_error *error)
{
    uint32_t max = service->options.page_size_max;
    size_t message_max = service->options.message_bytes_max;
    page->shares = &service->shares;
    page->fingerprint = fingerprint;
    page->after = qvt_slice_make(page->key, 0);
    page->given = 0;
    page->left = page_size == 0 || page_size > max ? max : page_size;
    page->bytes_max = message_max > 2 * ANSWER_SLACK ? message_max - ANSWER_SLACK : message_max / 2;
    if (token[0] != '\0' && !read_token(page, token)) {
        return qvt_error_field(error, "page_token", "page_token is not one that this list gave for these filters");
    }
    return QVT_OK;
}

bool page_takes(struct page *page, struct encoder *encoder, size_t mark)
{
    bool too_long = page->given > 0 && encoder->out->len + page->shares->bytes > page->bytes_max;
    if (page->left == 0 || too_long) {
        encode_take_back(encoder, page->shares, mark);
        return false;
    }
    page->left--;
    page->given++;
    return true;
}

static void put_hex(char *out, size_t *len, const void *bytes, size_t count)
{
    static const char DIGITS[] = "0123456789abcdef";
    const uint8_t *at = bytes;
    for (size_t i = 0; i < count; i++) {
        out[(*len)++] = DIGITS[at[i] >> 4];
        out[(*len)++] = DIGITS[at[i] & 15];
    }
}

void page_end(const struct page *page, struct encoder *encoder, qvt_slice last)
{
    char token[TOKEN_MAX];
    size_t len = 0;
    QVT_ASSERT(last.len <= PAGE_KEY_MAX);
    put_hex(token, &len, &page->fingerprint, FINGERPRINT_LEN);
    put_hex(token, &len, last.data, last.len);
    encode_bytes(encoder, ANSWER_NEXT_PAGE, qvt_slice_make(token, len));
}
