#include "client/src/life.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "qvt/actor_type.h"
#include "base/check.h"
#include "base/clock.h"
#include "client/src/client.h"
#include "client/src/options.h"

#define RETRY_MS 1000u
#define ATTEMPT_MS 5000u

static int64_t now_us(void)
{
    return clock_monotonic_us(clock_system());
}

/* --- what happens elsewhere --- */

void qvt_silo_stop(qvt_silo *silo)
{
    atomic_store(&silo->is_stopping, true);
    sem_post(&silo->wake);
}

static void on_silo_state(void *data, qvt_silo_state state, const qvt_error *why)
{
    qvt_silo *silo = data;
    if (silo->user.on_silo_state != NULL) {
        silo->user.on_silo_state(silo->user.data, state, why);
    }
    if (state == QVT_SILO_SUPERSEDED) {
        atomic_store(&silo->is_superseded, true);
        sem_post(&silo->wake);
    }
}

static void on_lease_lost(void *data)
{
    qvt_silo *silo = data;
    atomic_store(&silo->is_lease_lost, true);
    if (silo->user.on_lease_lost != NULL) {
        silo->user.on_lease_lost(silo->user.data);
    }
}

static void on_lease_held(void *data)
{
    qvt_silo *silo = data;
    atomic_store(&silo->is_lease_lost, false);
    if (silo->user.on_lease_held != NULL) {
        silo->user.on_lease_held(silo->user.data);
    }
}

static void on_log(void *data, qvt_log_level level, const char *line)
{
    const qvt_silo *silo = data;
    silo->user.on_log(silo->user.data, level, line);
}

static void on_modules(struct module_listener *listener)
{
    qvt_silo *silo = LIST_ENTRY(listener, qvt_silo, modules);
    atomic_store(&silo->has_new_modules, true);
    sem_post(&silo->wake);
}

/* --- the silo's thread --- */

static void enter(qvt_silo *silo, qvt_phase phase)
{
    atomic_store(&silo->phase, (int)phase);
    life_tell(silo);
}

static void settle(qvt_silo *silo, const qvt_error *error)
{
    pthread_mutex_lock(&silo->lock);
    silo->is_settled = true;
    if (error != NULL) {
        silo->error = *error;
    }
    pthread_cond_broadcast(&silo->changed);
    pthread_mutex_unlock(&silo->lock);
}

static bool is_over(const qvt_silo *silo)
{
    return atomic_load(&silo->is_stopping) || atomic_load(&silo->is_superseded);
}

/* Sleeps until something happens, at most so long. */
static void sleep_ms(qvt_silo *silo, uint32_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    while (sem_timedwait(&silo->wake, &until) != 0 && errno == EINTR) {}
}

static bool may_succeed_later(qvt_status status)
{
    return status == QVT_UNAVAILABLE || status == QVT_DEADLINE_EXCEEDED || status == QVT_NOT_FOUND ||
           status == QVT_RESOURCE_EXHAUSTED || status == QVT_NO_MEMORY;
}

/* Tries until it works, or can work no more. */
static bool join_cluster(qvt_silo *silo)
{
    qvt_error error;
    qvt_call_options call = QVT_CALL_OPTIONS_INIT;
    qvt_silo_options options = silo->copy->options;
    call.error = &error;
    call.timeout_ms = ATTEMPT_MS;
    options.versions = silo->copy->versions->versions;
    options.version_count = silo->copy->versions->count;
    options.phase = QVT_PHASE_JOINING;
    while (!is_over(silo)) {
        if (qvt_client_register(silo->client, &options, &call) == QVT_OK) {
            return true;
        }
        if (!may_succeed_later(error.status)) {
            settle(silo, &error);
            return false;
        }
        sleep_ms(silo, RETRY_MS);
    }
    return false;
}

static bool become_active(qvt_silo *silo)
{
    if (silo->options.on_warm_up != NULL) {
        silo->options.on_warm_up(silo->options.data);
    }
    while (!is_over(silo)) {
        if (qvt_client_enter_phase(silo->client, QVT_PHASE_ACTIVE, NULL) == QVT_OK) {
            enter(silo, QVT_PHASE_ACTIVE);
            return true;
        }
        sleep_ms(silo, RETRY_MS);
    }
    return false;
}

/* Shared libraries with actor types came or went. What is refused stays as it was. */
static qvt_status renew_versions(qvt_silo *silo)
{
    qvt_declared_types *types;
    qvt_call_options call = QVT_CALL_OPTIONS_INIT;
    call.timeout_ms = ATTEMPT_MS;
    if (silo->copy->versions->count > 0 && !silo->copy->are_declared) {
        return QVT_OK;
    }
    QVT_TRY(qvt_declared_types_new(&types, NULL));
    qvt_status status = qvt_client_set_versions(silo->client, qvt_declared_types_versions(types),
                                                qvt_declared_types_count(types), &call);
    qvt_declared_types_free(types);
    return status;
}

static void serve(qvt_silo *silo)
{
    while (!is_over(silo)) {
        if (atomic_exchange(&silo->has_new_modules, false) && may_succeed_later(renew_versions(silo))) {
            atomic_store(&silo->has_new_modules, true);
            sleep_ms(silo, RETRY_MS);
        } else {
            while (sem_wait(&silo->wake) != 0) {}
        }
    }
}

static uint32_t left_ms(int64_t deadline_us)
{
    int64_t left_us = deadline_us - now_us();
    return left_us <= 1000 ? 1 : left_us > ATTEMPT_MS * 1000 ? ATTEMPT_MS : (uint32_t)(left_us / 1000);
}

/* A tracker out of reach does not keep the silo from leaving: its lease ends by itself. */
static void leave(qvt_silo *silo, int64_t deadline_us)
{
    qvt_call_options call = QVT_CALL_OPTIONS_INIT;
    call.timeout_ms = left_ms(deadline_us);
    enter(silo, QVT_PHASE_DRAINING);
    (void)!qvt_client_enter_phase(silo->client, QVT_PHASE_DRAINING, &call);
    life_drain(silo, deadline_us);
    call.timeout_ms = left_ms(deadline_us);
    enter(silo, QVT_PHASE_SHUTTING_DOWN);
    (void)!qvt_client_enter_phase(silo->client, QVT_PHASE_SHUTTING_DOWN, &call);
    call.timeout_ms = left_ms(deadline_us);
    bool is_unregistered = qvt_client_unregister(silo->client, &call) == QVT_OK;
    pthread_mutex_lock(&silo->lock);
    silo->report.is_unregistered = is_unregistered;
    silo->report.is_late = now_us() > deadline_us;
    pthread_mutex_unlock(&silo->lock);
}

static void end(qvt_silo *silo)
{
    life_give_signals(silo);
    pthread_mutex_lock(&silo->lock);
    silo->report.phase = QVT_PHASE_ENDED;
    silo->report.is_superseded = atomic_load(&silo->is_superseded);
    silo->report.took_ms = silo->stopped_us == 0 ? 0 : (uint32_t)((now_us() - silo->stopped_us) / 1000);
    qvt_silo_report report = silo->report;
    pthread_mutex_unlock(&silo->lock);
    atomic_store(&silo->phase, QVT_PHASE_ENDED);
    if (silo->options.on_end != NULL) {
        silo->options.on_end(silo->options.data, &report);
    }
    settle(silo, NULL);
    pthread_mutex_lock(&silo->lock);
    silo->is_ended = true;
    pthread_cond_broadcast(&silo->changed);
    pthread_mutex_unlock(&silo->lock);
}

static void *live(void *data)
{
    qvt_silo *silo = data;
    enter(silo, QVT_PHASE_JOINING);
    bool is_joined = join_cluster(silo);
    if (is_joined && become_active(silo)) {
        settle(silo, NULL);
        serve(silo);
    }
    silo->stopped_us = now_us();
    if (is_joined && !atomic_load(&silo->is_superseded)) {
        leave(silo, silo->stopped_us + (int64_t)silo->options.deadline_ms * 1000);
    }
    end(silo);
    return NULL;
}

/* --- start and end --- */

static qvt_status copy_silo(qvt_silo *silo, qvt_error *error)
{
    qvt_declared_types *types = NULL;
    qvt_silo_options options = QVT_SILO_OPTIONS_INIT;
    if (silo->options.silo == NULL) {
        return qvt_error_field(error, "silo", "silo is missing: who the silo is, and where");
    }
    QVT_TRY(options_read(&options, sizeof options, silo->options.silo, "qvt_silo_options", error));
    if (options.version_count == 0) {
        QVT_TRY(qvt_declared_types_new(&types, error));
        options.versions = qvt_declared_types_versions(types);
        options.version_count = qvt_declared_types_count(types);
    }
    qvt_status status = silo_copy_new(&silo->copy, &options);
    if (status == QVT_OK) {
        silo->copy->are_declared = types != NULL;
    } else {
        qvt_error_set(error, status, NULL, "no memory for a copy of the silo");
    }
    qvt_declared_types_free(types);
    return status;
}

static qvt_status make_client(qvt_silo *silo, qvt_error *error)
{
    silo->user = (qvt_client_options)QVT_CLIENT_OPTIONS_INIT;
    QVT_TRY(options_read(&silo->user, sizeof silo->user, silo->options.client, "qvt_client_options", error));
    qvt_client_options options = silo->user;
    options.on_silo_state = on_silo_state;
    options.on_lease_lost = on_lease_lost;
    options.on_lease_held = on_lease_held;
    options.on_log = silo->user.on_log != NULL ? on_log : NULL;
    options.data = silo;
    QVT_TRY(qvt_client_new(&silo->client, &options, error));
    qvt_client_set_activity(silo->client, silo->options.activity);
    return QVT_OK;
}

static qvt_status check(const qvt_life_options *options, qvt_error *error)
{
    if (options->deactivations_at_once == 0) {
        return qvt_error_field(error, "deactivations_at_once", "deactivations_at_once is 0; it is at least 1");
    }
    if (options->deadline_ms == 0) {
        return qvt_error_field(error, "deadline_ms", "deadline_ms is 0; leaving needs time");
    }
    return QVT_OK;
}

static qvt_status prepare(qvt_silo *silo, qvt_error *error)
{
    QVT_TRY(check(&silo->options, error));
    QVT_TRY(copy_silo(silo, error));
    QVT_TRY(make_client(silo, error));
    if (!silo->options.ignores_signals) {
        QVT_TRY(life_take_signals(silo, error));
    }
    modules_listen(&silo->modules);
    if (pthread_create(&silo->thread, NULL, live, silo) != 0) {
        modules_forget(&silo->modules);
        return qvt_error_set(error, QVT_UNAVAILABLE, NULL, "the system refuses a thread");
    }
    return QVT_OK;
}

static void destroy(qvt_silo *silo)
{
    life_give_signals(silo);
    life_forget_actors(silo);
    qvt_client_free(silo->client);
    silo_copy_free(silo->copy);
    pthread_cond_destroy(&silo->changed);
    pthread_mutex_destroy(&silo->lock);
    sem_destroy(&silo->wake);
    free(silo);
}

static qvt_silo *new_silo(void)
{
    pthread_condattr_t monotonic;
    qvt_silo *silo = calloc(1, sizeof *silo);
    if (silo == NULL) {
        return NULL;
    }
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&silo->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&silo->lock, NULL);
    sem_init(&silo->wake, 0, 0);
    qvt_error_clear(&silo->error);
    atomic_store(&silo->phase, QVT_PHASE_JOINING);
    silo->modules.on_change = on_modules;
    return silo;
}

/* Until the silo is ACTIVE, cannot become it, or the time is over. */
static qvt_status await_active(qvt_silo *silo, qvt_error *error)
{
    struct timespec until;
    int failed = 0;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += silo->options.start_timeout_ms / 1000;
    until.tv_nsec += (long)(silo->options.start_timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&silo->lock);
    while (!silo->is_settled && failed == 0) {
        failed = pthread_cond_timedwait(&silo->changed, &silo->lock, &until);
    }
    qvt_error found = silo->error;
    pthread_mutex_unlock(&silo->lock);
    if (found.status != QVT_OK && error != NULL) {
        *error = found;
    }
    return found.status;
}

qvt_status qvt_silo_start(qvt_silo **out, const qvt_life_options *given, qvt_error *error)
{
    qvt_life_options options = QVT_LIFE_OPTIONS_INIT;
    if (error != NULL) {
        qvt_error_clear(error);
    }
    QVT_TRY(options_read(&options, sizeof options, given, "qvt_life_options", error));
    qvt_silo *silo = new_silo();
    if (silo == NULL) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "no memory for a silo");
    }
    silo->options = options;
    qvt_status status = prepare(silo, error);
    if (status != QVT_OK) {
        destroy(silo);
        return status;
    }
    status = await_active(silo, error);
    if (status != QVT_OK) {
        qvt_silo_free(silo);
        return status;
    }
    *out = silo;
    return QVT_OK;
}

qvt_client *qvt_silo_client(qvt_silo *silo)
{
    return silo->client;
}

qvt_phase qvt_silo_phase(const qvt_silo *silo)
{
    return (qvt_phase)atomic_load_explicit(&silo->phase, memory_order_relaxed);
}

bool qvt_silo_may_deliver(const qvt_silo *silo)
{
    bool is_held = silo->options.lease_lost == QVT_LEASE_LOST_CONTINUE ||
                   (!atomic_load_explicit(&silo->is_lease_lost, memory_order_acquire) &&
                    !lease_has_lapsed(&silo->client->registration.lease));
    return is_held && qvt_silo_phase(silo) != QVT_PHASE_ENDED;
}

void qvt_silo_wait(qvt_silo *silo, qvt_silo_report *report)
{
    if (client_is_foreign(silo->client)) {
        if (report != NULL) {
            *report = (qvt_silo_report){.phase = qvt_silo_phase(silo)};
        }
        return;
    }
    pthread_mutex_lock(&silo->lock);
    while (!silo->is_ended) {
        pthread_cond_wait(&silo->changed, &silo->lock);
    }
    if (report != NULL) {
        *report = silo->report;
    }
    pthread_mutex_unlock(&silo->lock);
}

/* In a forked process there is no thread to end, as with the client. */
void qvt_silo_free(qvt_silo *silo)
{
    if (silo == NULL) {
        return;
    }
    if (silo->client != NULL && client_is_foreign(silo->client)) {
        life_give_signals(silo);
        return;
    }
    qvt_silo_stop(silo);
    pthread_join(silo->thread, NULL);
    modules_forget(&silo->modules);
    destroy(silo);
}
