/* Fails the nth allocation for every n: each call still ends exactly once, nothing leaks, and the service answers
 * afterwards. */
#include <string.h>

#include <CUnit/Basic.h>

#include "server/store/memory.h"
#include "tests/support/alloc.h"
#include "tests/support/suite.h"
#include "tests/unit/server/service/fixture.h"

static struct virtual_clock clock_;
static uint64_t seed;
static struct entropy entropy;
static struct fixture fixture;

static void ignore(void *data)
{
    (void)data;
}

static void on_wake(void *data)
{
    ((struct fixture *)data)->wants_turn = true;
}

static bool open_service(void)
{
    virtual_clock_init(&clock_, INT64_C(1700000000000000));
    seed = 1;
    entropy = entropy_seeded(&seed);
    memset(&fixture, 0, sizeof(fixture));
    if (store_memory_new(&fixture.store, &clock_.clock) != QVT_OK) {
        return false;
    }
    const struct service_options options = {
        .store = fixture.store,
        .entropy = &entropy,
        .limits = REGISTRY_LIMITS_DEFAULT,
        .clusters_max = 10,
        .page_size_max = 1000,
        .message_bytes_max = 4 << 20,
        .cache_ttl_ms = 10000,
        .progress_interval_ms = 4000,
        .watch_stall_ms = 60000,
        .find_cache_bytes = 1 << 20,
        .observer = {on_wake, NULL, &fixture},
    };
    if (service_new(&fixture.service, &options) != QVT_OK) {
        store_close(fixture.store, ignore, NULL);
        return false;
    }
    fixture_settle(&fixture);
    return true;
}

static void close_service(void)
{
    service_close(fixture.service, ignore, NULL);
    store_close(fixture.store, ignore, NULL);
}

static void find(void)
{
    struct fake_call call;
    Quark__Version__V1__FindCompatibleSilosRequest request;
    quark__version__v1__find_compatible_silos_request__init(&request);
    char actor_type[] = "Order";
    fake_call_init(&call);
    request.actor_type = actor_type;
    request.explain = 1;
    service_handlers()->find_compatible_silos(fixture.service, &call.unary, &request);
    fake_call_deinit(&call);
}

static void list(void)
{
    struct fake_call call;
    Quark__Version__V1__ListSilosRequest request;
    quark__version__v1__list_silos_request__init(&request);
    fake_call_init(&call);
    service_handlers()->list_silos(fixture.service, &call.unary, &request);
    fake_call_deinit(&call);
}

/* Everything a service does once; whatever of it fails for want of memory. */
static void run(void)
{
    static struct fake_watch watch;
    memset(&watch, 0, sizeof(watch));
    watch.room = 100;
    if (!open_service()) {
        return;
    }
    (void)fixture_register(&fixture, "", "a", "Order", "1.0.0");
    (void)fake_watch_start(&fixture, &watch, "", "Order", NULL);
    (void)fixture_register(&fixture, "", "b", "Order", "2.0.0");
    (void)fixture_unregister(&fixture, "", "a");
    find();
    list();
    if (watch.watcher != NULL) {
        watcher_free(watch.watcher);
    }
    fixture_settle(&fixture);
    close_service();
}

static void every_allocation_may_fail(void)
{
    unsigned long nth = 1;
    for (; alloc_fail_at(nth), run(), alloc_failed(); nth++) {
        CU_ASSERT_FATAL(nth < 10000);
    }
    alloc_fail_at(0);
    CU_ASSERT(nth > 50);
}

SUITE_MAIN("server/service/oom", SUITE_CASE(every_allocation_may_fail))
