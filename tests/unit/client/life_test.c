#include "qvt/life.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "qvt/actor_type.h"
#include "tests/support/suite.h"
#include "tests/unit/client/tracker.h"

QVT_ACTOR_TYPE(DeclaredActor);

enum { ACTORS = 30 };

/* What the callbacks were told; under the tracker's lock. */
static char phases[128], order[1024];
static unsigned asked, at_once, most_at_once, ended;
static qvt_silo_report last;
static qvt_deactivation *kept[ACTORS];
static bool keeps;

static void on_progress(void *data, const qvt_silo_report *report)
{
    static const char *const letters = "AJDSE";
    (void)data;
    pthread_mutex_lock(&tracker.lock);
    size_t len = strlen(phases);
    if (len == 0 || phases[len - 1] != letters[report->phase]) {
        phases[len] = letters[report->phase];
        phases[len + 1] = '\0';
    }
    pthread_mutex_unlock(&tracker.lock);
}

static void on_end(void *data, const qvt_silo_report *report)
{
    (void)data;
    pthread_mutex_lock(&tracker.lock);
    ended++;
    last = *report;
    pthread_cond_broadcast(&tracker.changed);
    pthread_mutex_unlock(&tracker.lock);
}

static void deactivate(void *data, const qvt_actor_activity *actor, qvt_deactivation *deactivation)
{
    (void)data;
    pthread_mutex_lock(&tracker.lock);
    size_t len = strlen(order);
    snprintf(order + len, sizeof order - len, "%s ", actor->actor_id);
    at_once++;
    most_at_once = at_once > most_at_once ? at_once : most_at_once;
    if (keeps) {
        kept[asked % ACTORS] = deactivation;
    }
    asked++;
    at_once -= keeps ? 0 : 1;
    pthread_cond_broadcast(&tracker.changed);
    pthread_mutex_unlock(&tracker.lock);
    if (!keeps) {
        qvt_deactivation_done(deactivation, strcmp(actor->actor_id, "bad") == 0 ? QVT_DATA_LOSS : QVT_OK);
    }
}

struct scene {
    qvt_client_options client;
    qvt_silo_options silo;
    qvt_life_options life;
};

static void prepare(struct scene *scene)
{
    *scene = (struct scene){QVT_CLIENT_OPTIONS_INIT, QVT_SILO_OPTIONS_INIT, QVT_LIFE_OPTIONS_INIT};
    tracker_prepare(&scene->client);
    scene->silo.silo_id = "silo-1";
    scene->silo.address = "10.0.0.1";
    scene->silo.port = 9000;
    scene->life.client = &scene->client;
    scene->life.silo = &scene->silo;
    scene->life.on_progress = on_progress;
    scene->life.on_end = on_end;
    phases[0] = '\0';
    order[0] = '\0';
    asked = at_once = most_at_once = ended = 0;
    keeps = false;
}

static qvt_silo *start(const struct scene *scene)
{
    qvt_silo *silo = NULL;
    CU_ASSERT_EQUAL_FATAL(qvt_silo_start(&silo, &scene->life, NULL), QVT_OK);
    return silo;
}

static void declared_types_are_registered_and_the_silo_becomes_active(void)
{
    struct scene scene;
    prepare(&scene);
    qvt_silo *silo = start(&scene);
    CU_ASSERT_EQUAL(qvt_silo_phase(silo), QVT_PHASE_ACTIVE);
    CU_ASSERT_TRUE(qvt_silo_may_deliver(silo));
    pthread_mutex_lock(&tracker.lock);
    EXPECT_TEXT(tracker.versions, "DeclaredActor=7.1.0 ");
    EXPECT_TEXT(tracker.phases, "1.0 2.0 ");
    pthread_mutex_unlock(&tracker.lock);
    qvt_silo_free(silo);
    EXPECT_TEXT(phases, "JADS");
    EXPECT_TEXT(tracker.phases, "1.0 2.0 2.4 3.0 ");
    CU_ASSERT_EQUAL(ended, 1);
    CU_ASSERT_TRUE(last.is_unregistered);
    CU_ASSERT_EQUAL(last.phase, QVT_PHASE_ENDED);
}

static void signal_empties_the_silo_coldest_actor_first(void)
{
    struct scene scene;
    qvt_activity *activity;
    qvt_actor *cold, *hot;
    qvt_silo_report report;
    prepare(&scene);
    CU_ASSERT_EQUAL_FATAL(qvt_activity_new(&activity, NULL), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_activity_actor(&hot, activity, "DeclaredActor", "bad"), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_activity_actor(&cold, activity, "DeclaredActor", "cold"), QVT_OK);
    qvt_actor_enqueued(hot);
    scene.life.activity = activity;
    scene.life.deactivate = deactivate;
    qvt_silo *silo = start(&scene);
    pthread_mutex_lock(&tracker.lock);
    AWAIT(tracker.hot_actors == 1);
    pthread_mutex_unlock(&tracker.lock);
    CU_ASSERT_EQUAL(raise(SIGTERM), 0);
    qvt_silo_wait(silo, &report);
    EXPECT_TEXT(order, "cold bad ");
    CU_ASSERT(report.actors == 2 && report.deactivated == 1 && report.failed == 1 && report.unfinished == 0);
    CU_ASSERT_TRUE(report.is_unregistered);
    CU_ASSERT_FALSE(report.is_late || report.is_superseded || qvt_silo_may_deliver(silo));
    qvt_silo_free(silo);
    qvt_actor_release(hot);
    qvt_actor_release(cold);
    qvt_activity_free(activity);
}

static void no_more_than_so_many_actors_are_deactivated_at_once(void)
{
    struct scene scene;
    qvt_activity *activity;
    char id[8];
    prepare(&scene);
    keeps = true;
    CU_ASSERT_EQUAL_FATAL(qvt_activity_new(&activity, NULL), QVT_OK);
    for (unsigned i = 0; i < ACTORS; i++) {
        qvt_actor *actor;
        snprintf(id, sizeof id, "%u", i);
        CU_ASSERT_EQUAL_FATAL(qvt_activity_actor(&actor, activity, "DeclaredActor", id), QVT_OK);
        qvt_actor_release(actor);
    }
    scene.life.activity = activity;
    scene.life.deactivate = deactivate;
    qvt_silo *silo = start(&scene);
    qvt_silo_stop(silo);
    for (unsigned i = 0; i < ACTORS; i++) {
        pthread_mutex_lock(&tracker.lock);
        AWAIT(asked > i);
        at_once--;
        pthread_mutex_unlock(&tracker.lock);
        qvt_deactivation_done(kept[i], QVT_OK);
    }
    qvt_silo_free(silo);
    CU_ASSERT_EQUAL(last.deactivated, ACTORS);
    CU_ASSERT(most_at_once <= 10);
    qvt_activity_free(activity);
}

static void deadline_ends_what_does_not_end_by_itself(void)
{
    struct scene scene;
    qvt_activity *activity;
    qvt_actor *actor;
    qvt_silo_report report;
    prepare(&scene);
    keeps = true;
    CU_ASSERT_EQUAL_FATAL(qvt_activity_new(&activity, NULL), QVT_OK);
    CU_ASSERT_EQUAL_FATAL(qvt_activity_actor(&actor, activity, "DeclaredActor", "stuck"), QVT_OK);
    scene.life.activity = activity;
    scene.life.deactivate = deactivate;
    scene.life.deadline_ms = 50;
    qvt_silo *silo = start(&scene);
    qvt_silo_stop(silo);
    qvt_silo_wait(silo, &report);
    CU_ASSERT_TRUE(report.is_late);
    CU_ASSERT(report.actors == 1 && report.unfinished == 1);
    qvt_deactivation_done(kept[0], QVT_OK);
    qvt_silo_free(silo);
    qvt_actor_release(actor);
    qvt_activity_free(activity);
}

static void superseded_silo_ends_and_writes_nothing_more(void)
{
    struct scene scene;
    qvt_silo_report report;
    prepare(&scene);
    qvt_silo *silo = start(&scene);
    pthread_mutex_lock(&tracker.lock);
    tracker.heartbeat_status = QVT_ABORTED;
    pthread_mutex_unlock(&tracker.lock);
    qvt_silo_wait(silo, &report);
    CU_ASSERT_TRUE(report.is_superseded);
    CU_ASSERT_FALSE(report.is_unregistered);
    CU_ASSERT_EQUAL(ended, 1);
    qvt_silo_free(silo);
    CU_ASSERT_EQUAL(tracker.unregisters, 0);
    EXPECT_TEXT(phases, "JA");
}

static void refused_registration_fails_the_start(void)
{
    struct scene scene;
    qvt_silo *silo = NULL;
    qvt_error error;
    prepare(&scene);
    tracker.register_status = QVT_INVALID_ARGUMENT;
    CU_ASSERT_EQUAL(qvt_silo_start(&silo, &scene.life, &error), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(error.message, "refused");
    prepare(&scene);
    scene.life.deadline_ms = 0;
    CU_ASSERT_EQUAL(qvt_silo_start(&silo, &scene.life, &error), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(error.field, "deadline_ms");
    prepare(&scene);
    scene.life.silo = NULL;
    CU_ASSERT_EQUAL(qvt_silo_start(&silo, &scene.life, &error), QVT_INVALID_ARGUMENT);
    EXPECT_TEXT(error.field, "silo");
}

static void tracker_out_of_reach_is_waited_for(void)
{
    struct scene scene;
    prepare(&scene);
    scene.life.start_timeout_ms = 20;
    tracker.register_status = QVT_UNAVAILABLE;
    qvt_silo *silo = start(&scene);
    CU_ASSERT_EQUAL(qvt_silo_phase(silo), QVT_PHASE_JOINING);
    pthread_mutex_lock(&tracker.lock);
    tracker.register_status = QVT_OK;
    AWAIT(tracker.knows_silo);
    pthread_mutex_unlock(&tracker.lock);
    qvt_silo_free(silo);
}

static void lost_lease_stops_delivery_where_that_is_wished(void)
{
    struct scene scene;
    prepare(&scene);
    scene.life.lease_lost = QVT_LEASE_LOST_STOP;
    qvt_silo *silo = start(&scene);
    pthread_mutex_lock(&tracker.lock);
    tracker.hold_heartbeats = true;
    AWAIT(tracker.leases_lost == 1);
    CU_ASSERT_FALSE(qvt_silo_may_deliver(silo));
    tracker.hold_heartbeats = false;
    AWAIT(tracker.leases_held == 2);
    CU_ASSERT_TRUE(qvt_silo_may_deliver(silo));
    pthread_mutex_unlock(&tracker.lock);
    qvt_silo_free(silo);
}

/* The loop stands at the lock of the tracker, as it would in a process that was stopped. */
static void lease_that_is_over_stops_delivery_before_the_loop_notices(void)
{
    struct scene scene;
    prepare(&scene);
    scene.life.lease_lost = QVT_LEASE_LOST_STOP;
    qvt_silo *silo = start(&scene);
    pthread_mutex_lock(&tracker.lock);
    CU_ASSERT_TRUE(qvt_silo_may_deliver(silo));
    while (qvt_silo_may_deliver(silo)) {
        (void)sched_yield();
    }
    CU_ASSERT_EQUAL(tracker.leases_lost, 0);
    AWAIT(tracker.leases_held == 2);
    CU_ASSERT_EQUAL(tracker.leases_lost, 1);
    CU_ASSERT_TRUE(qvt_silo_may_deliver(silo));
    pthread_mutex_unlock(&tracker.lock);
    qvt_silo_free(silo);
}

static void signals_belong_to_one_silo_or_to_the_application(void)
{
    struct scene scene;
    qvt_silo *second = NULL;
    qvt_error error;
    prepare(&scene);
    qvt_silo *silo = start(&scene);
    CU_ASSERT_EQUAL(qvt_silo_start(&second, &scene.life, &error), QVT_FAILED_PRECONDITION);
    scene.life.ignores_signals = true;
    CU_ASSERT_EQUAL_FATAL(qvt_silo_start(&second, &scene.life, &error), QVT_OK);
    qvt_silo_free(second);
    qvt_silo_free(silo);
    struct sigaction now;
    sigaction(SIGTERM, NULL, &now);
    CU_ASSERT_PTR_EQUAL(now.sa_handler, SIG_DFL);
}

static void types_of_a_library_loaded_in_an_outage_are_registered_after_it(void)
{
    static const qvt_actor_declaration declared = {.actor_type = "Late", .version = "1.2.3"};
    static const qvt_actor_declaration *const library[] = {&declared};
    struct scene scene;
    prepare(&scene);
    qvt_silo *silo = start(&scene);
    pthread_mutex_lock(&tracker.lock);
    tracker.failing_versions = 1;
    pthread_mutex_unlock(&tracker.lock);
    qvt_module_add(library, library + 1);
    pthread_mutex_lock(&tracker.lock);
    AWAIT(strcmp(tracker.versions, "DeclaredActor=7.1.0 Late=1.2.3 ") == 0);
    CU_ASSERT_EQUAL(tracker.failing_versions, 0);
    pthread_mutex_unlock(&tracker.lock);
    qvt_silo_free(silo);
    qvt_module_del(library);
}

SUITE_MAIN("client/life", SUITE_CASE(types_of_a_library_loaded_in_an_outage_are_registered_after_it),
           SUITE_CASE(declared_types_are_registered_and_the_silo_becomes_active),
           SUITE_CASE(signal_empties_the_silo_coldest_actor_first),
           SUITE_CASE(no_more_than_so_many_actors_are_deactivated_at_once),
           SUITE_CASE(deadline_ends_what_does_not_end_by_itself),
           SUITE_CASE(superseded_silo_ends_and_writes_nothing_more), SUITE_CASE(refused_registration_fails_the_start),
           SUITE_CASE(tracker_out_of_reach_is_waited_for), SUITE_CASE(lost_lease_stops_delivery_where_that_is_wished),
           SUITE_CASE(lease_that_is_over_stops_delivery_before_the_loop_notices),
           SUITE_CASE(signals_belong_to_one_silo_or_to_the_application))
