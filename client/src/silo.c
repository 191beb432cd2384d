#include "qvt/silo.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "client/src/client.h"
#include "client/src/options.h"
#include "client/src/wait.h"

/* A write under way. */
struct asked_write {
    struct job job;
    struct write write;
    qvt_client *client;
    qvt_silo_done *on_done;
    void *data;
};

static void on_written(struct write *write, const qvt_error *error)
{
    struct asked_write *asked = LIST_ENTRY(write, struct asked_write, write);
    client_note_error(asked->client, error);
    silo_copy_free(write->silo);
    version_set_free(write->versions);
    asked->on_done(asked->data, error);
    free(asked);
}

static void on_submit(struct job *job)
{
    struct asked_write *asked = LIST_ENTRY(job, struct asked_write, job);
    if (asked->client->is_leaving) {
        qvt_error error;
        qvt_error_set(&error, QVT_CANCELLED, NULL, "the client is being freed");
        on_written(&asked->write, &error);
        return;
    }
    registration_write(&asked->client->registration, &asked->write);
}

/* Takes over what the write owns, also when it fails. NO_MEMORY, in the terms. */
static qvt_status submit(qvt_client *client, struct call_terms *terms, struct write write, qvt_silo_done *on_done,
                         void *data)
{
    struct asked_write *asked = malloc(sizeof *asked);
    if (asked == NULL) {
        silo_copy_free(write.silo);
        version_set_free(write.versions);
        return qvt_error_set(terms->error, QVT_NO_MEMORY, NULL, "no memory for the request");
    }
    *asked = (struct asked_write){.job.run = on_submit, .write = write, client, on_done, data};
    asked->write.timeout_ms = terms->timeout_ms;
    asked->write.fail_fast = terms->fail_fast;
    asked->write.on_done = on_written;
    loop_post(&client->loop, &asked->job);
    return QVT_OK;
}

static void on_waited(void *data, const qvt_error *error)
{
    wait_end(data, error, NULL);
}

static qvt_status submit_and_wait(qvt_client *client, struct call_terms *terms, struct write write)
{
    struct wait wait;
    wait_begin(&wait, terms);
    if (submit(client, terms, write, on_waited, &wait) != QVT_OK) {
        wait_abandon(&wait);
        return call_finish(client, terms);
    }
    return wait_for_end(&wait);
}

static qvt_status read_silo(struct write *out, const qvt_silo_options *silo, struct call_terms *terms)
{
    qvt_silo_options options = QVT_SILO_OPTIONS_INIT;
    *out = (struct write){.kind = WRITE_REGISTER};
    QVT_TRY(options_read(&options, sizeof options, silo, "qvt_silo_options", terms->error));
    if (silo_copy_new(&out->silo, &options) != QVT_OK) {
        return qvt_error_set(terms->error, QVT_NO_MEMORY, NULL, "no memory for a copy of the silo");
    }
    return QVT_OK;
}

static qvt_status read_versions(struct write *out, const qvt_actor_version *versions, size_t count,
                                struct call_terms *terms)
{
    *out = (struct write){.kind = WRITE_VERSIONS};
    if (version_set_new(&out->versions, versions, count) != QVT_OK) {
        return qvt_error_set(terms->error, QVT_NO_MEMORY, NULL, "no memory for a copy of the versions");
    }
    return QVT_OK;
}

qvt_status qvt_client_register(qvt_client *client, const qvt_silo_options *silo, const qvt_call_options *call)
{
    struct call_terms terms;
    struct write write;
    QVT_TRY(call_begin(client, &terms, call));
    return read_silo(&write, silo, &terms) == QVT_OK ? submit_and_wait(client, &terms, write)
                                                     : call_finish(client, &terms);
}

qvt_status qvt_client_register_async(qvt_client *client, const qvt_silo_options *silo, const qvt_call_options *call,
                                     qvt_silo_done *on_done, void *data)
{
    struct call_terms terms;
    struct write write;
    QVT_TRY(call_begin_async(client, &terms, call));
    if (read_silo(&write, silo, &terms) == QVT_OK) {
        (void)!submit(client, &terms, write, on_done, data);
    }
    return call_finish(client, &terms);
}

qvt_status qvt_client_set_versions(qvt_client *client, const qvt_actor_version *versions, size_t version_count,
                                   const qvt_call_options *call)
{
    struct call_terms terms;
    struct write write;
    QVT_TRY(call_begin(client, &terms, call));
    return read_versions(&write, versions, version_count, &terms) == QVT_OK ? submit_and_wait(client, &terms, write)
                                                                            : call_finish(client, &terms);
}

qvt_status qvt_client_set_versions_async(qvt_client *client, const qvt_actor_version *versions, size_t version_count,
                                         const qvt_call_options *call, qvt_silo_done *on_done, void *data)
{
    struct call_terms terms;
    struct write write;
    QVT_TRY(call_begin_async(client, &terms, call));
    if (read_versions(&write, versions, version_count, &terms) == QVT_OK) {
        (void)!submit(client, &terms, write, on_done, data);
    }
    return call_finish(client, &terms);
}

qvt_status qvt_client_unregister(qvt_client *client, const qvt_call_options *call)
{
    struct call_terms terms;
    struct write write = {.kind = WRITE_UNREGISTER};
    QVT_TRY(call_begin(client, &terms, call));
    return submit_and_wait(client, &terms, write);
}

qvt_status qvt_client_unregister_async(qvt_client *client, const qvt_call_options *call, qvt_silo_done *on_done,
                                       void *data)
{
    struct call_terms terms;
    struct write write = {.kind = WRITE_UNREGISTER};
    QVT_TRY(call_begin_async(client, &terms, call));
    (void)!submit(client, &terms, write, on_done, data);
    return call_finish(client, &terms);
}

static qvt_status read_phase(struct write *out, qvt_phase phase, struct call_terms *terms)
{
    *out = (struct write){.kind = WRITE_PHASE, .phase = phase};
    if (phase == QVT_PHASE_ACTIVE || phase == QVT_PHASE_DRAINING || phase == QVT_PHASE_SHUTTING_DOWN) {
        return QVT_OK;
    }
    return qvt_error_field(terms->error, "phase", "phase %d: a silo enters ACTIVE, DRAINING or SHUTTING_DOWN",
                           (int)phase);
}

qvt_status qvt_client_enter_phase(qvt_client *client, qvt_phase phase, const qvt_call_options *call)
{
    struct call_terms terms;
    struct write write;
    QVT_TRY(call_begin(client, &terms, call));
    return read_phase(&write, phase, &terms) == QVT_OK ? submit_and_wait(client, &terms, write)
                                                       : call_finish(client, &terms);
}

qvt_status qvt_client_enter_phase_async(qvt_client *client, qvt_phase phase, const qvt_call_options *call,
                                        qvt_silo_done *on_done, void *data)
{
    struct call_terms terms;
    struct write write;
    QVT_TRY(call_begin_async(client, &terms, call));
    if (read_phase(&write, phase, &terms) == QVT_OK) {
        (void)!submit(client, &terms, write, on_done, data);
    }
    return call_finish(client, &terms);
}

void qvt_client_set_activity(qvt_client *client, qvt_activity *activity)
{
    atomic_store(&client->activity, activity);
}

void qvt_client_set_health(qvt_client *client, const qvt_health *health)
{
    facts_set_health(&client->facts, health);
}

qvt_status qvt_client_local_version(char *out, size_t size, const qvt_client *client, const char *actor_type)
{
    return facts_local_version(facts_of(client), actor_type, out, size);
}

qvt_status qvt_client_read_registration(const qvt_client *client, qvt_registration *out)
{
    qvt_registration known;
    facts_read(facts_of(client), &known);
    uint32_t size = out->size;
    if (size < sizeof size || size > sizeof known) {
        return QVT_INVALID_ARGUMENT;
    }
    known.size = size;
    memcpy(out, &known, size);
    return QVT_OK;
}
