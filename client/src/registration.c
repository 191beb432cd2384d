#include "client/src/registration.h"

#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "client/src/client.h"
#include "client/src/lease.h"
#include "client/src/methods.h"

static void pump(struct registration *registration);

void registration_publish(struct registration *registration)
{
    const struct version_set *versions = registration->silo == NULL ? NULL : registration->silo->versions;
    facts_publish(&registration->client->facts, &registration->shown, versions);
}

static void enter(struct registration *registration, qvt_silo_state state, const qvt_error *why)
{
    const qvt_client_options *options = &registration->client->options;
    bool is_new = registration->shown.state != state;
    registration->shown.state = state;
    registration_publish(registration);
    if (is_new && options->on_silo_state != NULL) {
        options->on_silo_state(options->data, state, why);
    }
}

static void recover(struct registration *registration)
{
    if (!registration->is_recovering && !registration->is_stopped) {
        registration->is_recovering = true;
        registration_write(registration, &registration->recovery);
    }
}

void registration_retry(struct registration *registration)
{
    if (registration->shown.state == QVT_SILO_LOST) {
        recover(registration);
    }
}

void registration_refused(struct registration *registration, const qvt_error *error)
{
    if (registration->shown.state == QVT_SILO_UNREGISTERED) {
        return;
    }
    if (error->status == QVT_ABORTED) {
        lease_lose(&registration->lease);
        enter(registration, QVT_SILO_SUPERSEDED, error);
    } else if (error->status == QVT_NOT_FOUND) {
        bool was_held = registration->lease.is_held;
        lease_lose(&registration->lease);
        enter(registration, QVT_SILO_LOST, error);
        if (was_held) {
            recover(registration);
        } else {
            /* The tracker was gone for longer than the lease, and so it was for all others. */
            lease_retry_spread(&registration->lease);
        }
    }
}

static void adopt_silo(struct registration *registration, struct silo_copy *silo)
{
    struct silo_copy *before = registration->silo;
    registration->silo = silo;
    registration_publish(registration);
    silo_copy_free(before);
}

static void on_registered(struct registration *registration, struct write *write)
{
    registration->held = registration->granted;
    registration->shown.incarnation = registration->held.incarnation;
    registration->shown.lease_ttl_ms = registration->held.lease_ttl_ms;
    registration->shown.lease_remaining_ms = registration->held.lease_ttl_ms;
    registration->shown.registrations++;
    if (write->kind == WRITE_REGISTER) {
        adopt_silo(registration, write->silo);
        write->silo = NULL;
    }
    enter(registration, QVT_SILO_REGISTERED, NULL);
    if (registration->is_stopped) {
        return;
    }
    lease_begin(&registration->lease, registration->write_sent_us);
}

static void on_versions_set(struct registration *registration, struct write *write)
{
    struct version_set *before = registration->silo->versions;
    registration->silo->versions = write->versions;
    write->versions = NULL;
    registration_publish(registration);
    version_set_free(before);
}

static void on_unregistered(struct registration *registration)
{
    lease_end(&registration->lease);
    adopt_silo(registration, NULL);
    enter(registration, QVT_SILO_UNREGISTERED, NULL);
}

static void apply(struct registration *registration, struct write *write)
{
    switch (write->kind) {
    case WRITE_REGISTER:
    case WRITE_RECOVER: on_registered(registration, write); break;
    case WRITE_VERSIONS: on_versions_set(registration, write); break;
    case WRITE_PHASE: registration->silo->options.phase = write->phase; break;
    case WRITE_UNREGISTER: on_unregistered(registration); break;
    }
}

static void finish(struct registration *registration, const qvt_error *error)
{
    struct write *write = registration->current;
    registration->current = NULL;
    uv_timer_stop(&registration->patience);
    if (error->status == QVT_OK) {
        apply(registration, write);
    } else {
        if (error->status == QVT_DEADLINE_EXCEEDED) {
            client_blame_endpoint(registration->client, write->timeout_ms, registration->write_moves);
        }
        registration_refused(registration, error);
    }
    write->on_done(write, error);
    pump(registration);
}

static void on_recovered(struct write *write, const qvt_error *error)
{
    struct registration *registration = LIST_ENTRY(write, struct registration, recovery);
    registration->is_recovering = false;
    if (error->status != QVT_OK && registration->shown.state == QVT_SILO_LOST) {
        lease_retry(&registration->lease);
    }
}

static qvt_status on_write_answer(struct unary *unary, qvt_slice answer, qvt_error *error)
{
    struct registration *registration = LIST_ENTRY(unary, struct registration, write_call);
    enum write_kind kind = registration->current->kind;
    if (kind == WRITE_REGISTER || kind == WRITE_RECOVER) {
        return silo_decode_register(answer, &registration->granted, error);
    }
    return QVT_OK;
}

static void on_write_done(struct unary *unary, const qvt_error *error)
{
    finish(LIST_ENTRY(unary, struct registration, write_call), error);
}

static qvt_status encode(struct registration *registration, const struct write *write, struct buf *out,
                         const qvt_rpc_method **method)
{
    const char *cluster = registration->client->cluster;
    const struct silo_copy *silo = write->kind == WRITE_REGISTER ? write->silo : registration->silo;
    struct silo_name name = {cluster, silo->options.silo_id, registration->held.incarnation};
    switch (write->kind) {
    case WRITE_VERSIONS:
        *method = METHOD(REGISTER_SILO_VERSIONS);
        return silo_encode_versions(out, &name, write->versions);
    case WRITE_PHASE: *method = METHOD(UPDATE_SILO); return silo_encode_phase(out, &name, write->phase);
    case WRITE_UNREGISTER: *method = METHOD(UNREGISTER_SILO); return silo_encode_unregister(out, &name);
    case WRITE_REGISTER:
    case WRITE_RECOVER: break;
    }
    *method = METHOD(REGISTER_SILO);
    return silo_encode_register(out, cluster, silo, registration->instance_id, &registration->held);
}

static bool is_other_silo(const struct registration *registration, const struct write *write)
{
    return registration->silo != NULL && write->silo->options.silo_id != NULL &&
           strcmp(registration->silo->options.silo_id, write->silo->options.silo_id) != 0;
}

/* What needs no network. True: the write is to be sent. */
static bool is_due(struct registration *registration, const struct write *write, qvt_error *error)
{
    qvt_error_clear(error);
    switch (write->kind) {
    case WRITE_REGISTER:
        if (is_other_silo(registration, write)) {
            qvt_error_set(error, QVT_ALREADY_EXISTS, NULL, "this client has registered silo %s; one silo a client",
                          registration->silo->options.silo_id);
            return false;
        }
        return true;
    case WRITE_VERSIONS:
    case WRITE_PHASE:
        if (registration->silo == NULL) {
            qvt_error_set(error, QVT_FAILED_PRECONDITION, NULL, "this client has registered no silo");
            return false;
        }
        return true;
    case WRITE_RECOVER:
        if (registration->shown.state != QVT_SILO_LOST) {
            qvt_error_set(error, QVT_CANCELLED, NULL, "the silo is not lost");
            return false;
        }
        return true;
    case WRITE_UNREGISTER: break;
    }
    return registration->silo != NULL && registration->shown.state != QVT_SILO_SUPERSEDED;
}

static void begin(struct registration *registration, struct write *write)
{
    struct buf request = BUF_INIT;
    const qvt_rpc_method *method;
    qvt_error error;
    registration->current = write;
    if (!is_due(registration, write, &error)) {
        finish(registration, &error);
    } else if (encode(registration, write, &request, &method) != QVT_OK) {
        qvt_error_set(&error, QVT_NO_MEMORY, NULL, "no memory for the request");
        finish(registration, &error);
    } else {
        registration->write_moves = registration->client->channel_moves;
        registration->write_sent_us = clock_monotonic_us(clock_system());
        unary_start(&registration->write_call, &registration->client->link, method, buf_slice(&request),
                    write->timeout_ms, write->fail_fast);
    }
    buf_deinit(&request);
}

static void pump(struct registration *registration)
{
    if (registration->current == NULL && !list_is_empty(&registration->waiting)) {
        struct write *next = LIST_ENTRY(registration->waiting.next, struct write, node);
        list_remove(&next->node);
        begin(registration, next);
    }
}

void registration_write(struct registration *registration, struct write *write)
{
    list_push_back(&registration->waiting, &write->node);
    pump(registration);
}

void registration_init(struct registration *registration, qvt_client *client)
{
    registration->client = client;
    registration->shown = (qvt_registration)QVT_REGISTRATION_INIT;
    registration->write_call.decode = on_write_answer;
    registration->write_call.on_done = on_write_done;
    registration->recovery.kind = WRITE_RECOVER;
    registration->recovery.timeout_ms = client->options.default_timeout_ms;
    registration->recovery.on_done = on_recovered;
    list_init(&registration->waiting);
    uv_timer_init(&client->loop.uv, &registration->patience);
    registration->patience.data = registration;
    entropy_fill(entropy_system(), registration->instance_id, sizeof registration->instance_id);
    lease_init(&registration->lease, registration);
}

static bool may_register(const struct registration *registration)
{
    const struct link *link = &registration->client->link;
    enum write_kind kind = registration->current->kind;
    return (kind == WRITE_REGISTER || kind == WRITE_RECOVER) && (link->local != NULL || link_is_connected(link));
}

static void on_out_of_patience(uv_timer_t *timer)
{
    struct registration *registration = timer->data;
    unary_cancel(&registration->write_call);
}

static void end_current(struct registration *registration)
{
    if (may_register(registration)) {
        uv_timer_start(&registration->patience, on_out_of_patience, registration->client->options.default_timeout_ms,
                       0);
    } else {
        unary_cancel(&registration->write_call);
    }
}

void registration_stop(struct registration *registration)
{
    qvt_error error;
    qvt_error_set(&error, QVT_CANCELLED, NULL, "the client is being freed");
    registration->is_stopped = true;
    lease_end(&registration->lease);
    while (!list_is_empty(&registration->waiting)) {
        struct write *write = LIST_ENTRY(registration->waiting.next, struct write, node);
        list_remove(&write->node);
        write->on_done(write, &error);
    }
    if (registration->current != NULL) {
        end_current(registration);
    }
}

void registration_close(struct registration *registration)
{
    lease_close(&registration->lease);
    uv_close((uv_handle_t *)&registration->patience, NULL);
}

void registration_deinit(struct registration *registration)
{
    QVT_ASSERT(list_is_empty(&registration->waiting));
    silo_copy_free(registration->silo);
}
