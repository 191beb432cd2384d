/* Bearer tokens: their text, and the salted digest that is kept of them instead. Pure. */
#ifndef QVT_SERVER_IDENTITY_TOKEN_H
#define QVT_SERVER_IDENTITY_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/entropy.h"
#include "qvt/slice.h"
#include "qvt/status.h"

/* "qvt_<id>_<secret>": the id is public, 64 random bits, the secret 256, both in lower-case hex. */
enum {
    TOKEN_ID_LEN = 16,
    TOKEN_SECRET_BYTES = 32,
    TOKEN_TEXT_LEN = 4 + TOKEN_ID_LEN + 1 + 2 * TOKEN_SECRET_BYTES,
    TOKEN_SALT_BYTES = 16,
    TOKEN_DIGEST_BYTES = 32
};

struct token {
    uint64_t id;
    uint8_t secret[TOKEN_SECRET_BYTES];
};

/* What a file keeps: nobody gets the secret back from it. */
struct token_record {
    uint64_t id;
    uint8_t salt[TOKEN_SALT_BYTES];
    uint8_t digest[TOKEN_DIGEST_BYTES]; /* SHA-256 of salt and secret */
};

/* "sha256:<id>:<salt>:<digest>", hex. */
enum { TOKEN_RECORD_LEN = 7 + TOKEN_ID_LEN + 1 + 2 * TOKEN_SALT_BYTES + 1 + 2 * TOKEN_DIGEST_BYTES };

void token_make(struct token *out, const struct entropy *entropy);

/* Writes the text and a NUL. */
void token_format(char out[TOKEN_TEXT_LEN + 1], const struct token *token);

/* INVALID_ARGUMENT: the text is no token. */
QVT_MUST_CHECK qvt_status token_parse(struct token *out, qvt_slice text);

/* Overwrites the secret, which a compiler does not leave out. */
void token_wipe(struct token *token);

/* The token's record with a fresh salt. INTERNAL: the library refuses to hash. */
QVT_MUST_CHECK qvt_status token_record_make(struct token_record *out, const struct token *token,
                                            const struct entropy *entropy);

void token_record_format(char out[TOKEN_RECORD_LEN + 1], const struct token_record *record);

/* INVALID_ARGUMENT: the text is no record. */
QVT_MUST_CHECK qvt_status token_record_parse(struct token_record *out, qvt_slice text);

/* Whether the record was made of the token's secret; takes as long either way. The ids are not looked at. */
bool token_record_matches(const struct token_record *record, const struct token *token);

#endif
