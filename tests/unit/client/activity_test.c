#include "qvt/activity.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "qvt/mailbox.h"
#include "client/src/activity.h"
#include "tests/support/suite.h"

/* The storm's size is an argument of the suite that is run as a slow test. */
enum { THREADS = 16, ACTORS = 2000, EVENTS = 20000, SENDERS = 4, MESSAGES = 20000 };

static bool is_near(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

static void score_is_the_formula(void)
{
    CU_ASSERT(is_near(qvt_activity_score(0, 0, 0, 0), 0.1));
    CU_ASSERT(is_near(qvt_activity_score(0, 0, 0, 30000), 0.05));
    CU_ASSERT(is_near(qvt_activity_score(0, 0, 0, 60000), 0));
    CU_ASSERT(is_near(qvt_activity_score(0, 0, 0, UINT64_MAX), 0));
    CU_ASSERT(is_near(qvt_activity_score(3, 0, 0, 60000), 0.3));
    CU_ASSERT(is_near(qvt_activity_score(4, 0, 0, 60000), 0.4));
    CU_ASSERT(is_near(qvt_activity_score(UINT32_MAX, 0, 0, 60000), 0.4));
    CU_ASSERT(is_near(qvt_activity_score(0, 1, 0, 60000), 0.2));
    CU_ASSERT(is_near(qvt_activity_score(0, 2, 0, 60000), 0.3));
    CU_ASSERT(is_near(qvt_activity_score(0, 0, 7, 60000), 0.2));
    CU_ASSERT(is_near(qvt_activity_score(100, 100, 100, 0), 1));
}

static qvt_activity *new_activity(void)
{
    qvt_activity *activity = NULL;
    CU_ASSERT_EQUAL_FATAL(qvt_activity_new(&activity, NULL), QVT_OK);
    return activity;
}

static qvt_actor *actor_of(qvt_activity *activity, const char *type, const char *id)
{
    qvt_actor *actor = NULL;
    CU_ASSERT_EQUAL_FATAL(qvt_activity_actor(&actor, activity, type, id), QVT_OK);
    return actor;
}

static void counters_never_go_below_0(void)
{
    qvt_activity *activity = new_activity();
    qvt_actor *actor = actor_of(activity, "Order", "1");
    qvt_activity_totals totals;
    qvt_actor_dequeued(actor);
    qvt_actor_call_ended(actor);
    qvt_actor_stream_closed(actor);
    qvt_actor_enqueued(actor);
    qvt_activity_read_totals(activity, &totals);
    CU_ASSERT(totals.actors == 1 && totals.hot_actors == 1 && totals.queue_depth == 1);
    CU_ASSERT(totals.calls_in_flight == 0 && totals.streams == 0);
    qvt_actor_release(actor);
    qvt_activity_free(activity);
}

static void same_type_and_id_is_the_same_actor(void)
{
    qvt_activity *activity = new_activity();
    qvt_actor *a = actor_of(activity, "Order", "1"), *b = actor_of(activity, "Order", "1");
    qvt_actor *c = actor_of(activity, "Order1", "");
    CU_ASSERT_PTR_EQUAL(a, b);
    CU_ASSERT_PTR_NOT_EQUAL(a, c);
    qvt_actor_release(a);
    qvt_actor_release(b);
    qvt_actor_release(c);
    qvt_activity_free(activity);
}

static void actors_move_by_score_queue_and_calls_ascending(void)
{
    static const char *const order[] = {"idle-a", "idle-b", "stream", "call", "queue-3", "queue-4", "both"};
    qvt_activity *activity = new_activity();
    qvt_actor *actors[7];
    for (size_t i = 0; i < 7; i++) {
        actors[i] = actor_of(activity, "Order", order[6 - i]);
        atomic_store(&actors[i]->active_ms, activity_now_ms() - 120000);
    }
    for (unsigned i = 0; i < 4; i++) {
        atomic_fetch_add(&actors[1]->queue, 1);             /* queue-4 */
        atomic_fetch_add(&actors[2]->queue, i < 3 ? 1 : 0); /* queue-3 */
        atomic_fetch_add(&actors[0]->queue, 1);             /* both */
    }
    atomic_store(&actors[3]->calls, 1);   /* call: 0.2, queue 0 */
    atomic_store(&actors[4]->streams, 1); /* stream: 0.2, calls 0 */
    atomic_store(&actors[0]->calls, 1);
    qvt_activity_list *list;
    CU_ASSERT_EQUAL_FATAL(qvt_activity_list_new(&list, activity), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_activity_list_count(list), 7);
    for (size_t i = 0; i < 7; i++) {
        EXPECT_TEXT(qvt_activity_list_actor(list, i)->actor_id, order[i]);
    }
    CU_ASSERT_FALSE(qvt_activity_list_actor(list, 2)->is_hot);
    CU_ASSERT_TRUE(qvt_activity_list_actor(list, 3)->is_hot);
    CU_ASSERT_TRUE(is_near(qvt_activity_list_actor(list, 6)->score, 0.6));
    for (size_t i = 0; i < 7; i++) {
        qvt_actor_release(actors[i]);
    }
    qvt_activity_free(activity);
    EXPECT_TEXT(qvt_activity_list_actor(list, 0)->actor_type, "Order");
    qvt_activity_list_free(list);
}

static void clean_up_forgets_only_who_is_idle_and_released(void)
{
    qvt_activity *activity = new_activity();
    qvt_actor *held = actor_of(activity, "Order", "held"), *gone = actor_of(activity, "Order", "gone");
    qvt_activity_totals totals;
    qvt_actor_release(gone);
    CU_ASSERT_EQUAL(qvt_activity_clean(activity, 60000), 0);
    CU_ASSERT_EQUAL(qvt_activity_clean(activity, 0), 1);
    qvt_activity_read_totals(activity, &totals);
    CU_ASSERT_EQUAL(totals.actors, 1);
    gone = actor_of(activity, "Order", "gone");
    qvt_activity_read_totals(activity, &totals);
    CU_ASSERT_EQUAL(totals.actors, 2);
    qvt_actor_release(gone);
    qvt_actor_release(held);
    qvt_activity_free(activity);
}

/* Another thread may do this while clean-up looks at the actor. */
static void actor_used_since_it_was_seen_idle_stays(void)
{
    uint64_t seen;
    qvt_activity *activity = new_activity();
    qvt_actor *actor = actor_of(activity, "Order", "1");
    qvt_activity_totals totals;
    qvt_actor_release(actor);
    CU_ASSERT_TRUE_FATAL(activity_is_idle(actor, activity_now_ms(), &seen));
    CU_ASSERT_PTR_EQUAL(actor_of(activity, "Order", "1"), actor);
    qvt_actor_enqueued(actor);
    qvt_actor_release(actor);
    CU_ASSERT_FALSE(activity_end(actor, seen));
    CU_ASSERT_FALSE(activity_is_idle(actor, activity_now_ms(), &seen));
    qvt_activity_read_totals(activity, &totals);
    CU_ASSERT(totals.actors == 1 && totals.queue_depth == 1);
    qvt_activity_free(activity);
}

static void off_is_nothing(void)
{
    qvt_actor *actor = actor_of(NULL, "Order", "1");
    qvt_activity_totals totals;
    qvt_activity_list *list;
    CU_ASSERT_PTR_NULL(actor);
    qvt_actor_enqueued(actor);
    qvt_actor_release(actor);
    qvt_activity_read_totals(NULL, &totals);
    CU_ASSERT_EQUAL(totals.actors, 0);
    CU_ASSERT_EQUAL(qvt_activity_clean(NULL, 0), 0);
    CU_ASSERT_EQUAL_FATAL(qvt_activity_list_new(&list, NULL), QVT_OK);
    CU_ASSERT_EQUAL(qvt_activity_list_count(list), 0);
    qvt_activity_list_free(list);
    qvt_activity_free(NULL);
}

static void full_mailbox_holds_its_senders_back(void)
{
    int messages[5];
    void *taken;
    bool was_empty = false;
    qvt_mailbox *mailbox;
    qvt_activity *activity = new_activity();
    qvt_actor *actor = actor_of(activity, "Order", "1");
    qvt_activity_totals totals;
    CU_ASSERT_EQUAL(qvt_mailbox_new(&mailbox, 0, actor), QVT_INVALID_ARGUMENT);
    CU_ASSERT_EQUAL_FATAL(qvt_mailbox_new(&mailbox, 3, actor), QVT_OK);
    CU_ASSERT_EQUAL(qvt_mailbox_take(mailbox, &taken), QVT_NOT_FOUND);
    for (size_t i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(qvt_mailbox_put(mailbox, &messages[i], &was_empty), QVT_OK);
        CU_ASSERT_EQUAL(was_empty, i == 0);
    }
    CU_ASSERT_EQUAL(qvt_mailbox_put(mailbox, &messages[4], NULL), QVT_RESOURCE_EXHAUSTED);
    qvt_activity_read_totals(activity, &totals);
    CU_ASSERT(totals.queue_depth == 4 && totals.calls_in_flight == 0);
    CU_ASSERT_EQUAL(qvt_mailbox_take(mailbox, &taken), QVT_OK);
    CU_ASSERT_PTR_EQUAL(taken, &messages[0]);
    qvt_activity_read_totals(activity, &totals);
    CU_ASSERT(totals.queue_depth == 3 && totals.calls_in_flight == 1);
    qvt_mailbox_done(mailbox);
    CU_ASSERT_EQUAL(qvt_mailbox_put(mailbox, &messages[4], &was_empty), QVT_OK);
    CU_ASSERT_FALSE(was_empty);
    for (size_t i = 1; i < 5; i++) {
        CU_ASSERT_EQUAL(qvt_mailbox_take(mailbox, &taken), QVT_OK);
        CU_ASSERT_PTR_EQUAL(taken, &messages[i]);
        qvt_mailbox_done(mailbox);
    }
    qvt_activity_read_totals(activity, &totals);
    CU_ASSERT(totals.queue_depth == 0 && totals.calls_in_flight == 0);
    qvt_mailbox_free(mailbox);
    qvt_actor_release(actor);
    qvt_activity_free(activity);
}

static qvt_mailbox *shared_mailbox;

static void *send_all(void *data)
{
    uintptr_t sender = (uintptr_t)data;
    for (uintptr_t i = 1; i <= MESSAGES; i++) {
        while (qvt_mailbox_put(shared_mailbox, (void *)(sender << 24 | i), NULL) != QVT_OK) {}
    }
    return NULL;
}

static void each_senders_messages_come_once_and_in_order(void)
{
    pthread_t senders[SENDERS];
    uintptr_t last[SENDERS] = {0};
    CU_ASSERT_EQUAL_FATAL(qvt_mailbox_new(&shared_mailbox, 64, NULL), QVT_OK);
    for (uintptr_t i = 0; i < SENDERS; i++) {
        CU_ASSERT_EQUAL_FATAL(pthread_create(&senders[i], NULL, send_all, (void *)i), 0);
    }
    for (unsigned left = SENDERS * MESSAGES; left > 0;) {
        void *message;
        if (qvt_mailbox_take(shared_mailbox, &message) == QVT_OK) {
            uintptr_t sender = (uintptr_t)message >> 24, number = (uintptr_t)message & 0xFFFFFF;
            CU_ASSERT_EQUAL(number, last[sender] + 1);
            last[sender] = number;
            left--;
        }
    }
    for (size_t i = 0; i < SENDERS; i++) {
        pthread_join(senders[i], NULL);
    }
    qvt_mailbox_free(shared_mailbox);
}

/* --- the storm --- */

struct storm {
    qvt_activity *activity;
    unsigned actors, events;
    atomic_uint threads_left;
};

static void *blow(void *data)
{
    struct storm *storm = data;
    unsigned seed = (unsigned)(uintptr_t)&seed ^ atomic_load(&storm->threads_left) * 2654435761u;
    for (unsigned i = 0; i < storm->events; i++) {
        char id[16];
        qvt_actor *actor;
        seed = seed * 1664525u + 1013904223u;
        snprintf(id, sizeof id, "%u", (seed >> 8) % storm->actors);
        if (qvt_activity_actor(&actor, storm->activity, "Order", id) != QVT_OK) {
            return data;
        }
        qvt_actor_enqueued(actor);
        qvt_actor_release(actor);
        if (qvt_activity_actor(&actor, storm->activity, "Order", id) != QVT_OK || atomic_load(&actor->queue) == 0) {
            return data;
        }
        qvt_actor_call_began(actor);
        qvt_actor_dequeued(actor);
        qvt_actor_call_ended(actor);
        qvt_actor_release(actor);
    }
    atomic_fetch_sub(&storm->threads_left, 1);
    return NULL;
}

/* Everybody counts while one cleans and one lists. What is queued keeps an actor without handles; in the end every counter
 * is 0 and no actor is there twice. */
static void run_storm(unsigned actors, unsigned events)
{
    pthread_t threads[THREADS];
    struct storm storm = {new_activity(), actors, events, THREADS};
    qvt_activity_totals totals;
    qvt_activity_list *list;
    for (size_t i = 0; i < THREADS; i++) {
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, blow, &storm), 0);
    }
    while (atomic_load(&storm.threads_left) > 0) {
        (void)qvt_activity_clean(storm.activity, 0);
        CU_ASSERT_EQUAL_FATAL(qvt_activity_list_new(&list, storm.activity), QVT_OK);
        qvt_activity_list_free(list);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *failed = &storm;
        pthread_join(threads[i], &failed);
        CU_ASSERT_PTR_NULL(failed);
    }
    qvt_activity_read_totals(storm.activity, &totals);
    CU_ASSERT(totals.queue_depth == 0 && totals.calls_in_flight == 0 && totals.actors <= actors);
    CU_ASSERT_EQUAL(qvt_activity_clean(storm.activity, 0), totals.actors);
    qvt_activity_free(storm.activity);
}

static void storm_leaves_every_counter_at_0(void)
{
    bool is_large = getenv("QVT_STORM") != NULL;
    run_storm(is_large ? 100000 : ACTORS, is_large ? 100000 : EVENTS / 10);
}

SUITE_MAIN("client/activity", SUITE_CASE(score_is_the_formula), SUITE_CASE(counters_never_go_below_0),
           SUITE_CASE(same_type_and_id_is_the_same_actor), SUITE_CASE(actors_move_by_score_queue_and_calls_ascending),
           SUITE_CASE(clean_up_forgets_only_who_is_idle_and_released),
           SUITE_CASE(actor_used_since_it_was_seen_idle_stays), SUITE_CASE(off_is_nothing),
           SUITE_CASE(full_mailbox_holds_its_senders_back), SUITE_CASE(each_senders_messages_come_once_and_in_order),
           SUITE_CASE(storm_leaves_every_counter_at_0))
