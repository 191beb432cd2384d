#include "tests/simulation/judge.h"

#include <inttypes.h>
#include <string.h>

#include "base/check.h"
#include "server/registry/silo_view.h"
#include "tests/simulation/world.h"

#define BROKEN(judge, ...) world_broken((judge)->world, __VA_ARGS__)

static struct chapter *find_chapter(struct judge *judge, const char *store_id)
{
    for (size_t i = 0; i < judge->chapter_count; i++) {
        if (strcmp(judge->chapters[i].store_id, store_id) == 0) {
            return &judge->chapters[i];
        }
    }
    return NULL;
}

static const struct lost_change *find_lost(const struct judge *judge, const struct position *position)
{
    for (size_t i = 0; i < judge->lost_count; i++) {
        if (position_equal(&judge->lost[i].position, position)) {
            return &judge->lost[i];
        }
    }
    return NULL;
}

void judge_init(struct judge *judge, struct world *world)
{
    memset(judge, 0, sizeof *judge);
    judge->world = world;
}

void judge_condition(struct judge *judge, const struct ask *ask)
{
    struct condition *condition = &judge->conditions[judge->condition_next++ % JUDGE_CONDITIONS];
    memcpy(condition->request_id, ask->request_id, sizeof condition->request_id);
    memcpy(condition->if_match, ask->if_match, sizeof condition->if_match);
}

/* ---- the log ---- */

static struct chapter *begin_chapter(struct judge *judge, const char *store_id)
{
    QVT_ASSERT(judge->chapter_count < JUDGE_STORES);
    struct chapter *chapter = &judge->chapters[judge->chapter_count++];
    memset(chapter, 0, sizeof *chapter);
    memcpy(chapter->store_id, store_id, sizeof chapter->store_id);
    return chapter;
}

void judge_reset(struct judge *judge)
{
    const struct position *head = &judge->world->server.primary.head;
    struct chapter *chapter = begin_chapter(judge, head->store_id);
    judge->epoch++;
    world_trace(judge->world, "store_id %.4s at revision %" PRIu64, head->store_id, head->revision);
    QVT_ASSERT(head->revision < JUDGE_LOG);
    chapter->head = head->revision;
    chapter->tokens[chapter->head] = head->token;
}

/* Rule: one revision after the other, each following the token before, in one store_id after the other. */
static void check_chain(struct judge *judge, const struct change *change)
{
    struct chapter *chapter = find_chapter(judge, change->position.store_id);
    if (chapter == NULL) {
        chapter = begin_chapter(judge, change->position.store_id);
        chapter->head = change->position.revision - 1;
    }
    if (change->position.revision != chapter->head + 1) {
        BROKEN(judge, "a change is appended at revision %" PRIu64 " after %" PRIu64, change->position.revision,
               chapter->head);
        return;
    }
    if (change->position.token == 0 || change->previous_token != chapter->tokens[chapter->head]) {
        BROKEN(judge, "revision %" PRIu64 " does not follow the token before it", change->position.revision);
    }
    QVT_ASSERT(change->position.revision < JUDGE_LOG);
    chapter->head = change->position.revision;
    chapter->tokens[chapter->head] = change->position.token;
}

/* Rule: a request_id that is in the kept history changes nothing. */
static void check_once(struct judge *judge, const struct change *change)
{
    const struct history *history = &judge->world->server.primary.history;
    if (change->request_id.len > 0 && history_by_request(history, change->request_id) != NULL) {
        BROKEN(judge, "request %.*s is applied a second time at revision %" PRIu64, (int)change->request_id.len,
               (const char *)change->request_id.data, change->position.revision);
    }
}

/* Rule: a write with if_match finds the record as its sender saw it. */
static void check_condition(struct judge *judge, const struct change *change)
{
    for (size_t i = 0; i < JUDGE_CONDITIONS && change->request_id.len > 0; i++) {
        const struct condition *condition = &judge->conditions[i];
        if (!qvt_slice_equal(qvt_slice_text(condition->request_id), change->request_id)) {
            continue;
        }
        uint32_t kind = change->put_count > 0 ? image_kind(change->puts[0]) : change->deletes[0].kind;
        qvt_slice key = change->put_count > 0 ? image_key(change->puts[0]) : change->deletes[0].key;
        char etag[POSITION_TEXT_MAX] = "";
        world_etag(judge->world, server_record(&judge->world->server, kind, key), etag);
        if (strcmp(etag, condition->if_match) != 0) {
            BROKEN(judge, "a write with if_match %s was made over %s", condition->if_match, etag);
        }
    }
}

/* Rule: no incarnation expires whose renewal was confirmed, within its lease. */
static void check_expired(struct judge *judge, const struct registry_silo *silo)
{
    int64_t now_us = judge->world->timeline.now_us;
    judge->expired++;
    for (size_t i = 0; i < judge->confirmed_count; i++) {
        const struct confirmed *confirmed = &judge->confirmed[i];
        if (confirmed->incarnation == silo->incarnation && now_us < confirmed->until_us) {
            BROKEN(judge, "silo %.*s is expired %" PRId64 " ms before its confirmed lease is over", (int)silo->id.len,
                   (const char *)silo->id.data, (confirmed->until_us - now_us) / 1000);
        }
    }
}

/* Rules: an incarnation's status only moves forward and DEAD is final; a higher incarnation supersedes for ever. */
static void check_silo(struct judge *judge, const struct change *change, struct image *image)
{
    struct registry_silo silo;
    struct registry_silo old;
    struct image *before = server_record(&judge->world->server, RECORD_SILO, image_key(image));
    qvt_status status = silo_view_parse(&silo, image);
    QVT_ASSERT(status == QVT_OK);
    world_trace(judge->world, "  %.*s incarnation %" PRIu64 " status %d", (int)silo.id.len, (const char *)silo.id.data,
                silo.incarnation, silo.status);
    if (change->event == CHANGE_SILO_EXPIRED) {
        check_expired(judge, &silo);
    }
    if (before == NULL) {
        return;
    }
    status = silo_view_parse(&old, before);
    QVT_ASSERT(status == QVT_OK);
    if (silo.incarnation < old.incarnation || (silo.incarnation == old.incarnation && silo.status < old.status)) {
        BROKEN(judge, "silo %.*s goes back: incarnation %" PRIu64 " status %d to %" PRIu64 " status %d",
               (int)silo.id.len, (const char *)silo.id.data, old.incarnation, old.status, silo.incarnation,
               silo.status);
    }
    bool same = qvt_slice_equal(silo.instance_id, old.instance_id);
    if (silo.incarnation == old.incarnation && silo.instance_id.len > 0 && old.instance_id.len > 0 && !same) {
        BROKEN(judge, "two instances of silo %.*s have incarnation %" PRIu64, (int)silo.id.len,
               (const char *)silo.id.data, silo.incarnation);
    }
}

void judge_append(struct judge *judge, const struct change *change)
{
    judge->changes++;
    judge->appended_us = judge->world->timeline.now_us;
    world_trace(judge->world, "revision %" PRIu64 " event %u request %.*s", change->position.revision, change->event,
                (int)change->request_id.len, (const char *)change->request_id.data);
    check_chain(judge, change);
    check_once(judge, change);
    check_condition(judge, change);
    for (size_t i = 0; i < change->put_count; i++) {
        if (image_kind(change->puts[i]) == RECORD_SILO) {
            check_silo(judge, change, change->puts[i]);
        }
    }
}

/* ---- what is shown ---- */

static bool is_in_log(struct judge *judge, const struct position *position)
{
    const struct chapter *chapter = find_chapter(judge, position->store_id);
    return chapter != NULL && position->revision <= chapter->head &&
           chapter->tokens[position->revision] == position->token;
}

void judge_shown(struct judge *judge, const char *who, const struct position *position)
{
    if (position->revision > 0 && !is_in_log(judge, position) && find_lost(judge, position) == NULL) {
        BROKEN(judge, "%s shows revision %" PRIu64 " of %.4s with a token that the log never had", who,
               position->revision, position->store_id);
    }
}

void judge_mirror(struct judge *judge, const struct host *host, const struct position *before,
                  const struct position *after)
{
    if (before->revision > 0 && strcmp(before->store_id, after->store_id) == 0 && after->revision < before->revision) {
        BROKEN(judge, "%s goes back from revision %" PRIu64 " to %" PRIu64 " of one store_id", host->name,
               before->revision, after->revision);
    }
    judge_shown(judge, host->name, after);
}

/* ---- what clients are told ---- */

void witness_init(struct witness *witness, struct world *world, const struct ask *ask)
{
    bool policy = ask->kind == ASK_SET_POLICY || ask->kind == ASK_DELETE_POLICY || ask->kind == ASK_GET_POLICY;
    struct image *record =
        server_record(&world->server, policy ? RECORD_POLICY : RECORD_SILO, qvt_slice_text(ask->key));
    witness->head = world->server.primary.head;
    witness->record = record == NULL ? NULL : image_ref(record);
    witness->epoch = world->judge.epoch;
}

void witness_deinit(struct witness *witness)
{
    image_unref(witness->record);
}

static void confirm(struct judge *judge, uint64_t incarnation, int64_t until_us)
{
    size_t i = 0;
    while (i < judge->confirmed_count && judge->confirmed[i].incarnation != incarnation) {
        i++;
    }
    if (i == judge->confirmed_count) {
        QVT_ASSERT(i < JUDGE_LEASES);
        judge->confirmed[judge->confirmed_count++] = (struct confirmed){incarnation, until_us};
    } else if (judge->confirmed[i].until_us < until_us) {
        judge->confirmed[i].until_us = until_us;
    }
}

/* Whether the record was the same from when the call was sent until now. */
static bool is_untouched(const struct judge *judge, const struct witness *witness)
{
    const struct server *server = &judge->world->server;
    if (witness->epoch != judge->epoch) {
        return false;
    }
    if (witness->record == NULL) {
        return position_equal(&witness->head, &server->primary.head);
    }
    return server_record(server, image_kind(witness->record), image_key(witness->record)) == witness->record;
}

/* Rule: a refusal is an answer about a head of the time of the call. */
static void check_silo_refusal(struct judge *judge, const struct ask *ask, const struct reply *reply,
                               const struct registry_silo *silo)
{
    bool dead = silo->status == PLACEMENT_DEAD;
    bool same_instance = qvt_slice_equal(silo->instance_id, qvt_slice_make(ask->instance, sizeof ask->instance));
    uint64_t mine = ask->kind == ASK_REGISTER ? ask->held : ask->incarnation;
    if (strcmp(reply->reason, "SILO_NOT_FOUND") == 0) {
        BROKEN(judge, "%s is refused as unknown, and was there all the time", ask->key);
    } else if (strcmp(reply->reason, "LEASE_EXPIRED") == 0 && !dead && (mine == 0 || mine == silo->incarnation)) {
        BROKEN(judge, "%s is told that its lease expired, and was alive all the time", ask->key);
    } else if (strcmp(reply->reason, "SUPERSEDED") == 0 &&
               (mine >= silo->incarnation || (ask->kind == ASK_REGISTER && same_instance))) {
        BROKEN(judge, "%s is told that it was superseded, and was not", ask->key);
    }
}

static void check_refusal(struct judge *judge, const struct ask *ask, const struct reply *reply,
                          const struct witness *witness)
{
    char etag[POSITION_TEXT_MAX] = "";
    judge->refused++;
    if (strcmp(reply->reason, "HISTORY_LOST") == 0 && judge->epoch == 0) {
        BROKEN(judge, "min_position %" PRIu64 " is called lost, and is in the log", ask->min_position.revision);
    }
    if (!is_untouched(judge, witness)) {
        return;
    }
    world_etag(judge->world, witness->record, etag);
    if (strcmp(reply->reason, "ETAG_MISMATCH") == 0 && strcmp(etag, ask->if_match) == 0) {
        BROKEN(judge, "if_match %s of %s is refused, and was right all the time", ask->if_match, ask->key);
    }
    struct registry_silo silo;
    if (witness->record != NULL && image_kind(witness->record) == RECORD_SILO &&
        silo_view_parse(&silo, witness->record) == QVT_OK && (ask_is_write(ask) || ask->kind == ASK_HEARTBEAT)) {
        check_silo_refusal(judge, ask, reply, &silo);
    }
}

static bool is_own_change(const struct judge *judge, const struct ask *ask, const struct position *position)
{
    const struct history *history = &judge->world->server.primary.history;
    const struct change *change = history_at(history, position->revision);
    return ask->request_id[0] != '\0' && change != NULL && change->position.token == position->token &&
           qvt_slice_equal(change->request_id, qvt_slice_text(ask->request_id));
}

/* Rules: an acknowledged write is in the log; that nothing was to be changed is an answer about a head of that time. */
static void check_write(struct judge *judge, const struct ask *ask, const struct reply *reply,
                        const struct witness *witness)
{
    struct lost_change *lost = (struct lost_change *)(uintptr_t)find_lost(judge, &reply->position);
    judge->acknowledged++;
    judge_shown(judge, ask->key, &reply->position);
    if (lost != NULL) {
        lost->acknowledged = true;
    }
    bool comparable = witness->epoch == judge->epoch && witness->head.revision > 0 &&
                      strcmp(witness->head.store_id, reply->position.store_id) == 0;
    if (comparable && reply->position.revision < witness->head.revision &&
        !is_own_change(judge, ask, &reply->position)) {
        BROKEN(judge, "a write of %s is answered from revision %" PRIu64 ", and %" PRIu64 " was there before it came",
               ask->key, reply->position.revision, witness->head.revision);
    }
}

/* Rules: a read is not older than its min_position; a linearizable one than what was there when it was sent. */
static void check_read(struct judge *judge, const struct ask *ask, const struct reply *reply,
                       const struct witness *witness)
{
    const struct position *least = &ask->min_position;
    judge->reads++;
    judge_shown(judge, ask->key, &reply->position);
    if (strcmp(least->store_id, reply->position.store_id) == 0 && reply->position.revision < least->revision) {
        BROKEN(judge, "a read of %s is older than its min_position", ask->key);
    }
    bool comparable = ask->linearizable && witness->epoch == judge->epoch && !reply->stale;
    if (comparable && witness->head.revision > 0 &&
        (strcmp(witness->head.store_id, reply->position.store_id) != 0 ||
         reply->position.revision < witness->head.revision)) {
        BROKEN(judge, "a linearizable read of %s shows revision %" PRIu64 ", and %" PRIu64 " was there before",
               ask->key, reply->position.revision, witness->head.revision);
    }
    char etag[POSITION_TEXT_MAX] = "";
    /* Until a loss is noticed, reads show what was lost. */
    if (witness->record != NULL && is_untouched(judge, witness) && find_lost(judge, &reply->position) == NULL &&
        reply->position.revision >= image_origin(witness->record).revision) {
        world_etag(judge->world, witness->record, etag);
        if (strcmp(etag, reply->etag) != 0) {
            BROKEN(judge, "a read of %s at revision %" PRIu64 " shows %s instead of %s", ask->key,
                   reply->position.revision, reply->etag, etag);
        }
    }
}

void judge_reply(struct judge *judge, const struct ask *ask, const struct reply *reply, const struct witness *witness)
{
    if (reply->status == QVT_DEADLINE_EXCEEDED || reply->status == QVT_UNAVAILABLE) {
        judge->uncertain++;
    } else if (reply->status != QVT_OK) {
        check_refusal(judge, ask, reply, witness);
    } else if (ask->kind == ASK_HEARTBEAT) {
        judge_shown(judge, ask->key, &reply->position);
        /* A fail-over loses renewals too. */
        if (witness->epoch == judge->epoch) {
            confirm(judge, reply->incarnation, reply->sent_us + (int64_t)reply->remaining_ms * 1000);
        }
    } else if (ask_is_write(ask)) {
        check_write(judge, ask, reply, witness);
    } else {
        check_read(judge, ask, reply, witness);
    }
}

/* ---- fail-over ---- */

static unsigned mirrors_at(const struct judge *judge, const struct position *position, uint64_t *boots)
{
    unsigned mask = 0;
    for (unsigned i = 0; i < judge->world->host_count; i++) {
        const struct host *host = &judge->world->hosts[i];
        bool has = host->up && strcmp(host->head.store_id, position->store_id) == 0 &&
                   host->head.revision >= position->revision;
        mask |= has ? 1u << i : 0u;
        boots[i] = host->boot;
    }
    return mask;
}

void judge_data_changed(struct judge *judge)
{
    const struct position *head = &judge->world->server.primary.head;
    judge->epoch++;
    judge->confirmed_count = 0;
    struct chapter *chapter = judge->chapter_count == 0 ? NULL : &judge->chapters[judge->chapter_count - 1];
    if (chapter == NULL) {
        return;
    }
    uint64_t kept = strcmp(chapter->store_id, head->store_id) == 0 ? head->revision : 0;
    while (chapter->head > kept && judge->lost_count < JUDGE_LOST) {
        struct lost_change *lost = &judge->lost[judge->lost_count++];
        *lost = (struct lost_change){.position = {.revision = chapter->head, .token = chapter->tokens[chapter->head]}};
        memcpy(lost->position.store_id, chapter->store_id, sizeof lost->position.store_id);
        lost->seen_by = mirrors_at(judge, &lost->position, lost->boots);
        chapter->tokens[chapter->head--] = 0;
    }
}

static bool has_survivor(const struct judge *judge, const struct lost_change *lost)
{
    for (unsigned i = 0; i < judge->world->host_count; i++) {
        if ((lost->seen_by >> i & 1u) != 0 && judge->world->hosts[i].boot == lost->boots[i]) {
            return true;
        }
    }
    return false;
}

/* Rule: what a fail-over lost, and somebody had seen, belongs to a store_id that is closed; unless an append that was
 * repeated made the same change again. */
void judge_end(struct judge *judge)
{
    const struct position *head = &judge->world->server.primary.head;
    for (size_t i = 0; i < judge->lost_count; i++) {
        const struct lost_change *lost = &judge->lost[i];
        bool open = strcmp(lost->position.store_id, head->store_id) == 0;
        if (open && !is_in_log(judge, &lost->position) && has_survivor(judge, lost)) {
            BROKEN(judge, "revision %" PRIu64 " was lost, and its store_id goes on", lost->position.revision);
        }
    }
}
