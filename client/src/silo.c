#include "qvt/silo.h"

#include <string.h>

#include "base/check.h"
#include "client/src/client.h"
#include "client/src/options.h"

/* A write that an application thread waits for, on its stack. */
struct waiting_write {
    struct job job;
    struct write write;
    qvt_client *client;
    struct call_terms *terms;
    uv_sem_t done;
};

static void on_written(struct write *write, const qvt_error *error)
{
    struct waiting_write *waiting = LIST_ENTRY(write, struct waiting_write, write);
    *waiting->terms->error = *error;
    uv_sem_post(&waiting->done);
}

static void submit(struct job *job)
{
    struct waiting_write *waiting = LIST_ENTRY(job, struct waiting_write, job);
    registration_write(&waiting->client->registration, &waiting->write);
}

/* Blocks until the write is done; what the write still owns afterwards is freed. */
static qvt_status run(qvt_client *client, struct call_terms *terms, struct write write)
{
    struct waiting_write waiting = {.job.run = submit, .write = write, .client = client, .terms = terms};
    waiting.write.timeout_ms = terms->timeout_ms;
    waiting.write.fail_fast = terms->fail_fast;
    waiting.write.on_done = on_written;
    QVT_ASSERT(uv_sem_init(&waiting.done, 0) == 0);
    loop_post(&client->loop, &waiting.job);
    uv_sem_wait(&waiting.done);
    uv_sem_destroy(&waiting.done);
    silo_copy_free(waiting.write.silo);
    version_set_free(waiting.write.versions);
    return call_finish(client, terms);
}

static qvt_status fail_no_memory(qvt_client *client, struct call_terms *terms)
{
    qvt_error_set(terms->error, QVT_NO_MEMORY, NULL, "no memory for a copy of the silo");
    return call_finish(client, terms);
}

qvt_status qvt_client_register(qvt_client *client, const qvt_silo_options *silo, const qvt_call_options *call)
{
    struct call_terms terms;
    qvt_silo_options options = QVT_SILO_OPTIONS_INIT;
    struct write write = {.kind = WRITE_REGISTER};
    QVT_TRY(call_begin(client, &terms, call));
    if (options_read(&options, sizeof options, silo, "qvt_silo_options", terms.error) != QVT_OK) {
        return call_finish(client, &terms);
    }
    if (silo_copy_new(&write.silo, &options) != QVT_OK) {
        return fail_no_memory(client, &terms);
    }
    return run(client, &terms, write);
}

qvt_status qvt_client_set_versions(qvt_client *client, const qvt_actor_version *versions, size_t version_count,
                                   const qvt_call_options *call)
{
    struct call_terms terms;
    struct write write = {.kind = WRITE_VERSIONS};
    QVT_TRY(call_begin(client, &terms, call));
    if (version_set_new(&write.versions, versions, version_count) != QVT_OK) {
        return fail_no_memory(client, &terms);
    }
    return run(client, &terms, write);
}

qvt_status qvt_client_unregister(qvt_client *client, const qvt_call_options *call)
{
    struct call_terms terms;
    struct write write = {.kind = WRITE_UNREGISTER};
    QVT_TRY(call_begin(client, &terms, call));
    return run(client, &terms, write);
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
