#include "server/identity/rules.h"

#include <string.h>

#include <CUnit/CUnit.h>

#include "grpc/health/v1/health.methods.h"
#include "grpc/reflection/v1/reflection.methods.h"
#include "quark/version/v1/version_tracker.bindings.h"
#include "quark/version/v1/version_tracker.methods.h"
#include "quark/version/v1/version_tracker.pb-c.h"
#include "tests/support/suite.h"

enum { METHODS = QUARK_VERSION_V1_VERSION_TRACKER_METHOD_COUNT, MESSAGE_MAX = 1024 };

/* A request of the method whose text field with this name is set; false: it has none. */
static bool fill(ProtobufCMessage *message, size_t method, const char *field, char *text)
{
    const ProtobufCMessageDescriptor *type = quark_version_v1_version_tracker_bindings[method].request->descriptor;
    CU_ASSERT_FATAL(type->sizeof_message <= MESSAGE_MAX);
    protobuf_c_message_init(type, message);
    const ProtobufCFieldDescriptor *found = protobuf_c_message_descriptor_get_field_by_name(type, field);
    if (found == NULL || found->type != PROTOBUF_C_TYPE_STRING) {
        return false;
    }
    memcpy((char *)message + found->offset, &text, sizeof(text));
    return true;
}

static void every_method_has_a_rule(void)
{
    for (size_t i = 0; i < METHODS; i++) {
        const struct rule *rule = rules_of(&quark_version_v1_version_tracker_methods[i]);
        CU_ASSERT_NOT_EQUAL(rule->kind, RULE_MISSING);
        CU_ASSERT_NOT_EQUAL(rule->kind, RULE_OPEN);
        CU_ASSERT_NOT_EQUAL(rule->kind, RULE_ANYONE);
    }
}

static void what_has_no_side_effects_is_reading_and_reading_has_none(void)
{
    for (size_t i = 0; i < METHODS; i++) {
        const qvt_rpc_method *method = &quark_version_v1_version_tracker_methods[i];
        bool reads = method->idempotency == QVT_RPC_NO_SIDE_EFFECTS || i == QUARK_VERSION_V1_VERSION_TRACKER_WATCH;
        CU_ASSERT_EQUAL(rules_of(method)->kind == RULE_READ, reads);
    }
}

static void a_rule_sees_every_field_that_says_what_a_request_is_about(void)
{
    union {
        ProtobufCMessage base;
        char bytes[MESSAGE_MAX];
    } message;
    char text[] = "text";
    for (size_t i = 0; i < METHODS; i++) {
        const struct rule *rule = rules_of(&quark_version_v1_version_tracker_methods[i]);
        CU_ASSERT_TRUE(fill(&message.base, i, "cluster", text));
        CU_ASSERT_PTR_NOT_NULL_FATAL(rule->cluster);
        CU_ASSERT_PTR_EQUAL(rule->cluster(&message.base), text);
        bool has_who = fill(&message.base, i, "who", text);
        CU_ASSERT_EQUAL(has_who, rule->who != NULL);
        CU_ASSERT_TRUE(!has_who || *rule->who(&message.base) == text);
        bool has_silo = fill(&message.base, i, "silo_id", text);
        CU_ASSERT_TRUE(rule->kind != RULE_OWN_SILO || rule->silo_id != NULL);
        if (has_silo && rule->kind == RULE_OWN_SILO) {
            CU_ASSERT_PTR_EQUAL(rule->silo_id(&message.base), text);
        }
    }
}

static void a_registration_is_about_the_silo_in_it(void)
{
    const struct rule *rule =
        rules_of(&quark_version_v1_version_tracker_methods[QUARK_VERSION_V1_VERSION_TRACKER_REGISTER_SILO]);
    Quark__Version__V1__RegisterSiloRequest request;
    Quark__Version__V1__SiloInfo silo;
    char id[] = "orders-1";
    quark__version__v1__register_silo_request__init(&request);
    quark__version__v1__silo_info__init(&silo);
    EXPECT_TEXT(rule->silo_id(&request.base), "");
    silo.silo_id = id;
    request.silo = &silo;
    EXPECT_TEXT(rule->silo_id(&request.base), "orders-1");
}

static const char *operators_field(const char *mask, int scheduling)
{
    const struct rule *rule =
        rules_of(&quark_version_v1_version_tracker_methods[QUARK_VERSION_V1_VERSION_TRACKER_UPDATE_SILO]);
    Quark__Version__V1__UpdateSiloRequest request;
    Quark__Version__V1__SiloInfo silo;
    Google__Protobuf__FieldMask paths;
    char labels[] = "labels";
    char path[32] = "";
    char *list[] = {labels, path};
    quark__version__v1__update_silo_request__init(&request);
    quark__version__v1__silo_info__init(&silo);
    google__protobuf__field_mask__init(&paths);
    silo.scheduling = (Quark__Version__V1__Scheduling)scheduling;
    request.silo = &silo;
    if (mask != NULL) {
        strncpy(path, mask, sizeof(path) - 1);
        paths.n_paths = path[0] == '\0' ? 0 : 2;
        paths.paths = list;
        request.update_mask = &paths;
    }
    return rule->operators_field(&request.base);
}

static void scheduling_is_the_operators_but_for_draining(void)
{
    enum { UNSPECIFIED, SCHEDULABLE, STAGED, CORDONED, DRAINING, UNKNOWN };
    for (int scheduling = SCHEDULABLE; scheduling <= UNKNOWN; scheduling++) {
        bool theirs = scheduling != DRAINING;
        CU_ASSERT_EQUAL(operators_field(NULL, scheduling) != NULL, theirs);
        CU_ASSERT_EQUAL(operators_field("", scheduling) != NULL, theirs);
        CU_ASSERT_EQUAL(operators_field("scheduling", scheduling) != NULL, theirs);
        CU_ASSERT_PTR_NULL(operators_field("status", scheduling));
    }
    CU_ASSERT_PTR_NULL(operators_field(NULL, UNSPECIFIED));
    EXPECT_TEXT(operators_field("scheduling", UNSPECIFIED), "silo.scheduling");
}

static void other_services_have_theirs_and_what_nobody_knows_has_none(void)
{
    static const qvt_rpc_method STRANGE = {.path = "/a.B/C", .name = "C", .index = 0};
    CU_ASSERT_EQUAL(rules_of(&grpc_health_v1_health.methods[0])->kind, RULE_OPEN);
    CU_ASSERT_EQUAL(rules_of(&grpc_reflection_v1_server_reflection.methods[0])->kind, RULE_ANYONE);
    CU_ASSERT_EQUAL(rules_of(&STRANGE)->kind, RULE_MISSING);
}

SUITE_MAIN("server/identity/rules", SUITE_CASE(every_method_has_a_rule),
           SUITE_CASE(what_has_no_side_effects_is_reading_and_reading_has_none),
           SUITE_CASE(a_rule_sees_every_field_that_says_what_a_request_is_about),
           SUITE_CASE(a_registration_is_about_the_silo_in_it), SUITE_CASE(scheduling_is_the_operators_but_for_draining),
           SUITE_CASE(other_services_have_theirs_and_what_nobody_knows_has_none))
