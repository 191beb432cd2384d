#include "server/identity/token.h"

#include <inttypes.h>
#include <stdio.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

static const char TOKEN_PREFIX[] = "qvt_";
static const char RECORD_PREFIX[] = "sha256:";

void token_make(struct token *out, const struct entropy *entropy)
{
    out->id = entropy_u64(entropy);
    entropy_fill(entropy, out->secret, sizeof(out->secret));
}

void token_wipe(struct token *token)
{
    gnutls_memset(token, 0, sizeof(*token));
}

/* Returns the end. */
static char *put_hex(char *out, const uint8_t *bytes, size_t len)
{
    static const char DIGITS[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        *out++ = DIGITS[bytes[i] >> 4];
        *out++ = DIGITS[bytes[i] & 15];
    }
    *out = '\0';
    return out;
}

static bool take_digit(uint8_t c, unsigned *out)
{
    if (c >= '0' && c <= '9') {
        *out = c - (unsigned)'0';
        return true;
    }
    *out = c - (unsigned)'a' + 10;
    return c >= 'a' && c <= 'f';
}

/* Cuts `len` bytes in hex off the front of the text. */
static bool take_hex(qvt_slice *text, uint8_t *out, size_t len)
{
    if (text->len < 2 * len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned high = 0;
        unsigned low = 0;
        if (!take_digit(text->data[2 * i], &high) || !take_digit(text->data[2 * i + 1], &low)) {
            return false;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    *text = qvt_slice_make(text->data + 2 * len, text->len - 2 * len);
    return true;
}

static bool take_text(qvt_slice *text, const char *literal)
{
    qvt_slice wanted = qvt_slice_text(literal);
    if (!qvt_slice_starts_with(*text, wanted)) {
        return false;
    }
    *text = qvt_slice_make(text->data + wanted.len, text->len - wanted.len);
    return true;
}

static bool take_id(qvt_slice *text, uint64_t *out)
{
    uint8_t bytes[sizeof(*out)];
    if (!take_hex(text, bytes, sizeof(bytes))) {
        return false;
    }
    *out = 0;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        *out = *out << 8 | bytes[i];
    }
    return true;
}

void token_format(char out[TOKEN_TEXT_LEN + 1], const struct token *token)
{
    int len = snprintf(out, TOKEN_TEXT_LEN + 1, "%s%016" PRIx64 "_", TOKEN_PREFIX, token->id);
    put_hex(out + len, token->secret, sizeof(token->secret));
}

qvt_status token_parse(struct token *out, qvt_slice text)
{
    bool parsed = take_text(&text, TOKEN_PREFIX) && take_id(&text, &out->id) && take_text(&text, "_") &&
                  take_hex(&text, out->secret, sizeof(out->secret)) && text.len == 0;
    return parsed ? QVT_OK : QVT_INVALID_ARGUMENT;
}

static bool digest(const uint8_t salt[TOKEN_SALT_BYTES], const struct token *token, uint8_t out[TOKEN_DIGEST_BYTES])
{
    uint8_t text[TOKEN_SALT_BYTES + TOKEN_SECRET_BYTES];
    memcpy(text, salt, TOKEN_SALT_BYTES);
    memcpy(text + TOKEN_SALT_BYTES, token->secret, TOKEN_SECRET_BYTES);
    int result = gnutls_hash_fast(GNUTLS_DIG_SHA256, text, sizeof(text), out);
    gnutls_memset(text, 0, sizeof(text));
    return result == 0;
}

qvt_status token_record_make(struct token_record *out, const struct token *token, const struct entropy *entropy)
{
    out->id = token->id;
    entropy_fill(entropy, out->salt, sizeof(out->salt));
    return digest(out->salt, token, out->digest) ? QVT_OK : QVT_INTERNAL;
}

void token_record_format(char out[TOKEN_RECORD_LEN + 1], const struct token_record *record)
{
    int len = snprintf(out, TOKEN_RECORD_LEN + 1, "%s%016" PRIx64 ":", RECORD_PREFIX, record->id);
    char *at = put_hex(out + len, record->salt, sizeof(record->salt));
    *at++ = ':';
    put_hex(at, record->digest, sizeof(record->digest));
}

qvt_status token_record_parse(struct token_record *out, qvt_slice text)
{
    bool parsed = take_text(&text, RECORD_PREFIX) && take_id(&text, &out->id) && take_text(&text, ":") &&
                  take_hex(&text, out->salt, sizeof(out->salt)) && take_text(&text, ":") &&
                  take_hex(&text, out->digest, sizeof(out->digest)) && text.len == 0;
    return parsed ? QVT_OK : QVT_INVALID_ARGUMENT;
}

bool token_record_matches(const struct token_record *record, const struct token *token)
{
    uint8_t found[TOKEN_DIGEST_BYTES];
    return digest(record->salt, token, found) && gnutls_memcmp(found, record->digest, sizeof(found)) == 0;
}
