#include "server/identity/credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/support/alloc.h"
#include "tests/support/suite.h"

#define SALT "00112233445566778899aabbccddeeff"
#define DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define TOKEN(id) " token=sha256:00000000000000" id ":" SALT ":" DIGEST

static qvt_error error;

static struct credentials *parse(const char *text)
{
    struct credentials *credentials = NULL;
    qvt_status status = credentials_parse(&credentials, "F", strdup(text), strlen(text), &error);
    CU_ASSERT_EQUAL(status == QVT_OK, credentials != NULL);
    return credentials;
}

static void lines_become_credentials_with_grants_and_proofs(void)
{
    struct credentials *read =
        parse("# all of them\n"
              "ops admin clusters=*" TOKEN(
                  "01") "\n"
                        "\r\n"
                        "orders silo clusters=a,b silos=orders-*,carts-1" TOKEN("03")
                            TOKEN("02") " # two\r\n"
                                        "orders reader clusters=* certificate=orders.example\n"
                                        "board\treader\tclusters=a certificate=BOARD certificate=spiffe://x/board");
    CU_ASSERT_PTR_NOT_NULL_FATAL(read);
    CU_ASSERT_EQUAL(read->count, 3);
    CU_ASSERT_EQUAL(read->grant_count, 4);
    CU_ASSERT_EQUAL(read->token_count, 3);
    CU_ASSERT_EQUAL(read->proof_count, 6);
    const struct proof *orders = credentials_token(read, 2);
    CU_ASSERT_PTR_NOT_NULL_FATAL(orders);
    EXPECT_TEXT(orders->credential->name, "orders");
    CU_ASSERT_EQUAL(orders->credential->grant_count, 2);
    CU_ASSERT_PTR_EQUAL(orders->credential, credentials_token(read, 3)->credential);
    CU_ASSERT_PTR_EQUAL(orders->credential, credentials_certificate(read, "orders.EXAMPLE")->credential);
    EXPECT_TEXT(credentials_certificate(read, "spiffe://x/board")->credential->name, "board");
    CU_ASSERT_PTR_NULL(credentials_certificate(read, "boar"));
    CU_ASSERT_PTR_NULL(credentials_token(read, 4));
    credentials_free(read);
}

static void a_grant_covers_its_clusters_and_fits_its_silos(void)
{
    struct credentials *read =
        parse("x silo clusters=a,bc silos=orders-*,carts-1" TOKEN("01") "\n"
                                                                        "y reader clusters=a,*" TOKEN("02"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(read);
    const struct grant *grant = read->list[0].grants;
    CU_ASSERT_TRUE(grant_covers(grant, "a"));
    CU_ASSERT_TRUE(grant_covers(grant, "bc"));
    CU_ASSERT_FALSE(grant_covers(grant, "b"));
    CU_ASSERT_FALSE(grant_covers(grant, "a,bc"));
    CU_ASSERT_FALSE(grant_covers(grant, ""));
    CU_ASSERT_TRUE(grant_fits(grant, "orders-7"));
    CU_ASSERT_TRUE(grant_fits(grant, "carts-1"));
    CU_ASSERT_FALSE(grant_fits(grant, "carts-11"));
    CU_ASSERT_FALSE(grant_fits(grant, ""));
    CU_ASSERT_TRUE(grant_covers(read->list[1].grants, "whatever"));
    CU_ASSERT_FALSE(grant_fits(read->list[1].grants, "orders-7"));
    credentials_free(read);
}

static void refused(const char *text, const char *message)
{
    struct credentials *read = parse(text);
    CU_ASSERT_PTR_NULL(read);
    CU_ASSERT_EQUAL(error.status, QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(error.message, message);
    credentials_free(read);
}

static void what_is_wrong_is_told_with_line_and_rule(void)
{
    refused("", "F:1: there is no credential in it");
    refused("# nothing\n\n", "F:1: there is no credential in it");
    refused("\na/b admin clusters=*" TOKEN("01"), "F:2: \"a/b\": a name is 1 to 64 of A-Z a-z 0-9 . _ @ -");
    refused("a", "F:1: a line is NAME ROLE clusters=LIST …: the role is missing");
    refused("a root clusters=*", "F:1: \"root\": a role is reader, silo or admin");
    refused("a admin" TOKEN("01"), "F:1: clusters= is missing: a list of names, or * for every cluster");
    refused("a admin clusters=" TOKEN("01"),
            "F:1: clusters: \"\": a cluster's name is 1 to 64 of A-Z a-z 0-9 . _ -, or * for every cluster");
    refused("a admin clusters=x,..,y",
            "F:1: clusters: \"..\": a cluster's name is 1 to 64 of A-Z a-z 0-9 . _ -, or * for every cluster");
    refused("a admin clusters=x clusters=y", "F:1: clusters= stands twice");
    refused("a silo clusters=x" TOKEN("01"),
            "F:1: silos= is missing: the role silo needs patterns of silo ids such as orders-*");
    refused("a silo clusters=x silos=a,", "F:1: silos: \"\": a pattern of silo ids is 1 to 128 bytes such as orders-*");
    refused("a admin clusters=x silos=a" TOKEN("01"), "F:1: silos= is for the role silo only, not admin");
    refused("a admin clusters=x password=1", "F:1: unknown word \"password\": clusters=, silos=, token= and "
                                             "certificate= are known");
    refused("a admin clusters=x token=sha256:1",
            "F:1: token= is not sha256:ID:SALT:DIGEST as `qvtctl token new` prints it");
    refused("a admin clusters=x certificate=",
            "F:1: certificate= is 1 to 256 bytes: a name of the certificate's subject");
    refused("a admin clusters=x", "F:1: \"a\" has neither token= nor certificate=");
    refused("a admin clusters=x" TOKEN("01") "\nb admin clusters=x" TOKEN("01"),
            "F:2: the token stands twice, first on line 1");
    refused("a admin clusters=x certificate=n\nb admin clusters=x certificate=N",
            "F:2: the certificate stands twice, first on line 1");
    refused("a admin clusters=x" TOKEN("01") "\nb admin clusters=x" TOKEN("02") "\n\na admin clusters=y" TOKEN("03"),
            "F:4: lines of \"a\" do not stand together; the others begin on line 1");
}

/* Somebody pastes the token where another word belongs. */
static void a_secret_in_a_wrong_place_is_not_told(void)
{
    static const char TOKEN_TEXT[] =
        "qvt_0123456789abcdef_5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e7abcd";
    static const char *const LINES[] = {"%s admin clusters=*", "a %s clusters=*", "a admin %s", "a admin clusters=* %s",
                                        "a admin clusters=* token=%s"};
    char line[512];
    for (size_t i = 0; i < sizeof(LINES) / sizeof(LINES[0]); i++) {
        const char *at = strstr(LINES[i], "%s");
        snprintf(line, sizeof(line), "%.*s%s%s", (int)(at - LINES[i]), LINES[i], TOKEN_TEXT, at + 2);
        CU_ASSERT_PTR_NULL(parse(line));
        CU_ASSERT_PTR_NULL(strstr(error.message, "5ec2e7"));
    }
}

static void every_allocation_may_fail(void)
{
    static const char text[] = "ops admin clusters=*" TOKEN(
        "01") "\n"
              "orders silo clusters=a,b silos=orders-*" TOKEN("03") " certificate=orders\n"
                                                                    "orders reader clusters=* certificate=other\n";
    unsigned long nth = 0;
    bool failed = true;
    while (failed) {
        struct credentials *read = NULL;
        char *copy = strdup(text);
        alloc_fail_at(++nth);
        qvt_status status = credentials_parse(&read, "F", copy, strlen(copy), &error);
        failed = alloc_failed();
        alloc_fail_at(0);
        CU_ASSERT_EQUAL(status, failed ? QVT_NO_MEMORY : QVT_OK);
        CU_ASSERT_EQUAL(read == NULL, failed);
        if (failed) {
            EXPECT_TEXT(error.message, "out of memory for F");
        }
        credentials_free(read);
    }
    CU_ASSERT_TRUE(nth > 5);
}

SUITE_MAIN("server/identity/credentials", SUITE_CASE(lines_become_credentials_with_grants_and_proofs),
           SUITE_CASE(a_grant_covers_its_clusters_and_fits_its_silos),
           SUITE_CASE(what_is_wrong_is_told_with_line_and_rule), SUITE_CASE(a_secret_in_a_wrong_place_is_not_told),
           SUITE_CASE(every_allocation_may_fail))
