#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "client/src/cache.h"
#include "client/src/client.h"

/* A find on its way to the loop, which makes a question of it. */
struct note {
    struct job job;
    struct cache *cache;
    uint32_t finds; /* that were answered here: the tracker counts its own */
    qvt_find_request request;
    char texts[];
};

/* Whether the snapshot is known to be at the position or after it. Older positions of another history only the tracker
 * can tell. */
static bool reaches(const struct snapshot *snapshot, const qvt_position *wanted)
{
    if (wanted == NULL || wanted->revision == 0) {
        return true;
    }
    const qvt_position *at = &snapshot->answer.position;
    return wanted->revision == at->revision && wanted->token == at->token &&
           strcmp(wanted->store_id, at->store_id) == 0;
}

static bool hold(struct reader *reader, const struct snapshot *snapshot, const struct snapshot_question *slot,
                 qvt_find_result **out)
{
    qvt_find_result *result = reader_free_hold(reader);
    if (result == NULL) {
        /* This thread holds many results: one more has memory of its own. */
        return result_new(out, found_ref(slot->found), &snapshot->answer) == QVT_OK;
    }
    result_hold(result, slot->found, &snapshot->answer);
    *out = result;
    return true;
}

bool cache_find_prepared(struct cache *cache, const qvt_find_request *request, qvt_find_result **out)
{
    bool is_answered = false;
    if (request->explain || request->linearizable || request->actor_type == NULL ||
        request->selector == QVT_SELECTOR_RAMP ||
        atomic_load_explicit(&cache->snapshot, memory_order_relaxed) == NULL) {
        return false;
    }
    struct reader *reader = reader_of_thread();
    if (reader == NULL) {
        return false;
    }
    const struct question_key key = question_key(request);
    reader_enter(reader);
    const struct snapshot *snapshot = atomic_load(&cache->snapshot);
    const struct snapshot_question *slot = snapshot_question(snapshot, &key);
    if (slot != NULL && slot->found != NULL && reaches(snapshot, request->min_position)) {
        is_answered = hold(reader, snapshot, slot, out);
        reader_count(reader, slot->question->counter);
        if (!atomic_load_explicit(&slot->question->is_asked, memory_order_relaxed)) {
            atomic_store_explicit(&slot->question->is_asked, true, memory_order_relaxed);
        }
    }
    reader_leave(reader);
    return is_answered;
}

/* The table of the type with one more reference, and what an answer from it speaks of. */
static struct type_table *borrow_table(struct cache *cache, const qvt_find_request *request, qvt_answer *answer)
{
    struct type_table *table = NULL;
    struct reader *reader = reader_of_thread();
    if (reader == NULL) {
        return NULL;
    }
    reader_enter(reader);
    const struct snapshot *snapshot = atomic_load(&cache->snapshot);
    if (snapshot != NULL && reaches(snapshot, request->min_position)) {
        table = snapshot_type(snapshot, request->actor_type);
        if (table != NULL) {
            type_table_ref(table);
            *answer = snapshot->answer;
        }
    }
    reader_leave(reader);
    return table;
}

static void on_note(struct job *job)
{
    struct note *note = LIST_ENTRY(job, struct note, job);
    cache_note(note->cache, &note->request, note->finds);
    free(note);
}

static const char *append(char **texts, const char *text)
{
    if (text == NULL) {
        return NULL;
    }
    size_t size = strlen(text) + 1;
    const char *copy = memcpy(*texts, text, size);
    *texts += size;
    return copy;
}

/* Without memory: another find will tell. */
static void tell_loop(struct cache *cache, const qvt_find_request *request, uint32_t finds)
{
    size_t size = strlen(request->actor_type) + 1;
    size += request->version == NULL ? 0 : strlen(request->version) + 1;
    size += request->range == NULL ? 0 : strlen(request->range) + 1;
    struct note *note = malloc(sizeof *note + size);
    if (note == NULL) {
        return;
    }
    char *texts = note->texts;
    *note = (struct note){.job.run = on_note, .cache = cache, .finds = finds, .request = *request};
    note->request.actor_type = append(&texts, request->actor_type);
    note->request.version = append(&texts, request->version);
    note->request.range = append(&texts, request->range);
    note->request.actor_id = NULL;
    note->request.min_position = NULL;
    loop_post(&cache->client->loop, &note->job);
}

bool cache_find(struct cache *cache, const qvt_find_request *request, qvt_find_result **out, qvt_error *error)
{
    struct found *found;
    qvt_answer answer;
    if (!cache->is_on || request->linearizable || request->actor_type == NULL || request->actor_type[0] == '\0') {
        return false;
    }
    struct type_table *table = borrow_table(cache, request, &answer);
    if (table == NULL) {
        tell_loop(cache, request, 0);
        return false;
    }
    qvt_status status = found_answer(&found, table, request, error);
    type_table_unref(table);
    if (status == QVT_OK) {
        tell_loop(cache, request, 1);
        status = result_new(out, found, &answer);
    }
    if (status == QVT_NO_MEMORY) {
        qvt_error_set(error, status, NULL, "no memory for the result");
    }
    return true;
}

struct silo_image *cache_silo(struct cache *cache, const char *silo_id, qvt_answer *answer)
{
    const struct silo_image *image = NULL;
    struct reader *reader = cache->is_on ? reader_of_thread() : NULL;
    if (reader == NULL) {
        return NULL;
    }
    reader_enter(reader);
    const struct snapshot *snapshot = atomic_load(&cache->snapshot);
    if (snapshot != NULL) {
        image = snapshot_silo(snapshot, silo_id);
        if (image != NULL) {
            silo_image_ref((struct silo_image *)(uintptr_t)image);
            *answer = snapshot->answer;
        }
    }
    reader_leave(reader);
    return (struct silo_image *)(uintptr_t)image;
}
