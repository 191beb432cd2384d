#include "server/identity/token.h"

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

static uint64_t state = 7;

static struct token make(void)
{
    struct entropy source = entropy_seeded(&state);
    struct token token;
    token_make(&token, &source);
    return token;
}

static struct token_record record_of(const struct token *token)
{
    struct entropy source = entropy_seeded(&state);
    struct token_record record;
    CU_ASSERT_EQUAL_FATAL(token_record_make(&record, token, &source), QVT_OK);
    return record;
}

static void a_token_survives_its_text(void)
{
    struct token token = make();
    struct token read;
    char text[TOKEN_TEXT_LEN + 1];
    token_format(text, &token);
    CU_ASSERT_EQUAL(strlen(text), TOKEN_TEXT_LEN);
    CU_ASSERT_EQUAL_FATAL(token_parse(&read, qvt_slice_text(text)), QVT_OK);
    CU_ASSERT_EQUAL(read.id, token.id);
    CU_ASSERT_EQUAL(memcmp(read.secret, token.secret, sizeof(read.secret)), 0);
}

static void what_is_no_token_is_refused_wherever_it_ends_or_differs(void)
{
    struct token token = make();
    struct token read;
    char text[TOKEN_TEXT_LEN + 2];
    token_format(text, &token);
    for (size_t len = 0; len < TOKEN_TEXT_LEN; len++) {
        CU_ASSERT_EQUAL(token_parse(&read, qvt_slice_make(text, len)), QVT_INVALID_ARGUMENT);
        char kept = text[len];
        text[len] = 'G';
        CU_ASSERT_EQUAL(token_parse(&read, qvt_slice_text(text)), QVT_INVALID_ARGUMENT);
        text[len] = kept;
    }
    text[TOKEN_TEXT_LEN] = '0';
    CU_ASSERT_EQUAL(token_parse(&read, qvt_slice_make(text, TOKEN_TEXT_LEN + 1)), QVT_INVALID_ARGUMENT);
}

static void a_record_survives_its_text_and_knows_its_token(void)
{
    struct token token = make();
    struct token_record record = record_of(&token);
    struct token_record read;
    char text[TOKEN_RECORD_LEN + 1];
    token_record_format(text, &record);
    CU_ASSERT_EQUAL(strlen(text), TOKEN_RECORD_LEN);
    CU_ASSERT_EQUAL_FATAL(token_record_parse(&read, qvt_slice_text(text)), QVT_OK);
    CU_ASSERT_TRUE(token_record_matches(&read, &token));
    for (size_t len = 0; len < TOKEN_RECORD_LEN; len++) {
        CU_ASSERT_EQUAL(token_record_parse(&read, qvt_slice_make(text, len)), QVT_INVALID_ARGUMENT);
    }
}

static void another_secret_by_one_bit_does_not_match(void)
{
    struct token token = make();
    struct token_record record = record_of(&token);
    for (size_t bit = 0; bit < 8 * sizeof(token.secret); bit++) {
        token.secret[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CU_ASSERT_FALSE(token_record_matches(&record, &token));
        token.secret[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void two_records_of_one_token_differ(void)
{
    struct token token = make();
    struct token_record first = record_of(&token);
    struct token_record second = record_of(&token);
    CU_ASSERT_NOT_EQUAL(memcmp(first.salt, second.salt, sizeof(first.salt)), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(first.digest, second.digest, sizeof(first.digest)), 0);
}

/* sha256sum of 16 zero bytes and 32 bytes 0x01. */
static void the_digest_is_sha_256_of_salt_and_secret(void)
{
    static const char RECORD[] = "sha256:0000000000000001:00000000000000000000000000000000:"
                                 "65c9b91a2fea0df42fe54206e95a675f4d9b7c84d6ebabdd56bdf75d12f2364d";
    struct token token = {.id = 1};
    struct token_record record;
    memset(token.secret, 1, sizeof(token.secret));
    CU_ASSERT_EQUAL_FATAL(token_record_parse(&record, qvt_slice_text(RECORD)), QVT_OK);
    CU_ASSERT_EQUAL(record.id, 1);
    CU_ASSERT_TRUE(token_record_matches(&record, &token));
}

static void a_wiped_token_is_gone(void)
{
    struct token token = make();
    token_wipe(&token);
    for (size_t i = 0; i < sizeof(token.secret); i++) {
        CU_ASSERT_EQUAL(token.secret[i], 0);
    }
}

SUITE_MAIN("server/identity/token", SUITE_CASE(a_token_survives_its_text),
           SUITE_CASE(what_is_no_token_is_refused_wherever_it_ends_or_differs),
           SUITE_CASE(a_record_survives_its_text_and_knows_its_token),
           SUITE_CASE(another_secret_by_one_bit_does_not_match), SUITE_CASE(two_records_of_one_token_differ),
           SUITE_CASE(the_digest_is_sha_256_of_salt_and_secret), SUITE_CASE(a_wiped_token_is_gone))
