/* Every allocation of health and reflection fails once: the result is NO_MEMORY and nothing leaks. */
#include <CUnit/CUnit.h>

#include "base/check.h"
#include "google/rpc/error_details.descriptor.h"
#include "quark/version/v1/version_tracker.descriptor.h"
#include "qvt/rpc/health.h"
#include "qvt/rpc/reflection.h"
#include "rpc/standard/answer.h"
#include "tests/support/alloc.h"
#include "tests/support/suite.h"

static qvt_status use_health(qvt_rpc_server *server)
{
    qvt_rpc_health *health = NULL;
    qvt_status status = qvt_rpc_health_new(&health);
    if (status == QVT_OK) {
        status = qvt_rpc_health_set(health, "a.Service", QVT_RPC_HEALTH_NOT_SERVING);
    }
    if (status == QVT_OK) {
        status = qvt_rpc_health_serve(health, server);
    }
    qvt_rpc_health_free(health);
    return status;
}

static qvt_status use_reflection(qvt_rpc_server *server)
{
    qvt_rpc_reflection *reflection = NULL;
    qvt_status status = qvt_rpc_reflection_new(&reflection);
    if (status == QVT_OK) {
        status = qvt_rpc_reflection_add(reflection, &quark_version_v1_version_tracker_proto);
    }
    if (status == QVT_OK) {
        status = qvt_rpc_reflection_add_health(reflection);
    }
    if (status == QVT_OK) {
        status = qvt_rpc_reflection_serve(reflection, server);
    }
    qvt_rpc_reflection_free(reflection);
    return status;
}

/* A server each time: methods stay with it. */
static void sweep(qvt_status (*use)(qvt_rpc_server *server))
{
    qvt_rpc_runtime *runtime = NULL;
    QVT_ASSERT(qvt_rpc_runtime_new(&runtime, NULL) == QVT_OK);
    bool failed = true;
    for (unsigned long nth = 1; failed; nth++) {
        qvt_rpc_server *server = NULL;
        QVT_ASSERT(qvt_rpc_server_new(&server, runtime, NULL) == QVT_OK);
        alloc_fail_at(nth);
        qvt_status status = use(server);
        failed = alloc_failed();
        alloc_fail_at(0);
        CU_ASSERT_EQUAL(status, failed ? QVT_NO_MEMORY : QVT_OK);
        CU_ASSERT_TRUE(nth > 1 || failed);
        qvt_rpc_server_free(server);
    }
    qvt_rpc_runtime_free(runtime);
}

static void health_without_memory(void)
{
    sweep(use_health);
}

static void reflection_without_memory(void)
{
    sweep(use_reflection);
}

static void sweep_answer(const struct files *files, answer_request *request)
{
    bool failed = true;
    for (unsigned long nth = 1; failed; nth++) {
        struct answer answer;
        alloc_fail_at(nth);
        qvt_status status = answer_init(&answer, files, request);
        failed = alloc_failed();
        alloc_fail_at(0);
        CU_ASSERT_EQUAL(status, failed ? QVT_NO_MEMORY : QVT_OK);
        answer_deinit(&answer);
    }
}

static void answers_without_memory(void)
{
    static char name[] = "quark/version/v1/version_tracker.proto";
    static char type[] = "google.protobuf.MethodOptions";
    static char any[] = "";
    struct files files = {.count = 0};
    answer_request request;
    QVT_ASSERT(files_add(&files, &quark_version_v1_version_tracker_proto) == QVT_OK);
    QVT_ASSERT(files_add(&files, &google_rpc_error_details_proto) == QVT_OK);
    grpc__reflection__v1__server_reflection_request__init(&request);
    request.message_request_case = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME;
    request.file_by_filename = name;
    sweep_answer(&files, &request);
    request.message_request_case = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES;
    request.list_services = any;
    sweep_answer(&files, &request);
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE;
    request.all_extension_numbers_of_type = type;
    sweep_answer(&files, &request);
    files_deinit(&files);
}

SUITE_MAIN("rpc/standard/memory", SUITE_CASE(health_without_memory), SUITE_CASE(reflection_without_memory),
           SUITE_CASE(answers_without_memory))
