/* The local tracker out of memory: every allocation of every call fails once; the call says so, and nothing changed. */
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "client/src/local/call.h"
#include "client/src/local/watch.h"
#include "client/src/methods.h"
#include "client/src/silo_messages.h"
#include "client/src/watch_message.h"
#include "nanopb/quark/version/v1/version_tracker.pb.h"
#include "tests/support/alloc.h"
#include "tests/support/suite.h"

static struct local_cluster *cluster;
static const struct silo_name name = {"", "silo-1", 0};
static const qvt_actor_version versions[] = {{.actor_type = "Order", .version = "1.0.0"},
                                             {.actor_type = "Cart", .version = "2.0.0", .build_id = "b"}};

static struct buf registration(uint8_t instance)
{
    struct buf out = BUF_INIT;
    struct silo_copy *copy;
    const uint8_t id[INSTANCE_ID_BYTES] = {instance};
    const qvt_label label = {"rack", "7"};
    const struct silo_grant none = {.incarnation = 0};
    qvt_silo_options silo = QVT_SILO_OPTIONS_INIT;
    silo.silo_id = "silo-1";
    silo.address = "10.0.0.1";
    silo.port = 9000;
    silo.versions = versions;
    silo.version_count = 2;
    silo.labels = &label;
    silo.label_count = 1;
    CU_ASSERT_EQUAL_FATAL(silo_copy_new(&copy, &silo), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(silo_encode_register(&out, "", copy, id, &none), QVT_OK);
    silo_copy_free(copy);
    return out;
}

/* The state changes at most once, with the run that succeeds, or with one whose answer alone found no memory. */
static void sweep(const qvt_rpc_method *method, const struct buf *request)
{
    uint64_t before = cluster->head.revision;
    qvt_status status;
    unsigned long nth = 1;
    do {
        struct buf answer = BUF_INIT;
        qvt_error error;
        qvt_error_clear(&error);
        alloc_fail_at(nth++);
        status = local_call(cluster, method, buf_slice(request), &answer, &error);
        CU_ASSERT(status == QVT_OK || status == QVT_NO_MEMORY);
        CU_ASSERT_EQUAL(status, error.status);
        CU_ASSERT(cluster->head.revision <= before + 1);
        buf_deinit(&answer);
    } while (alloc_failed());
    alloc_fail_at(0);
    CU_ASSERT_EQUAL(status, QVT_OK);
    CU_ASSERT(nth > 3);
}

static void open_cluster(void)
{
    CU_ASSERT_EQUAL_FATAL(local_cluster_open(&cluster, "memory"), QVT_OK);
}

static void calls_out_of_memory_change_nothing(void)
{
    static const char find[] = "\022\005Order\032\0051.0.0\120\001"; /* actor_type, version, explain */
    struct buf request = registration(1);
    open_cluster();
    sweep(METHOD(REGISTER_SILO), &request);
    CU_ASSERT_EQUAL(cluster->entry_count, 1);
    buf_deinit(&request);
    struct version_set one = {.versions = versions, .count = 1};
    CU_ASSERT_EQUAL_FATAL(silo_encode_versions(&request, &name, &one), QVT_OK);
    sweep(METHOD(REGISTER_SILO_VERSIONS), &request);
    buf_clear(&request);
    CU_ASSERT_EQUAL_FATAL(silo_encode_phase(&request, &name, QVT_PHASE_DRAINING), QVT_OK);
    sweep(METHOD(UPDATE_SILO), &request);
    buf_clear(&request);
    const qvt_health bad = {100, 100, 1000};
    CU_ASSERT_EQUAL_FATAL(silo_encode_heartbeat(&request, &name, &bad, NULL), QVT_OK);
    sweep(METHOD(HEARTBEAT_STREAM), &request);
    CU_ASSERT(cluster->entries[0].silo->info.unhealthy);
    buf_clear(&request);
    CU_ASSERT_EQUAL_FATAL(buf_append(&request, find, sizeof find - 1), QVT_OK);
    sweep(METHOD(FIND_COMPATIBLE_SILOS), &request);
    buf_clear(&request);
    CU_ASSERT_EQUAL_FATAL(silo_encode_unregister(&request, &name), QVT_OK); /* the same fields */
    sweep(METHOD(GET_SILO_CAPABILITIES), &request);
    sweep(METHOD(UNREGISTER_SILO), &request);
    CU_ASSERT_EQUAL(cluster->head.revision, 5);
    buf_deinit(&request);
    local_cluster_close(cluster);
}

/* All messages of a new watch; NO_MEMORY: the rest is lost. */
static qvt_status pull(struct buf *out)
{
    struct local_watch *watch = NULL;
    qvt_error error;
    qvt_status status = local_watch_new(&watch, cluster, qvt_slice_text("\022\005Order"), &error);
    for (size_t before = SIZE_MAX; status == QVT_OK && before != out->len;) {
        struct buf message = BUF_INIT;
        before = out->len;
        status = local_watch_next(watch, &message);
        if (status == QVT_OK) {
            status = buf_append_slice(out, buf_slice(&message));
        }
        buf_deinit(&message);
    }
    local_watch_free(watch);
    return status;
}

static void watch_out_of_memory_says_so(void)
{
    struct buf request = registration(1), answer = BUF_INIT;
    qvt_error error;
    qvt_status status;
    unsigned long nth = 1;
    open_cluster();
    CU_ASSERT_EQUAL(local_call(cluster, METHOD(REGISTER_SILO), buf_slice(&request), &answer, &error), QVT_OK);
    local_lock();
    do {
        struct buf told = BUF_INIT;
        alloc_fail_at(nth++);
        status = pull(&told);
        CU_ASSERT(status == QVT_OK || status == QVT_NO_MEMORY);
        CU_ASSERT(status != QVT_OK || told.len > 100);
        buf_deinit(&told);
    } while (alloc_failed());
    alloc_fail_at(0);
    local_unlock();
    CU_ASSERT_EQUAL(status, QVT_OK);
    CU_ASSERT(nth > 5);
    buf_deinit(&answer);
    buf_deinit(&request);
    local_cluster_close(cluster);
}

static void unreadable_requests_are_refused(void)
{
    static const char not_text[] = "\022\002\xff\xff", cut[] = "\022\010Or";
    const qvt_slice bad[] = {qvt_slice_make(not_text, 4), qvt_slice_make(cut, 4)};
    open_cluster();
    for (size_t i = 0; i < 2; i++) {
        struct buf answer = BUF_INIT;
        struct local_watch *watch = NULL;
        qvt_error error;
        CU_ASSERT_EQUAL(local_call(cluster, METHOD(FIND_COMPATIBLE_SILOS), bad[i], &answer, &error),
                        QVT_INVALID_ARGUMENT);
        CU_ASSERT_EQUAL(answer.len, 0);
        CU_ASSERT_EQUAL(local_watch_new(&watch, cluster, bad[i], &error), QVT_INVALID_ARGUMENT);
        CU_ASSERT_EQUAL(local_call(cluster, METHOD(LIST_SILOS), bad[i], &answer, &error), QVT_UNIMPLEMENTED);
    }
    local_cluster_close(cluster);
}

SUITE_MAIN("client/local_memory", SUITE_CASE(calls_out_of_memory_change_nothing),
           SUITE_CASE(watch_out_of_memory_says_so), SUITE_CASE(unreadable_requests_are_refused))
