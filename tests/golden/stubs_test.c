/* The emitted client and server stubs, one against the other, over loopback and on one loop. */
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>
#include <pb_decode.h>
#include <pb_encode.h>

#include "base/check.h"
#include "golden/v1/every.client.h"
#include "golden/v1/every.methods.h"
#include "golden/v1/every.server.h"
#include "qvt/rpc/message.h"
#include "tests/support/suite.h"

enum { ANSWERS_MAX = 8 };

/* A server, a channel to it, and what has happened. */
struct world {
    qvt_rpc_runtime *runtime;
    qvt_rpc_server *server;
    qvt_rpc_channel *channel;
    golden_v1_library_service service;
    unsigned open; /* of server and channel, while closing */
    /* handlers */
    unsigned begins;
    unsigned invalids;
    int64_t sum;
    /* the one call of a test */
    qvt_status status;
    unsigned answers;
    int32_t numbers[ANSWERS_MAX];
    char name[64];
};

static void find(void *self, qvt_rpc_unary *unary, const Golden__V1__FindRequest *request)
{
    Golden__V1__Tree tree;
    Golden__V1__Tree__Leaf leaf;
    (void)self;
    golden__v1__tree__init(&tree);
    golden__v1__tree__leaf__init(&leaf);
    leaf.name = request->shelf;
    tree.leaf = &leaf;
    qvt_rpc_unary_reply_message(unary, &tree.base);
}

static void spread(void *self, qvt_rpc_server_call *call, const Golden__V1__Lists *request)
{
    (void)self;
    for (size_t i = 0; i < request->n_int32s; i++) {
        Golden__V1__Scalars scalars;
        golden__v1__scalars__init(&scalars);
        scalars.an_int32 = request->int32s[i];
        QVT_ASSERT(qvt_rpc_server_call_send_message(call, &scalars.base) == QVT_OK);
    }
    qvt_rpc_server_call_finish(call, NULL);
}

static void collect_begin(void *self, qvt_rpc_server_call *call)
{
    struct world *world = self;
    (void)call;
    world->begins++;
    world->sum = 0;
}

static void collect_message(void *self, qvt_rpc_server_call *call, const Golden__V1__Scalars *request)
{
    struct world *world = self;
    (void)call;
    world->sum += request->an_int32;
}

static void collect_end(void *self, qvt_rpc_server_call *call)
{
    struct world *world = self;
    Golden__V1__Lists lists;
    int32_t sum = (int32_t)world->sum;
    golden__v1__lists__init(&lists);
    lists.int32s = &sum;
    lists.n_int32s = 1;
    QVT_ASSERT(qvt_rpc_server_call_send_message(call, &lists.base) == QVT_OK);
    qvt_rpc_server_call_finish(call, NULL);
}

static void talk_message(void *self, qvt_rpc_server_call *call, const Golden__V1__Choice *request)
{
    Golden__V1__Choice answer;
    (void)self;
    golden__v1__choice__init(&answer);
    answer.value_case = GOLDEN__V1__CHOICE__VALUE_NUMBER;
    answer.number = request->number + 1;
    QVT_ASSERT(qvt_rpc_server_call_send_message(call, &answer.base) == QVT_OK);
}

static void talk_invalid(void *self, qvt_rpc_server_call *call, const qvt_error *error)
{
    struct world *world = self;
    qvt_error refusal = *error;
    world->invalids++;
    refusal.status = QVT_FAILED_PRECONDITION;
    qvt_rpc_server_call_finish(call, &refusal);
}

static void finish(void *self, qvt_rpc_server_call *call)
{
    (void)self;
    qvt_rpc_server_call_finish(call, NULL);
}

static const golden_v1_library_handlers handlers = {
    .find = find,
    .collect = {.on_begin = collect_begin,
                .on_message = collect_message,
                .on_half_close = collect_end,
                .on_cancel = finish},
    .spread = {.on_request = spread, .on_cancel = finish},
    .talk = {.on_message = talk_message, .on_invalid = talk_invalid, .on_half_close = finish, .on_cancel = finish},
};

static void start(struct world *world)
{
    memset(world, 0, sizeof(*world));
    QVT_ASSERT(qvt_rpc_runtime_new(&world->runtime, NULL) == QVT_OK);
    QVT_ASSERT(qvt_rpc_server_new(&world->server, world->runtime, NULL) == QVT_OK);
    world->service = (golden_v1_library_service){&handlers, world};
    QVT_ASSERT(golden_v1_library_serve(world->server, &world->service) == QVT_OK);
    QVT_ASSERT(qvt_rpc_server_listen(world->server, "127.0.0.1:0", NULL) == QVT_OK);
    const char *endpoint = qvt_rpc_server_address(world->server);
    QVT_ASSERT(qvt_rpc_channel_new(&world->channel, world->runtime, &endpoint, 1, NULL, NULL) == QVT_OK);
}

static void on_closed(void *data)
{
    struct world *world = data;
    if (--world->open == 0) {
        qvt_rpc_runtime_stop(world->runtime);
    }
}

static void stop(struct world *world)
{
    world->open = 2;
    qvt_rpc_channel_close(world->channel, on_closed, world);
    qvt_rpc_server_shutdown(world->server, 1000, on_closed, world);
    qvt_rpc_runtime_run(world->runtime);
    qvt_rpc_server_free(world->server);
    qvt_rpc_runtime_free(world->runtime);
}

static void on_end(qvt_rpc_client_call *call, const qvt_rpc_result *result, void *data)
{
    struct world *world = data;
    (void)call;
    world->status = result->error->status;
    qvt_rpc_runtime_stop(world->runtime);
}

static bool write_text(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const char *text = *arg;
    return pb_encode_tag_for_field(stream, field) && pb_encode_string(stream, (const pb_byte_t *)text, strlen(text));
}

static bool write_123(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    (void)arg;
    for (uint64_t i = 1; i <= 3; i++) {
        if (!pb_encode_tag(stream, PB_WT_VARINT, field->tag) || !pb_encode_varint(stream, i)) {
            return false;
        }
    }
    return true;
}

static bool write_nothing(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    (void)stream;
    (void)field;
    (void)arg;
    return false;
}

static bool read_text(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    struct world *world = *arg;
    size_t len = stream->bytes_left;
    (void)field;
    return len < sizeof(world->name) && pb_read(stream, (pb_byte_t *)world->name, len);
}

static bool read_number(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    struct world *world = *arg;
    uint64_t value = 0;
    (void)field;
    if (!pb_decode_varint(stream, &value)) {
        return false;
    }
    world->numbers[0] = (int32_t)value;
    return true;
}

static void on_tree(qvt_rpc_client_call *call, qvt_slice message, void *data)
{
    struct world *world = data;
    golden_v1_Tree tree = golden_v1_Tree_init_zero;
    (void)call;
    tree.leaf.name.funcs.decode = read_text;
    tree.leaf.name.arg = world;
    CU_ASSERT_EQUAL(golden_v1_library_client_read_find(message, &tree, NULL), QVT_OK);
    CU_ASSERT_TRUE(tree.has_leaf);
    world->answers++;
}

static void on_scalars(qvt_rpc_client_call *call, qvt_slice message, void *data)
{
    struct world *world = data;
    golden_v1_Scalars scalars = golden_v1_Scalars_init_zero;
    (void)call;
    CU_ASSERT_EQUAL(golden_v1_library_client_read_spread(message, &scalars, NULL), QVT_OK);
    CU_ASSERT_FATAL(world->answers < ANSWERS_MAX);
    world->numbers[world->answers++] = scalars.an_int32;
}

static void on_lists(qvt_rpc_client_call *call, qvt_slice message, void *data)
{
    struct world *world = data;
    golden_v1_Lists lists = golden_v1_Lists_init_zero;
    (void)call;
    lists.int32s.funcs.decode = read_number;
    lists.int32s.arg = world;
    CU_ASSERT_EQUAL(golden_v1_library_client_read_collect(message, &lists, NULL), QVT_OK);
    world->answers++;
}

static void on_choice(qvt_rpc_client_call *call, qvt_slice message, void *data)
{
    struct world *world = data;
    golden_v1_Choice choice = golden_v1_Choice_init_zero;
    CU_ASSERT_EQUAL(golden_v1_library_client_read_talk(message, &choice, NULL), QVT_OK);
    CU_ASSERT_FATAL(world->answers < ANSWERS_MAX);
    world->numbers[world->answers++] = (int32_t)choice.value.number;
    if (world->answers == 2) {
        qvt_rpc_client_call_half_close(call);
    }
}

static void a_unary_call_goes_through_both_stubs(void)
{
    static const qvt_rpc_client_callbacks callbacks = {.on_message = on_tree, .on_end = on_end};
    static char shelf[] = "fiction";
    struct world world;
    qvt_rpc_client_call *call;
    golden_v1_FindRequest request = golden_v1_FindRequest_init_zero;
    start(&world);
    request.shelf.funcs.encode = write_text;
    request.shelf.arg = shelf;
    CU_ASSERT_EQUAL(golden_v1_library_client_find(&call, world.channel, &request, NULL, &callbacks, &world), QVT_OK);
    qvt_rpc_runtime_run(world.runtime);
    CU_ASSERT_EQUAL(world.status, QVT_OK);
    CU_ASSERT_EQUAL(world.answers, 1);
    EXPECT_TEXT(world.name, "fiction");
    stop(&world);
}

static void a_server_streams_its_answers(void)
{
    static const qvt_rpc_client_callbacks callbacks = {.on_message = on_scalars, .on_end = on_end};
    struct world world;
    qvt_rpc_client_call *call;
    golden_v1_Lists request = golden_v1_Lists_init_zero;
    start(&world);
    request.int32s.funcs.encode = write_123;
    CU_ASSERT_EQUAL(golden_v1_library_client_spread(&call, world.channel, &request, NULL, &callbacks, &world), QVT_OK);
    qvt_rpc_runtime_run(world.runtime);
    CU_ASSERT_EQUAL(world.status, QVT_OK);
    CU_ASSERT_EQUAL(world.answers, 3);
    CU_ASSERT_EQUAL(world.numbers[2], 3);
    stop(&world);
}

static void a_client_streams_its_requests(void)
{
    static const qvt_rpc_client_callbacks callbacks = {.on_message = on_lists, .on_end = on_end};
    struct world world;
    qvt_rpc_client_call *call;
    start(&world);
    CU_ASSERT_EQUAL(golden_v1_library_client_collect(&call, world.channel, NULL, &callbacks, &world), QVT_OK);
    for (int32_t i = 1; i <= 4; i++) {
        golden_v1_Scalars request = golden_v1_Scalars_init_zero;
        request.an_int32 = i;
        CU_ASSERT_EQUAL(golden_v1_library_client_send_collect(call, &request), QVT_OK);
    }
    qvt_rpc_client_call_half_close(call);
    qvt_rpc_runtime_run(world.runtime);
    CU_ASSERT_EQUAL(world.status, QVT_OK);
    CU_ASSERT_EQUAL(world.begins, 1);
    CU_ASSERT_EQUAL(world.numbers[0], 10);
    stop(&world);
}

static void both_sides_stream(void)
{
    static const qvt_rpc_client_callbacks callbacks = {.on_message = on_choice, .on_end = on_end};
    struct world world;
    qvt_rpc_client_call *call;
    golden_v1_Choice request = golden_v1_Choice_init_zero;
    start(&world);
    request.which_value = golden_v1_Choice_number_tag;
    request.value.number = 41;
    CU_ASSERT_EQUAL(golden_v1_library_client_talk(&call, world.channel, NULL, &callbacks, &world), QVT_OK);
    CU_ASSERT_EQUAL(golden_v1_library_client_send_talk(call, &request), QVT_OK);
    CU_ASSERT_EQUAL(golden_v1_library_client_send_talk(call, &request), QVT_OK);
    qvt_rpc_runtime_run(world.runtime);
    CU_ASSERT_EQUAL(world.status, QVT_OK);
    CU_ASSERT_EQUAL(world.numbers[0], 42);
    CU_ASSERT_EQUAL(world.numbers[1], 42);
    stop(&world);
}

/* Sends bytes that are no message; the status with which the call ends. */
static qvt_status send_garbage(struct world *world, const qvt_rpc_method *method)
{
    static const qvt_rpc_client_callbacks callbacks = {.on_end = on_end};
    qvt_rpc_client_call *call;
    QVT_ASSERT(qvt_rpc_client_call_start(&call, world->channel, method, NULL, &callbacks, world) == QVT_OK);
    QVT_ASSERT(qvt_rpc_client_call_send(call, qvt_slice_text("\xff\xff\xff")) == QVT_OK);
    qvt_rpc_client_call_half_close(call);
    qvt_rpc_runtime_run(world->runtime);
    return world->status;
}

static void what_is_no_request_never_reaches_the_handler(void)
{
    struct world world;
    start(&world);
    CU_ASSERT_EQUAL(send_garbage(&world, &golden_v1_library_methods[GOLDEN_V1_LIBRARY_FIND]), QVT_INTERNAL);
    CU_ASSERT_EQUAL(send_garbage(&world, &golden_v1_library_methods[GOLDEN_V1_LIBRARY_SPREAD]), QVT_INTERNAL);
    CU_ASSERT_EQUAL(send_garbage(&world, &golden_v1_library_methods[GOLDEN_V1_LIBRARY_COLLECT]), QVT_INTERNAL);
    CU_ASSERT_EQUAL(world.sum, 0);
    stop(&world);
}

static void a_stream_handler_may_end_the_call_itself(void)
{
    struct world world;
    start(&world);
    CU_ASSERT_EQUAL(send_garbage(&world, &golden_v1_library_methods[GOLDEN_V1_LIBRARY_TALK]), QVT_FAILED_PRECONDITION);
    CU_ASSERT_EQUAL(world.invalids, 1);
    stop(&world);
}

static void a_method_without_handler_is_unimplemented(void)
{
    struct world world;
    start(&world);
    CU_ASSERT_EQUAL(send_garbage(&world, &golden_v1_library_methods[GOLDEN_V1_LIBRARY_MAKE]), QVT_UNIMPLEMENTED);
    stop(&world);
}

static void a_request_that_cannot_be_encoded_is_not_sent(void)
{
    static const qvt_rpc_client_callbacks callbacks = {.on_end = on_end};
    struct world world;
    qvt_rpc_client_call *call;
    golden_v1_FindRequest request = golden_v1_FindRequest_init_zero;
    start(&world);
    request.shelf.funcs.encode = write_nothing;
    CU_ASSERT_EQUAL(golden_v1_library_client_find(&call, world.channel, &request, NULL, &callbacks, &world),
                    QVT_INVALID_ARGUMENT);
    stop(&world);
}

static void what_is_no_response_is_internal(void)
{
    golden_v1_Tree tree = golden_v1_Tree_init_zero;
    qvt_error error;
    CU_ASSERT_EQUAL(golden_v1_library_client_read_find(qvt_slice_text("\xff"), &tree, &error), QVT_INTERNAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "golden.v1.Tree"));
}

static void services_are_described(void)
{
    EXPECT_TEXT(golden_v1_library.name, "golden.v1.Library");
    CU_ASSERT_EQUAL(golden_v1_library.method_count, GOLDEN_V1_LIBRARY_METHOD_COUNT);
    EXPECT_TEXT(golden_v1_library.methods[GOLDEN_V1_LIBRARY_PUT_LEAF].path, "/golden.v1.Library/PutLeaf");
    EXPECT_TEXT(golden_v1_library.methods[GOLDEN_V1_LIBRARY_PUT_LEAF].response_type, "google.protobuf.Empty");
    CU_ASSERT_EQUAL(golden_v1_library.methods[GOLDEN_V1_LIBRARY_PUT_LEAF].idempotency, QVT_RPC_IDEMPOTENT);
    CU_ASSERT_EQUAL(golden_v1_library.methods[GOLDEN_V1_LIBRARY_TALK].kind, QVT_RPC_BIDI_STREAMING);
    CU_ASSERT_EQUAL(golden_v1_library.methods[GOLDEN_V1_LIBRARY_COLLECT].kind, QVT_RPC_CLIENT_STREAMING);
    CU_ASSERT_EQUAL(golden_v1_library.methods[GOLDEN_V1_LIBRARY_SPREAD].kind, QVT_RPC_SERVER_STREAMING);
    CU_ASSERT_EQUAL(golden_v1_idle.method_count, 0);
    for (uint32_t i = 0; i < golden_v1_library.method_count; i++) {
        CU_ASSERT_EQUAL(golden_v1_library.methods[i].index, i);
    }
}

SUITE_MAIN("golden/stubs", SUITE_CASE(a_unary_call_goes_through_both_stubs), SUITE_CASE(a_server_streams_its_answers),
           SUITE_CASE(a_client_streams_its_requests), SUITE_CASE(both_sides_stream),
           SUITE_CASE(what_is_no_request_never_reaches_the_handler),
           SUITE_CASE(a_stream_handler_may_end_the_call_itself), SUITE_CASE(a_method_without_handler_is_unimplemented),
           SUITE_CASE(a_request_that_cannot_be_encoded_is_not_sent), SUITE_CASE(what_is_no_response_is_internal),
           SUITE_CASE(services_are_described))
