#include "server/identity/guard.h"

#include <stdlib.h>

#include <CUnit/CUnit.h>

#include "base/buf.h"
#include "quark/version/v1/version_tracker.methods.h"
#include "quark/version/v1/version_tracker.pb-c.h"
#include "tests/support/suite.h"
#include "tests/support/virtual_clock.h"

#define METHOD(name) (&quark_version_v1_version_tracker_methods[QUARK_VERSION_V1_VERSION_TRACKER_##name])

static struct virtual_clock virtual;
static struct buf lines; /* of the log */
static unsigned line_count;
static uint64_t state;
static qvt_error error;

static void keep_line(void *data, enum log_level level, qvt_slice line)
{
    (void)data;
    (void)level;
    line_count++;
    CU_ASSERT_EQUAL(buf_append_slice(&lines, line), QVT_OK);
}

static const struct log log_kept = {LOG_DEBUG, LOG_TEXT, keep_line, NULL, NULL};

static struct entropy source(void)
{
    return entropy_seeded(&state);
}

static struct guard *make(uint32_t failures_a_minute)
{
    struct guard *guard = NULL;
    state = 11;
    struct entropy entropy = source();
    virtual_clock_init(&virtual, 0);
    buf_deinit(&lines);
    line_count = 0;
    const struct guard_options options = {&entropy, &virtual.clock, &log_kept, failures_a_minute, 64};
    CU_ASSERT_EQUAL_FATAL(guard_new(&guard, &options), QVT_OK);
    return guard;
}

struct made {
    char text[16 + TOKEN_TEXT_LEN + 1]; /* of the header */
    char record[TOKEN_RECORD_LEN + 1];
};

static struct made make_token(void)
{
    struct made made;
    struct token token;
    struct token_record record;
    struct entropy entropy = source();
    token_make(&token, &entropy);
    CU_ASSERT_EQUAL_FATAL(token_record_make(&record, &token, &entropy), QVT_OK);
    memcpy(made.text, "Bearer ", 7);
    token_format(made.text + 7, &token);
    token_record_format(made.record, &record);
    return made;
}

static void use(struct guard *guard, const char *format, const struct made *made)
{
    struct buf text = BUF_INIT;
    struct credentials *credentials = NULL;
    const char *at = strchr(format, '$');
    CU_ASSERT_EQUAL(buf_printf(&text, "%.*s%s%s", (int)(at - format), format, made->record, at + 1), QVT_OK);
    CU_ASSERT_EQUAL(buf_append_byte(&text, 0), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(credentials_parse(&credentials, "F", (char *)text.data, text.len - 1, &error), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(guard_use(guard, credentials), QVT_OK);
}

static qvt_status identify(struct guard *guard, const char *authorization, const char *certificate, uint64_t *caller)
{
    const qvt_rpc_peer_names names = {.common_name = certificate == NULL ? "" : certificate};
    const struct guard_shown shown = {qvt_slice_text(authorization), &names, "10.0.0.1:5"};
    error.reason = NULL;
    return guard_identify(guard, METHOD(GET_SILO), &shown, caller, &error);
}

static void refused_for(struct guard *guard, const char *authorization, const char *certificate, const char *reason)
{
    uint64_t caller = 99;
    CU_ASSERT_EQUAL(identify(guard, authorization, certificate, &caller), QVT_UNAUTHENTICATED);
    EXPECT_TEXT(error.reason, reason);
    CU_ASSERT_EQUAL(caller, 0);
}

static void a_token_is_known_by_id_and_secret(void)
{
    struct guard *guard = make(0);
    struct made made = make_token();
    uint64_t caller = 0;
    refused_for(guard, made.text, NULL, "TOKEN_UNKNOWN");
    use(guard, "x reader clusters=* token=$", &made);
    CU_ASSERT_EQUAL(identify(guard, made.text, NULL, &caller), QVT_OK);
    EXPECT_TEXT(guard_name(guard, caller), "x");
    made.text[0] = 'b';
    CU_ASSERT_EQUAL(identify(guard, made.text, NULL, &caller), QVT_OK);
    made.text[7 + TOKEN_TEXT_LEN - 1] ^= 1;
    refused_for(guard, made.text, NULL, "TOKEN_UNKNOWN");
    refused_for(guard, NULL, NULL, "TOKEN_MISSING");
    refused_for(guard, "", NULL, "TOKEN_MALFORMED");
    refused_for(guard, "Bearer", NULL, "TOKEN_MALFORMED");
    refused_for(guard, "Bearer ", NULL, "TOKEN_MALFORMED");
    CU_ASSERT_EQUAL(guard_failures(guard, GUARD_TOKEN_UNKNOWN), 2);
    CU_ASSERT_EQUAL(guard_failures(guard, GUARD_TOKEN_MISSING), 1);
    guard_free(guard);
}

static void a_token_counts_before_a_certificate(void)
{
    struct guard *guard = make(0);
    struct made made = make_token();
    uint64_t caller = 0;
    use(guard, "x reader clusters=* certificate=x.example\ny reader clusters=* token=$", &made);
    CU_ASSERT_EQUAL(identify(guard, NULL, "X.example", &caller), QVT_OK);
    EXPECT_TEXT(guard_name(guard, caller), "x");
    CU_ASSERT_EQUAL(identify(guard, made.text, "x.example", &caller), QVT_OK);
    EXPECT_TEXT(guard_name(guard, caller), "y");
    refused_for(guard, "Bearer nonsense", "x.example", "TOKEN_MALFORMED");
    refused_for(guard, NULL, "y.example", "CERTIFICATE_UNKNOWN");
    guard_free(guard);
}

static void every_name_of_a_certificate_counts(void)
{
    static const char *const DNS[] = {"other.example", "x.example"};
    static const char *const URIS[] = {"spiffe://other", "spiffe://y"};
    struct guard *guard = make(0);
    struct made made = make_token();
    uint64_t caller = 0;
    use(guard, "x reader clusters=* certificate=x.example\ny reader clusters=* certificate=spiffe://y token=$", &made);
    qvt_rpc_peer_names names = {"nobody", DNS, 2, NULL, 0};
    const struct guard_shown shown = {qvt_slice_make(NULL, 0), &names, "10.0.0.1:5"};
    CU_ASSERT_EQUAL(guard_identify(guard, METHOD(GET_SILO), &shown, &caller, &error), QVT_OK);
    EXPECT_TEXT(guard_name(guard, caller), "x");
    names.uris = URIS;
    names.uri_count = 2;
    CU_ASSERT_EQUAL(guard_identify(guard, METHOD(GET_SILO), &shown, &caller, &error), QVT_OK);
    EXPECT_TEXT(guard_name(guard, caller), "y");
    guard_free(guard);
}

static void a_caller_stays_who_he_is_while_his_proof_does(void)
{
    struct guard *guard = make(0);
    struct made first = make_token();
    struct made second = make_token();
    uint64_t caller = 0;
    uint64_t again = 0;
    uint64_t other = 0;
    use(guard, "x reader clusters=* token=$", &first);
    CU_ASSERT_EQUAL(identify(guard, first.text, NULL, &caller), QVT_OK);
    use(guard, "a reader clusters=* certificate=a\nz silo clusters=q silos=* token=$", &first);
    EXPECT_TEXT(guard_name(guard, caller), "z");
    CU_ASSERT_EQUAL(identify(guard, first.text, NULL, &again), QVT_OK);
    CU_ASSERT_EQUAL(again, caller);
    use(guard, "x reader clusters=* token=$", &second);
    CU_ASSERT_PTR_NULL(guard_name(guard, caller));
    CU_ASSERT_EQUAL(guard_admit_read(guard, caller, "reading", "", &error), QVT_UNAUTHENTICATED);
    EXPECT_TEXT(error.reason, "CREDENTIAL_REVOKED");
    CU_ASSERT_EQUAL(identify(guard, second.text, NULL, &other), QVT_OK);
    CU_ASSERT_NOT_EQUAL(other, caller);
    use(guard, "x reader clusters=* token=$", &first);
    CU_ASSERT_PTR_NULL(guard_name(guard, caller));
    guard_free(guard);
}

/* The same id with another salt and digest is another token. */
static void a_new_secret_under_an_old_id_is_another_caller(void)
{
    struct guard *guard = make(0);
    struct made first = make_token();
    struct made forged = make_token();
    uint64_t caller = 0;
    use(guard, "x reader clusters=* token=$", &first);
    CU_ASSERT_EQUAL(identify(guard, first.text, NULL, &caller), QVT_OK);
    memcpy(forged.record, first.record, 7 + TOKEN_ID_LEN);
    use(guard, "x reader clusters=* token=$", &forged);
    CU_ASSERT_PTR_NULL(guard_name(guard, caller));
    refused_for(guard, first.text, NULL, "TOKEN_UNKNOWN");
    guard_free(guard);
}

static const char *admit(struct guard *guard, uint64_t caller, const qvt_rpc_method *method,
                         const ProtobufCMessage *request)
{
    error.reason = "OK";
    CU_ASSERT_EQUAL(guard_admit(guard, caller, method, request, &error) == QVT_OK, strcmp(error.reason, "OK") == 0);
    return error.reason;
}

static void grants_add_up_and_the_refusal_says_how_far_one_came(void)
{
    struct guard *guard = make(0);
    struct made made = make_token();
    uint64_t caller = 0;
    char cluster[8] = "a";
    char silo_id[16] = "orders-1";
    use(guard,
        "x reader clusters=a token=$\nx silo clusters=b silos=orders-*\nx silo clusters=b silos=carts-*\n"
        "x admin clusters=c,default",
        &made);
    CU_ASSERT_EQUAL_FATAL(identify(guard, made.text, NULL, &caller), QVT_OK);
    Quark__Version__V1__HeartbeatRequest beat;
    quark__version__v1__heartbeat_request__init(&beat);
    beat.cluster = cluster;
    beat.silo_id = silo_id;
    EXPECT_TEXT(admit(guard, caller, METHOD(HEARTBEAT), &beat.base), "ROLE_TOO_LOW");
    cluster[0] = 'b';
    EXPECT_TEXT(admit(guard, caller, METHOD(HEARTBEAT), &beat.base), "OK");
    memcpy(silo_id, "carts-1", 8);
    EXPECT_TEXT(admit(guard, caller, METHOD(HEARTBEAT), &beat.base), "OK");
    memcpy(silo_id, "other", 6);
    EXPECT_TEXT(admit(guard, caller, METHOD(HEARTBEAT), &beat.base), "SILO_NOT_ALLOWED");
    cluster[0] = 'c';
    EXPECT_TEXT(admit(guard, caller, METHOD(HEARTBEAT), &beat.base), "OK");
    cluster[0] = 'd';
    EXPECT_TEXT(admit(guard, caller, METHOD(HEARTBEAT), &beat.base), "CLUSTER_NOT_ALLOWED");
    cluster[0] = '\0';
    EXPECT_TEXT(admit(guard, caller, METHOD(HEARTBEAT), &beat.base), "OK");
    CU_ASSERT_EQUAL(guard_admit_read_all(guard, caller, "this", &error), QVT_PERMISSION_DENIED);
    CU_ASSERT_FALSE(guard_reads_all(guard, caller));
    guard_free(guard);
}

static void a_method_without_rule_is_for_nobody(void)
{
    static const qvt_rpc_method STRANGE = {.path = "/a.B/C", .name = "C"};
    struct guard *guard = make(0);
    struct made made = make_token();
    uint64_t caller = 0;
    use(guard, "x admin clusters=* token=$", &made);
    CU_ASSERT_EQUAL_FATAL(identify(guard, made.text, NULL, &caller), QVT_OK);
    CU_ASSERT_EQUAL(guard_admit(guard, caller, &STRANGE, NULL, &error), QVT_PERMISSION_DENIED);
    guard_free(guard);
}

static void who_fails_too_often_is_slowed_down_and_who_is_right_is_not(void)
{
    struct guard *guard = make(2);
    struct made made = make_token();
    uint64_t caller = 0;
    use(guard, "x admin clusters=* token=$", &made);
    refused_for(guard, NULL, NULL, "TOKEN_MISSING");
    refused_for(guard, "Bearer x", NULL, "TOKEN_MALFORMED");
    CU_ASSERT_EQUAL(identify(guard, NULL, NULL, &caller), QVT_RESOURCE_EXHAUSTED);
    EXPECT_TEXT(error.reason, "TOO_MANY_FAILURES");
    CU_ASSERT_EQUAL(error.retry_delay_ms, 30000);
    CU_ASSERT_EQUAL(identify(guard, made.text, NULL, &caller), QVT_OK);
    virtual_clock_advance_ms(&virtual, 30000);
    refused_for(guard, NULL, NULL, "TOKEN_MISSING");
    CU_ASSERT_EQUAL(identify(guard, NULL, NULL, &caller), QVT_RESOURCE_EXHAUSTED);
    guard_free(guard);
}

static void one_line_a_second_tells_of_failures_and_of_no_secret(void)
{
    struct guard *guard = make(0);
    struct made made = make_token();
    use(guard, "x admin clusters=* token=$", &made);
    made.text[7 + TOKEN_TEXT_LEN - 1] ^= 1;
    for (int i = 0; i < 5; i++) {
        refused_for(guard, made.text, NULL, "TOKEN_UNKNOWN");
    }
    CU_ASSERT_EQUAL(line_count, 1);
    virtual_clock_advance_ms(&virtual, 1000);
    refused_for(guard, made.text, NULL, "TOKEN_UNKNOWN");
    CU_ASSERT_EQUAL(line_count, 2);
    CU_ASSERT_EQUAL(buf_append_byte(&lines, 0), QVT_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)lines.data, "unlogged=4"));
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)lines.data, "credential=x"));
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)lines.data, "peer=10.0.0.1:5"));
    made.text[7 + 4 + TOKEN_ID_LEN + 1 + 8] = '\0';
    CU_ASSERT_PTR_NULL(strstr((const char *)lines.data, made.text + 7 + 4 + TOKEN_ID_LEN + 1));
    buf_deinit(&lines);
    guard_free(guard);
}

SUITE_MAIN("server/identity/guard", SUITE_CASE(a_token_is_known_by_id_and_secret),
           SUITE_CASE(a_token_counts_before_a_certificate), SUITE_CASE(every_name_of_a_certificate_counts),
           SUITE_CASE(a_caller_stays_who_he_is_while_his_proof_does),
           SUITE_CASE(a_new_secret_under_an_old_id_is_another_caller),
           SUITE_CASE(grants_add_up_and_the_refusal_says_how_far_one_came),
           SUITE_CASE(a_method_without_rule_is_for_nobody),
           SUITE_CASE(who_fails_too_often_is_slowed_down_and_who_is_right_is_not),
           SUITE_CASE(one_line_a_second_tells_of_failures_and_of_no_secret))
