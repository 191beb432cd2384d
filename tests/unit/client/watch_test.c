#include "qvt/qvt.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "client/src/decode.h"
#include "nanopb/quark/version/v1/version_tracker.pb.h"
#include "tests/support/suite.h"
#include "tests/unit/client/tracker.h"
#include "tests/unit/client/watch_answers.h"

#define OTHER_STORE "ffffffffffffffffffffffffffffffff"

/* What the tracker heard, and what the callbacks told: words. Under the tracker's lock. */
static char heard[512], told[1024];
static qvt_watch *watch;
static unsigned starts;

static void append(char *text, size_t size, const char *word, uint64_t number)
{
    size_t len = strlen(text);
    snprintf(text + len, size - len, "%s%s%llu", len > 0 ? " " : "", word, (unsigned long long)number);
}

static void hear(const char *word, uint64_t number)
{
    append(heard, sizeof heard, word, number);
}

static bool hear_text(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    char text[64] = "";
    (void)field;
    if (stream->bytes_left >= sizeof text || !pb_read(stream, (pb_byte_t *)text, stream->bytes_left)) {
        return false;
    }
    size_t len = strlen(heard);
    snprintf(heard + len, sizeof heard - len, "%s%s:%s", len > 0 ? " " : "", (const char *)*arg, text);
    return true;
}

/* Notes the request and returns the acknowledged revision; 0: none. */
static uint64_t hear_request(struct fake_call *call)
{
    static char type[] = "type", silo[] = "silo", type_prefix[] = "type-prefix", silo_prefix[] = "silo-prefix";
    quark_version_v1_WatchRequest request = quark_version_v1_WatchRequest_init_zero;
    request.actor_types = decode_each(hear_text, type);
    request.silo_ids = decode_each(hear_text, silo);
    request.actor_type_prefixes = decode_each(hear_text, type_prefix);
    request.silo_id_prefixes = decode_each(hear_text, silo_prefix);
    CU_ASSERT_EQUAL_FATAL(decode_message(call->request, quark_version_v1_WatchRequest_fields, &request, NULL), QVT_OK);
    if (call->is_first) {
        hear("from", request.has_resume_after ? request.resume_after.revision : 0);
        starts++;
    }
    if (request.has_acknowledged) {
        hear("ack", request.acknowledged.revision);
    }
    return request.has_acknowledged ? request.acknowledged.revision : 0;
}

static void tell(const char *word, uint64_t number)
{
    pthread_mutex_lock(&tracker.lock);
    append(told, sizeof told, word, number);
    pthread_cond_broadcast(&tracker.changed);
    pthread_mutex_unlock(&tracker.lock);
}

static void on_reset(void *data, const qvt_watch_reset *reset)
{
    (void)data;
    tell(reset->is_new_store ? "new-store" : "reset", reset->position.revision);
}

static void on_record(void *data, const qvt_record *record)
{
    (void)data;
    tell(record->key, 0);
}

static void on_removed(void *data, const qvt_record_key *key)
{
    (void)data;
    (void)key;
    tell("removed", 0);
}

static void on_walk_end(void *data, const qvt_position *position)
{
    (void)data;
    tell("end", position->revision);
}

static void on_change(void *data, const qvt_change *change)
{
    (void)data;
    tell("change", change->position.revision);
}

static void on_progress(void *data, const qvt_position *position)
{
    (void)data;
    tell("progress", position->revision);
}

static void on_interrupted(void *data, const qvt_error *why)
{
    (void)data;
    tell("interrupted", (uint64_t)why->status);
}

static void on_closed(void *data, const qvt_error *error)
{
    (void)data;
    tell("closed", (uint64_t)error->status);
}

static qvt_watch_options all_callbacks(void)
{
    qvt_watch_options options = QVT_WATCH_OPTIONS_INIT;
    options.on_reset = on_reset;
    options.on_record = on_record;
    options.on_removed = on_removed;
    options.on_walk_end = on_walk_end;
    options.on_change = on_change;
    options.on_progress = on_progress;
    options.on_interrupted = on_interrupted;
    options.on_closed = on_closed;
    return options;
}

static qvt_client *connect_to(void (*serve)(struct fake_call *call))
{
    qvt_client *client = tracker_connect(NULL);
    tracker.serve_watch = serve;
    heard[0] = '\0';
    told[0] = '\0';
    starts = 0;
    return client;
}

static void begin(qvt_client *client, const qvt_watch_options *options)
{
    CU_ASSERT_EQUAL_FATAL(qvt_client_watch(&watch, client, options, NULL), QVT_OK);
}

static void await_told(const char *words)
{
    pthread_mutex_lock(&tracker.lock);
    AWAIT(strlen(told) >= strlen(words));
    EXPECT_TEXT(told, words);
    pthread_mutex_unlock(&tracker.lock);
}

static void await_heard(const char *words)
{
    pthread_mutex_lock(&tracker.lock);
    AWAIT(strlen(heard) >= strlen(words));
    EXPECT_TEXT(heard, words);
    pthread_mutex_unlock(&tracker.lock);
}

static void give_a_walk(struct fake_call *call, const char *store_id, uint64_t revision)
{
    answer_watch_reset(&call->answer, store_id, revision);
    answer_watch_silo(&call->more[0], "a", "1.0.0");
    answer_watch_end(&call->more[1], store_id, revision);
}

static void serve_walk_and_changes(struct fake_call *call)
{
    uint64_t acknowledged = hear_request(call);
    if (call->is_first) {
        answer_watch_reset(&call->answer, STORE_ID, 5);
        answer_watch_silo(&call->more[0], "a", "1.0.0");
        answer_watch_silo(&call->more[1], "b", "1.0.0");
        answer_watch_removed(&call->more[2], "a");
        answer_watch_end(&call->more[3], STORE_ID, 5);
    } else if (acknowledged == 5) {
        answer_watch_change(&call->answer, STORE_ID, 6, "a", "b");
        answer_watch_change(&call->more[0], STORE_ID, 7, "a", "b");
    } else if (acknowledged == 7) {
        answer_watch_progress(&call->answer, STORE_ID, 8);
    }
}

static void walk_and_changes_come_in_order_and_are_acknowledged_once_a_turn(void)
{
    qvt_client *client = connect_to(serve_walk_and_changes);
    qvt_watch_options options = all_callbacks();
    begin(client, &options);
    await_told("reset5 a0 b0 removed0 end5 change6 change7 progress8");
    await_heard("from0 ack5 ack7 ack8");
    qvt_watch_close(watch);
    qvt_client_free(client);
    await_told("reset5 a0 b0 removed0 end5 change6 change7 progress8 closed0");
}

static void serve_and_break_after_the_walk(struct fake_call *call)
{
    uint64_t acknowledged = hear_request(call);
    if (starts == 1 && call->is_first) {
        give_a_walk(call, STORE_ID, 5);
    } else if (starts == 1 && acknowledged == 5) {
        answer_watch_change(&call->answer, STORE_ID, 6, "a", "b");
        qvt_error_set(&call->error, QVT_UNAVAILABLE, NULL, "going");
    } else if (starts == 2 && call->is_first) {
        answer_watch_change(&call->answer, STORE_ID, 7, "a", "b");
    }
}

static void broken_stream_goes_on_after_the_last_position(void)
{
    qvt_client *client = connect_to(serve_and_break_after_the_walk);
    qvt_watch_options options = all_callbacks();
    begin(client, &options);
    await_told("reset5 a0 end5 change6 interrupted14 change7");
    await_heard("from0 ack5 from6 ack7");
    qvt_watch_close(watch);
    qvt_client_free(client);
}

static void serve_and_break_within_the_walk(struct fake_call *call)
{
    (void)hear_request(call);
    if (starts == 1) {
        answer_watch_reset(&call->answer, STORE_ID, 5);
        answer_watch_silo(&call->more[0], "a", "1.0.0");
        qvt_error_set(&call->error, QVT_UNAVAILABLE, NULL, "going");
    } else if (call->is_first) {
        give_a_walk(call, STORE_ID, 6);
    }
}

static void broken_walk_begins_anew_and_not_after_an_older_position(void)
{
    qvt_position before = {STORE_ID, 3, 33};
    qvt_client *client = connect_to(serve_and_break_within_the_walk);
    qvt_watch_options options = all_callbacks();
    options.resume_after = &before;
    begin(client, &options);
    await_told("reset5 a0 interrupted14 reset6 a0 end6");
    await_heard("from3 from0 ack6");
    qvt_watch_close(watch);
    qvt_client_free(client);
}

static void serve_from_another_store(struct fake_call *call)
{
    uint64_t acknowledged = hear_request(call);
    if (call->is_first) {
        give_a_walk(call, starts == 1 ? STORE_ID : OTHER_STORE, starts == 1 ? 5 : 2);
    } else if (acknowledged == 5) {
        qvt_error_set(&call->error, QVT_INTERNAL, NULL, "crashed");
    }
}

static void another_store_is_told(void)
{
    qvt_client *client = connect_to(serve_from_another_store);
    qvt_watch_options options = all_callbacks();
    begin(client, &options);
    await_told("reset5 a0 end5 interrupted13 new-store2 a0 end2");
    qvt_watch_close(watch);
    qvt_client_free(client);
}

static void serve_rubbish(struct fake_call *call)
{
    uint64_t acknowledged = hear_request(call);
    if (starts == 1 && call->is_first) {
        give_a_walk(call, STORE_ID, 5);
    } else if (starts == 1 && acknowledged == 5) {
        CU_ASSERT_EQUAL(buf_append_text(&call->answer, "rubbish"), QVT_OK);
        answer_watch_change(&call->more[0], STORE_ID, 6, "a", "b");
    } else if (call->is_first) {
        answer_watch_change(&call->answer, STORE_ID, 6, "a", "b");
    }
}

static void unparsable_message_is_asked_for_again(void)
{
    qvt_client *client = connect_to(serve_rubbish);
    qvt_watch_options options = all_callbacks();
    begin(client, &options);
    await_told("reset5 a0 end5 interrupted13 change6");
    await_heard("from0 ack5 from5 ack6");
    qvt_watch_close(watch);
    qvt_client_free(client);
}

static void serve_refusal(struct fake_call *call)
{
    (void)hear_request(call);
    qvt_error_field(&call->error, "actor_types", "too many");
}

static void refusal_closes_once_and_is_not_tried_again(void)
{
    qvt_client *client = connect_to(serve_refusal);
    qvt_watch_options options = all_callbacks();
    begin(client, &options);
    await_told("closed3");
    qvt_watch_close(watch);
    qvt_client_free(client);
    await_told("closed3");
    await_heard("from0");
}

static void serve_the_third_try(struct fake_call *call)
{
    uint64_t acknowledged = hear_request(call);
    if (starts < 3) {
        qvt_error_set(&call->error, starts == 1 ? QVT_UNAUTHENTICATED : QVT_PERMISSION_DENIED, "TOKEN_UNKNOWN", "who?");
    } else if (call->is_first) {
        give_a_walk(call, STORE_ID, 5);
    }
    (void)acknowledged;
}

static void try_often(qvt_client_options *options)
{
    options->reconnect_max_ms = 20;
}

/* The tracker may be told of the token, or of its rights, while it runs. */
static void caller_that_is_not_admitted_tries_again(void)
{
    qvt_client *client = tracker_connect(try_often);
    tracker.serve_watch = serve_the_third_try;
    starts = 0;
    heard[0] = told[0] = '\0';
    qvt_watch_options options = all_callbacks();
    begin(client, &options);
    await_told("interrupted16 interrupted7 reset5 a0 end5");
    await_heard("from0 from0 from0 ack5");
    qvt_watch_close(watch);
    qvt_client_free(client);
}

static void serve_silence_after_the_walk(struct fake_call *call)
{
    uint64_t acknowledged = hear_request(call);
    if (starts == 1 && call->is_first) {
        give_a_walk(call, STORE_ID, 5);
    } else if (starts > 1 && call->is_first) {
        answer_watch_change(&call->answer, STORE_ID, 6, "a", "b");
    }
    (void)acknowledged;
}

static void silent_tracker_is_left_and_the_watch_goes_on(void)
{
    unsigned before = fake_rpc_left_endpoints();
    qvt_client *client = connect_to(serve_silence_after_the_walk);
    qvt_watch_options options = all_callbacks();
    options.silence_ms = 1000;
    begin(client, &options);
    pthread_mutex_lock(&tracker.lock);
    AWAIT(strstr(told, "change6") != NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(told, "end5 interrupted14"));
    CU_ASSERT_PTR_NOT_NULL(strstr(heard, "from5"));
    pthread_mutex_unlock(&tracker.lock);
    CU_ASSERT(fake_rpc_left_endpoints() > before);
    qvt_watch_close(watch);
    qvt_client_free(client);
}

static void serve_filters(struct fake_call *call)
{
    (void)hear_request(call);
}

static void filters_are_sent_with_every_start(void)
{
    static const char *const types[] = {"Order", "Cart"}, *const silos[] = {"a"}, *const prefixes[] = {"x-"};
    qvt_client *client = connect_to(serve_filters);
    qvt_watch_options options = all_callbacks();
    options.actor_types = types;
    options.actor_type_count = 2;
    options.silo_ids = silos;
    options.silo_id_count = 1;
    options.actor_type_prefixes = prefixes;
    options.actor_type_prefix_count = 1;
    options.silo_id_prefixes = prefixes;
    options.silo_id_prefix_count = 1;
    begin(client, &options);
    await_heard("type:Order type:Cart silo:a type-prefix:x- silo-prefix:x- from0");
    qvt_watch_close(watch);
    qvt_client_free(client);
}

static void close_it(void *data, const qvt_change *change)
{
    on_change(data, change);
    qvt_watch_close(watch);
}

static void no_callback_but_the_last_follows_a_close_within_one(void)
{
    qvt_client *client = connect_to(serve_walk_and_changes);
    qvt_watch_options options = all_callbacks();
    options.on_change = close_it;
    begin(client, &options);
    await_told("reset5 a0 b0 removed0 end5 change6 closed0");
    qvt_client_free(client);
    await_heard("from0 ack5");
}

static void freeing_the_client_closes_the_watch(void)
{
    qvt_client *client = connect_to(serve_walk_and_changes);
    qvt_watch_options options = all_callbacks();
    begin(client, &options);
    qvt_client_free(client);
    CU_ASSERT_PTR_NOT_NULL(strstr(told, "closed1"));
}

static void serve_one_walk(struct fake_call *call)
{
    (void)hear_request(call);
    if (call->is_first) {
        give_a_walk(call, STORE_ID, 5);
    }
}

static void acknowledgement_by_hand_waits_for_the_hand(void)
{
    qvt_position applied = {STORE_ID, 5, 55};
    qvt_client *client = connect_to(serve_one_walk);
    qvt_watch_options options = all_callbacks();
    options.acknowledges_by_hand = true;
    begin(client, &options);
    await_told("reset5 a0 end5");
    EXPECT_TEXT(heard, "from0");
    CU_ASSERT_EQUAL(qvt_watch_acknowledge(watch, &applied), QVT_OK);
    await_heard("from0 ack5");
    qvt_watch_close(watch);
    qvt_client_free(client);
}

static void watch_without_callbacks_works(void)
{
    qvt_watch_options options = QVT_WATCH_OPTIONS_INIT;
    qvt_client *client = connect_to(serve_walk_and_changes);
    begin(client, &options);
    await_heard("from0 ack5 ack7 ack8");
    qvt_watch_close(watch);
    qvt_watch_close(NULL);
    qvt_client_free(client);
}

static void bad_options_are_refused_with_the_field(void)
{
    qvt_error error;
    qvt_watch_options options = QVT_WATCH_OPTIONS_INIT;
    qvt_client *client = connect_to(serve_one_walk);
    options.size = 2;
    CU_ASSERT_EQUAL(qvt_client_watch(&watch, client, &options, &error), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(error.field, "size");
    qvt_client_free(client);
}

SUITE_MAIN("client/watch", SUITE_CASE(walk_and_changes_come_in_order_and_are_acknowledged_once_a_turn),
           SUITE_CASE(broken_stream_goes_on_after_the_last_position),
           SUITE_CASE(broken_walk_begins_anew_and_not_after_an_older_position), SUITE_CASE(another_store_is_told),
           SUITE_CASE(unparsable_message_is_asked_for_again), SUITE_CASE(refusal_closes_once_and_is_not_tried_again),
           SUITE_CASE(caller_that_is_not_admitted_tries_again),
           SUITE_CASE(silent_tracker_is_left_and_the_watch_goes_on), SUITE_CASE(filters_are_sent_with_every_start),
           SUITE_CASE(no_callback_but_the_last_follows_a_close_within_one),
           SUITE_CASE(freeing_the_client_closes_the_watch), SUITE_CASE(acknowledgement_by_hand_waits_for_the_hand),
           SUITE_CASE(watch_without_callbacks_works), SUITE_CASE(bad_options_are_refused_with_the_field))
