#include "server/service/service.h"

#include <CUnit/Basic.h>

#include "server/service/service_impl.h"
#include "server/store/store_base.h"
#include "tests/support/suite.h"
#include "tests/unit/server/service/fixture.h"

static struct fixture fixture;

static void ignore_closed(void *data)
{
    (void)data;
}

static size_t cluster_count(void)
{
    return service_cluster_count(fixture.service);
}

static char *text(const char *value)
{
    return (char *)(uintptr_t)value;
}

static Quark__Version__V1__FindCompatibleSilosResponse *find(const char *cluster, const char *actor_type,
                                                             const char *version)
{
    struct fake_call call;
    Quark__Version__V1__FindCompatibleSilosRequest request;
    quark__version__v1__find_compatible_silos_request__init(&request);
    fake_call_init(&call);
    request.cluster = text(cluster);
    request.actor_type = text(actor_type);
    request.version = text(version);
    service_handlers()->find_compatible_silos(fixture.service, &call.unary, &request);
    CU_ASSERT_EQUAL_FATAL(call.error.status, QVT_OK);
    Quark__Version__V1__FindCompatibleSilosResponse *answer =
        quark__version__v1__find_compatible_silos_response__unpack(NULL, call.answer.len, call.answer.data);
    CU_ASSERT_PTR_NOT_NULL_FATAL(answer);
    fake_call_deinit(&call);
    return answer;
}

static void drop(Quark__Version__V1__FindCompatibleSilosResponse *answer)
{
    quark__version__v1__find_compatible_silos_response__free_unpacked(answer, NULL);
}

static void the_service_is_ready_once_its_clusters_are_loaded(void)
{
    fixture_open(&fixture, NULL);
    CU_ASSERT_EQUAL(fixture.ready, 1);
    CU_ASSERT_EQUAL(service_ready(fixture.service, NULL), QVT_OK);
    CU_ASSERT_EQUAL(cluster_count(), 0);
    fixture_close(&fixture);
}

static void a_cluster_that_nobody_created_reads_as_empty(void)
{
    fixture_open(&fixture, NULL);
    Quark__Version__V1__FindCompatibleSilosResponse *answer = find("blue", "Order", "");
    CU_ASSERT_EQUAL(answer->position->revision, 0);
    CU_ASSERT_EQUAL(answer->n_silos, 0);
    CU_ASSERT_EQUAL(answer->empty_reason, QUARK__VERSION__V1__EMPTY_REASON__EMPTY_REASON_UNKNOWN_TYPE);
    CU_ASSERT_EQUAL(answer->cache_ttl->seconds, 10);
    drop(answer);
    CU_ASSERT_EQUAL(cluster_count(), 0);
    fixture_close(&fixture);
}

static void a_registration_creates_the_cluster_and_is_found(void)
{
    fixture_open(&fixture, NULL);
    CU_ASSERT_EQUAL(fixture_register(&fixture, "blue", "silo-1", "Order", "1.0.0"), 1);
    CU_ASSERT_EQUAL(cluster_count(), 1);
    Quark__Version__V1__FindCompatibleSilosResponse *answer = find("blue", "Order", "1.0.0");
    CU_ASSERT_EQUAL_FATAL(answer->n_silos, 1);
    EXPECT_TEXT(answer->silos[0]->silo_id, "silo-1");
    EXPECT_TEXT(answer->silos[0]->version, "1.0.0");
    CU_ASSERT_EQUAL(answer->position->revision, 1);
    drop(answer);
    answer = find("", "Order", "1.0.0");
    CU_ASSERT_EQUAL(answer->n_silos, 0);
    drop(answer);
    fixture_close(&fixture);
}

static void a_refused_write_creates_no_cluster(void)
{
    fixture_open(&fixture, NULL);
    CU_ASSERT_EQUAL(fixture_register(&fixture, "blue", "silo-1", "Order", "no version"), 0);
    CU_ASSERT_EQUAL(fixture_unregister(&fixture, "blue", "silo-1"), 0);
    CU_ASSERT_EQUAL(cluster_count(), 0);
    fixture_close(&fixture);
}

static void there_is_a_limit_to_clusters(void)
{
    fixture_open(&fixture, NULL);
    CU_ASSERT_EQUAL(fixture_register(&fixture, "a", "silo-1", "", ""), 1);
    CU_ASSERT_EQUAL(fixture_register(&fixture, "b", "silo-1", "", ""), 1);
    CU_ASSERT_EQUAL(fixture_register(&fixture, "c", "silo-1", "", ""), 1);
    CU_ASSERT_EQUAL(fixture_register(&fixture, "d", "silo-1", "", ""), 0);
    CU_ASSERT_EQUAL(fixture_register(&fixture, "c", "silo-2", "", ""), 2);
    fixture_close(&fixture);
}

static void a_cluster_that_is_only_watched_goes_with_its_watcher(void)
{
    struct fake_watch watch = {.room = 100};
    fixture_open(&fixture, NULL);
    CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &watch, "blue", NULL, NULL), QVT_OK);
    CU_ASSERT_EQUAL(cluster_count(), 1);
    watcher_free(watch.watcher);
    fixture_settle(&fixture);
    CU_ASSERT_EQUAL(cluster_count(), 0);
    fixture_close(&fixture);
}

static void watches_of_what_nobody_created_do_not_use_up_the_limit(void)
{
    struct fake_watch watches[4] = {{.room = 100}, {.room = 100}, {.room = 100}, {.room = 100}};
    const char *const names[4] = {"w1", "w2", "w3", "w4"};
    fixture_open(&fixture, NULL);
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL_FATAL(fake_watch_start(&fixture, &watches[i], names[i], NULL, NULL), QVT_OK);
    }
    CU_ASSERT_EQUAL(fake_watch_start(&fixture, &watches[3], names[3], NULL, NULL), QVT_RESOURCE_EXHAUSTED);
    CU_ASSERT_EQUAL(fixture_register(&fixture, "a", "silo-1", "", ""), 1);
    CU_ASSERT_EQUAL(fixture_register(&fixture, "b", "silo-1", "", ""), 1);
    CU_ASSERT_EQUAL(fixture_register(&fixture, "w1", "silo-1", "", ""), 1);
    CU_ASSERT_EQUAL(fixture_register(&fixture, "w2", "silo-1", "", ""), 0);
    for (size_t i = 0; i < 3; i++) {
        watcher_free(watches[i].watcher);
    }
    fixture_close(&fixture);
}

static void an_expired_silo_is_no_longer_found(void)
{
    fixture_open(&fixture, NULL);
    CU_ASSERT_EQUAL(fixture_register(&fixture, "", "silo-1", "Order", "1.0.0"), 1);
    fixture_advance_ms(&fixture, 20000);
    Quark__Version__V1__FindCompatibleSilosResponse *answer = find("", "Order", "1.0.0");
    CU_ASSERT_EQUAL(answer->n_silos, 0);
    CU_ASSERT_EQUAL(answer->empty_reason, QUARK__VERSION__V1__EMPTY_REASON__EMPTY_REASON_ALL_DEAD);
    drop(answer);
    fixture_close(&fixture);
}

static void the_selector_ramp_names_the_actor_id_that_it_needs(void)
{
    struct fake_call call;
    Quark__Version__V1__FindCompatibleSilosRequest request;
    fixture_open(&fixture, NULL);
    quark__version__v1__find_compatible_silos_request__init(&request);
    request.actor_type = text("Order");
    request.selector = QUARK__VERSION__V1__SELECTOR__SELECTOR_RAMP;
    fake_call_init(&call);
    service_handlers()->find_compatible_silos(fixture.service, &call.unary, &request);
    CU_ASSERT_EQUAL(call.error.status, QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(call.error.field, "actor_id");
    EXPECT_TEXT(call.error.message, "actor_id is missing: the selector RAMP needs one");
    fake_call_deinit(&call);
    fixture_close(&fixture);
}

static void set_policy_with_ramp(const char *actor_type, int mode, int selector, const char *target)
{
    struct fake_call call;
    Quark__Version__V1__SetPolicyRequest request;
    Quark__Version__V1__Policy policy;
    quark__version__v1__set_policy_request__init(&request);
    quark__version__v1__policy__init(&policy);
    request.actor_type = text(actor_type);
    request.policy = &policy;
    policy.mode = (Quark__Version__V1__CompatibilityMode)mode;
    policy.selector = (Quark__Version__V1__Selector)selector;
    Quark__Version__V1__Ramp ramp;
    quark__version__v1__ramp__init(&ramp);
    ramp.target_version = text(target);
    ramp.basis_points = 500;
    policy.ramp = target[0] == '\0' ? NULL : &ramp;
    fake_call_init(&call);
    service_handlers()->set_policy(fixture.service, &call.unary, &request);
    fixture_settle(&fixture);
    CU_ASSERT_EQUAL(call.error.status, QVT_OK);
    fake_call_deinit(&call);
}

static void set_policy(const char *actor_type, int mode, int selector)
{
    set_policy_with_ramp(actor_type, mode, selector, "");
}

static Quark__Version__V1__GetPolicyResponse *get_policy(const char *actor_type)
{
    struct fake_call call;
    Quark__Version__V1__GetPolicyRequest request;
    quark__version__v1__get_policy_request__init(&request);
    request.actor_type = text(actor_type);
    fake_call_init(&call);
    service_handlers()->get_policy(fixture.service, &call.unary, &request);
    CU_ASSERT_EQUAL_FATAL(call.error.status, QVT_OK);
    Quark__Version__V1__GetPolicyResponse *answer =
        quark__version__v1__get_policy_response__unpack(NULL, call.answer.len, call.answer.data);
    CU_ASSERT_PTR_NOT_NULL_FATAL(answer);
    fake_call_deinit(&call);
    return answer;
}

static void the_policy_in_force_is_merged_with_the_clusters_default(void)
{
    fixture_open(&fixture, NULL);
    CU_ASSERT_EQUAL(fixture_register(&fixture, "", "silo-1", "Order", "2.0.0"), 1);
    set_policy("Order", 0, PLACEMENT_LATEST);
    set_policy("", PLACEMENT_MAJOR, 0);
    Quark__Version__V1__GetPolicyResponse *shown = get_policy("Order");
    EXPECT_TEXT(shown->policy->actor_type, "Order");
    CU_ASSERT_EQUAL((int)shown->policy->mode, PLACEMENT_MAJOR);
    CU_ASSERT_EQUAL((int)shown->policy->selector, PLACEMENT_LATEST);
    CU_ASSERT_EQUAL(shown->policy->min_ready, 2);
    CU_ASSERT_EQUAL(shown->policy->mod_revision, 2);
    CU_ASSERT(shown->policy->etag[0] != 0);
    quark__version__v1__get_policy_response__free_unpacked(shown, NULL);
    Quark__Version__V1__FindCompatibleSilosResponse *answer = find("", "Order", "1.0.0");
    CU_ASSERT_EQUAL(answer->n_silos, 1);
    drop(answer);
    fixture_close(&fixture);
}

static void a_ramp_of_the_clusters_default_names_prereleases_of_every_type(void)
{
    fixture_open(&fixture, NULL);
    CU_ASSERT_EQUAL(fixture_register(&fixture, "", "silo-1", "Order", "2.1.0-rc.1"), 1);
    set_policy("Order", PLACEMENT_MINOR, 0);
    Quark__Version__V1__FindCompatibleSilosResponse *answer = find("", "Order", "2.0.0");
    CU_ASSERT_EQUAL(answer->n_silos, 0);
    drop(answer);
    set_policy_with_ramp("", 0, 0, "2.1.0-rc.1");
    answer = find("", "Order", "2.0.0");
    CU_ASSERT_EQUAL(answer->n_silos, 1);
    drop(answer);
    Quark__Version__V1__GetPolicyResponse *shown = get_policy("Order");
    EXPECT_TEXT(shown->policy->ramp->target_version, "2.1.0-rc.1");
    CU_ASSERT_EQUAL(shown->policy->ramp->basis_points, 500);
    quark__version__v1__get_policy_response__free_unpacked(shown, NULL);
    fixture_close(&fixture);
}

static void expect_unknown(const struct fake_call *call)
{
    CU_ASSERT_EQUAL(call->error.status, QVT_NOT_FOUND);
    EXPECT_TEXT(call->error.reason, "SILO_NOT_FOUND");
    EXPECT_TEXT(call->error.message, "silo \"nobody\" is not known");
}

static void every_operation_says_the_same_of_an_unknown_silo(void)
{
    static const char *const clusters[] = {"", "nobody-created-this"};
    struct fake_call call;
    Quark__Version__V1__GetSiloRequest get;
    Quark__Version__V1__GetSiloCapabilitiesRequest capabilities;
    Quark__Version__V1__HeartbeatRequest beat;
    fixture_open(&fixture, NULL);
    CU_ASSERT_EQUAL(fixture_register(&fixture, "", "silo-1", "Order", "1.0.0"), 1);
    quark__version__v1__get_silo_request__init(&get);
    quark__version__v1__get_silo_capabilities_request__init(&capabilities);
    quark__version__v1__heartbeat_request__init(&beat);
    get.silo_id = capabilities.silo_id = beat.silo_id = text("nobody");
    for (size_t i = 0; i < 2; i++) {
        get.cluster = capabilities.cluster = beat.cluster = text(clusters[i]);
        fake_call_init(&call);
        service_handlers()->get_silo(fixture.service, &call.unary, &get);
        expect_unknown(&call);
        fake_call_deinit(&call);
        fake_call_init(&call);
        service_handlers()->get_silo_capabilities(fixture.service, &call.unary, &capabilities);
        expect_unknown(&call);
        fake_call_deinit(&call);
        fake_call_init(&call);
        service_handlers()->heartbeat(fixture.service, &call.unary, &beat);
        expect_unknown(&call);
        fake_call_deinit(&call);
    }
    fixture_close(&fixture);
}

/* Two replicas on one store: the first opened before the second made the cluster. */
static void where_others_write_too_only_the_store_knows_which_clusters_there_are(void)
{
    struct fake_call call;
    struct service *late = fixture.service;
    Quark__Version__V1__UnregisterSiloRequest request;
    quark__version__v1__unregister_silo_request__init(&request);
    request.silo_id = text("s1");
    fixture_open(&fixture, NULL);
    fixture.store->shared = true;
    struct service *first = fixture.service;
    const struct service_options options = first->options;
    CU_ASSERT_EQUAL_FATAL(service_new(&late, &options), QVT_OK);
    fixture_settle(&fixture);
    CU_ASSERT_EQUAL(fixture_register(&fixture, "", "s1", "Order", "1.0.0"), 1);
    fake_call_init(&call);
    service_handlers()->unregister_silo(late, &call.unary, &request);
    for (int i = 0; i < 10; i++) {
        service_turn(late);
        service_turn(first);
    }
    CU_ASSERT_EQUAL(call.error.status, QVT_OK);
    CU_ASSERT_EQUAL(registry_head(replica_registry(cluster_find(first, "default")->replica))->revision, 2);
    fake_call_deinit(&call);
    service_close(late, ignore_closed, NULL);
    fixture_close(&fixture);
}

SUITE_MAIN("server/service/service", SUITE_CASE(where_others_write_too_only_the_store_knows_which_clusters_there_are),
           SUITE_CASE(the_service_is_ready_once_its_clusters_are_loaded),
           SUITE_CASE(a_cluster_that_nobody_created_reads_as_empty),
           SUITE_CASE(a_registration_creates_the_cluster_and_is_found), SUITE_CASE(a_refused_write_creates_no_cluster),
           SUITE_CASE(there_is_a_limit_to_clusters), SUITE_CASE(a_cluster_that_is_only_watched_goes_with_its_watcher),
           SUITE_CASE(watches_of_what_nobody_created_do_not_use_up_the_limit),
           SUITE_CASE(an_expired_silo_is_no_longer_found),
           SUITE_CASE(the_selector_ramp_names_the_actor_id_that_it_needs),
           SUITE_CASE(the_policy_in_force_is_merged_with_the_clusters_default),
           SUITE_CASE(a_ramp_of_the_clusters_default_names_prereleases_of_every_type),
           SUITE_CASE(every_operation_says_the_same_of_an_unknown_silo))
