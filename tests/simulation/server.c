#include "tests/simulation/server.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* One write of the script, as the standby gets it. */
struct deed {
    struct list link;
    int64_t due_us; /* of the timeline */
    struct change **changes;
    size_t change_count;
    struct server_lease *leases; /* granted or renewed */
    size_t lease_count;
    uint64_t *ends;
    size_t end_count;
    uint64_t keep_from;
    bool grants;
};

/* ---- what one Redis has ---- */

static size_t find_record(const struct truth *truth, uint32_t kind, qvt_slice key)
{
    size_t i = 0;
    while (i < truth->record_count &&
           (image_kind(truth->records[i]) != kind || !qvt_slice_equal(image_key(truth->records[i]), key))) {
        i++;
    }
    return i;
}

static void remove_record(struct truth *truth, uint32_t kind, qvt_slice key)
{
    size_t i = find_record(truth, kind, key);
    if (i < truth->record_count) {
        image_unref(truth->records[i]);
        truth->records[i] = truth->records[--truth->record_count];
    }
}

static void put_record(struct truth *truth, struct image *image)
{
    image_ref(image);
    remove_record(truth, image_kind(image), image_key(image));
    QVT_ASSERT(truth->record_count < SERVER_RECORDS);
    truth->records[truth->record_count++] = image;
}

static struct server_lease *find_lease(struct truth *truth, uint64_t incarnation)
{
    for (size_t i = 0; i < truth->lease_count; i++) {
        if (truth->leases[i].incarnation == incarnation) {
            return &truth->leases[i];
        }
    }
    return NULL;
}

static void set_lease(struct truth *truth, const struct server_lease *lease, bool grant)
{
    struct server_lease *found = find_lease(truth, lease->incarnation);
    if (found == NULL && grant) {
        QVT_ASSERT(truth->lease_count < SERVER_LEASES);
        found = &truth->leases[truth->lease_count++];
    }
    if (found != NULL) {
        *found = *lease;
    }
}

static void end_lease(struct truth *truth, uint64_t incarnation)
{
    struct server_lease *found = find_lease(truth, incarnation);
    if (found != NULL) {
        *found = truth->leases[--truth->lease_count];
    }
}

static void make_change(struct truth *truth, struct change *change)
{
    for (size_t k = 0; k < change->put_count; k++) {
        put_record(truth, change->puts[k]);
    }
    for (size_t k = 0; k < change->delete_count; k++) {
        remove_record(truth, change->deletes[k].kind, change->deletes[k].key);
    }
    qvt_status status = history_reserve(&truth->history, 1);
    QVT_ASSERT(status == QVT_OK);
    history_push(&truth->history, change);
    truth->head = change->position;
}

/* witness: told of each change before it is made; NULL: nobody. */
static void do_deed(struct truth *truth, const struct deed *deed, const struct server *witness)
{
    for (size_t i = 0; i < deed->change_count; i++) {
        if (witness != NULL && !witness->on_append(witness->data, deed->changes[i])) {
            return;
        }
        make_change(truth, deed->changes[i]);
    }
    if (deed->change_count > 0) {
        history_drop_below(&truth->history, deed->keep_from);
    }
    for (size_t i = 0; i < deed->lease_count; i++) {
        set_lease(truth, &deed->leases[i], deed->grants);
    }
    for (size_t i = 0; i < deed->end_count; i++) {
        end_lease(truth, deed->ends[i]);
    }
}

static void clear_truth(struct truth *truth)
{
    for (size_t i = 0; i < truth->record_count; i++) {
        image_unref(truth->records[i]);
    }
    history_deinit(&truth->history);
    *truth = (struct truth){.record_count = 0};
}

/* ---- the standby ---- */

static void free_deed(struct deed *deed)
{
    for (size_t i = 0; i < deed->change_count; i++) {
        change_unref(deed->changes[i]);
    }
    free(deed->changes);
    free(deed->leases);
    free(deed->ends);
    free(deed);
}

static void catch_up(struct server *server, int64_t timeline_us)
{
    while (!list_is_empty(&server->behind)) {
        struct deed *deed = LIST_ENTRY(server->behind.next, struct deed, link);
        if (deed->due_us > timeline_us) {
            break;
        }
        do_deed(&server->standby, deed, NULL);
        list_remove(&deed->link);
        free_deed(deed);
    }
}

static void forget_behind(struct server *server)
{
    while (!list_is_empty(&server->behind)) {
        struct deed *deed = LIST_ENTRY(server->behind.next, struct deed, link);
        list_remove(&deed->link);
        free_deed(deed);
    }
}

static void write(struct server *server, struct deed *deed, int64_t timeline_us)
{
    do_deed(&server->primary, deed, server);
    deed->due_us = timeline_us + server->lag_us;
    list_push_back(&server->behind, &deed->link);
    catch_up(server, timeline_us);
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);
    QVT_ASSERT(memory != NULL);
    return memory;
}

/* ---- the script ---- */

void server_init(struct server *server)
{
    memset(server, 0, sizeof *server);
    list_init(&server->behind);
    server->up = true;
}

void server_deinit(struct server *server)
{
    forget_behind(server);
    clear_truth(&server->primary);
    clear_truth(&server->standby);
}

int64_t server_now_us(const struct server *server, int64_t timeline_us)
{
    return timeline_us + server->clock_us;
}

static int64_t longest_ttl_us(const struct truth *truth)
{
    uint32_t longest = 0;
    for (size_t i = 0; i < truth->lease_count; i++) {
        longest = truth->leases[i].ttl_ms > longest ? truth->leases[i].ttl_ms : longest;
    }
    return (int64_t)longest * 1000;
}

void server_tick(struct server *server, int64_t now_us)
{
    struct truth *truth = &server->primary;
    int64_t gap_us = now_us - truth->tick_us;
    if (truth->tick_us != 0 && (gap_us < 0 || gap_us > SERVER_TICK_GAP_US)) {
        truth->hold_until_us = now_us + longest_ttl_us(truth);
        for (size_t i = 0; i < truth->lease_count; i++) {
            struct server_lease *lease = &truth->leases[i];
            int64_t most_us = now_us + (int64_t)lease->ttl_ms * 1000;
            lease->end_us = lease->end_us > most_us ? most_us : lease->end_us;
        }
    }
    server->stepped = false;
    truth->tick_us = now_us;
    server->standby.tick_us = now_us;
    server->standby.hold_until_us = truth->hold_until_us;
}

size_t server_changes_after(const struct server *server, const struct position *position, struct change ***out)
{
    const struct truth *truth = &server->primary;
    const struct change *next = history_at(&truth->history, position->revision + 1);
    *out = NULL;
    if (next == NULL || next->previous_token != position->token ||
        (position->revision > 0 && strcmp(position->store_id, truth->head.store_id) != 0)) {
        return 0;
    }
    size_t count = (size_t)(truth->head.revision - position->revision);
    *out = allocate(count, sizeof(struct change *));
    for (size_t i = 0; i < count; i++) {
        (*out)[i] = change_ref(history_at(&truth->history, position->revision + 1 + i));
    }
    return count;
}

static bool is_anothers_turn(const struct server *server, unsigned replica, int64_t now_us)
{
    const struct server_turn *turn = &server->turn;
    return turn->losses > 0 && turn->replica != replica && now_us < turn->until_us;
}

static void note_loss(struct server *server, unsigned replica, unsigned losses, int64_t now_us)
{
    struct server_turn *turn = &server->turn;
    if (turn->losses == 0 || now_us >= turn->until_us || losses > turn->losses) {
        *turn = (struct server_turn){replica, losses, now_us + SERVER_TURN_US};
    }
}

static bool is_lapsed(struct truth *truth, const struct store_append *append, int64_t now_us)
{
    for (size_t i = 0; i < append->lapsed_count; i++) {
        const struct server_lease *lease = find_lease(truth, append->lapsed[i]);
        if (now_us < truth->hold_until_us || (lease != NULL && lease->end_us > now_us)) {
            return false;
        }
    }
    return true;
}

static struct deed *make_deed(const struct store_append *append, int64_t now_us)
{
    struct deed *deed = allocate(1, sizeof *deed);
    deed->changes = allocate(append->change_count, sizeof(struct change *));
    deed->leases = allocate(append->grant_count, sizeof *deed->leases);
    deed->ends = allocate(append->end_count, sizeof *deed->ends);
    for (size_t i = 0; i < append->change_count; i++) {
        deed->changes[deed->change_count++] = change_ref(append->changes[i]);
    }
    for (size_t i = 0; i < append->grant_count; i++) {
        const struct store_lease *lease = &append->grants[i];
        deed->leases[deed->lease_count++] =
            (struct server_lease){lease->incarnation, now_us + (int64_t)lease->ttl_ms * 1000, lease->ttl_ms};
    }
    for (size_t i = 0; i < append->end_count; i++) {
        deed->ends[deed->end_count++] = append->ends[i];
    }
    deed->keep_from = append->keep_from;
    deed->grants = true;
    return deed;
}

static bool is_own_retry(const struct store_append *append, const struct server_answer *answer)
{
    return answer->missed_count > 0 && answer->missed[0]->position.token == append->changes[0]->position.token;
}

static void refuse(struct server *server, const struct store_append *append, struct server_answer *answer)
{
    answer->outcome = STORE_CONFLICT;
    answer->missed_count = server_changes_after(server, append->expected, &answer->missed);
    if (is_own_retry(append, answer)) {
        answer->outcome = STORE_APPENDED;
    }
}

void server_append(struct server *server, const struct store_append *append, unsigned replica, unsigned losses,
                   int64_t now_us, int64_t timeline_us, struct server_answer *answer)
{
    *answer = (struct server_answer){.outcome = STORE_APPENDED};
    server_tick(server, now_us);
    if (!position_equal(append->expected, &server->primary.head)) {
        note_loss(server, replica, losses + 1, now_us);
        refuse(server, append, answer);
        answer->turn_left_us = is_anothers_turn(server, replica, now_us) ? server->turn.until_us - now_us : 0;
        return;
    }
    if (is_anothers_turn(server, replica, now_us)) {
        answer->outcome = STORE_CONFLICT;
        answer->out_of_turn = true;
        return;
    }
    if (!is_lapsed(&server->primary, append, now_us)) {
        answer->outcome = STORE_UNMET;
        return;
    }
    server->turn.losses = 0;
    write(server, make_deed(append, now_us), timeline_us);
    server->on_changed(server->data);
}

uint32_t server_renew(struct server *server, const struct store_lease *lease, int64_t now_us, int64_t timeline_us)
{
    if (find_lease(&server->primary, lease->incarnation) == NULL) {
        return 0;
    }
    struct deed *deed = allocate(1, sizeof *deed);
    deed->leases = allocate(1, sizeof *deed->leases);
    deed->leases[deed->lease_count++] =
        (struct server_lease){lease->incarnation, now_us + (int64_t)lease->ttl_ms * 1000, lease->ttl_ms};
    write(server, deed, timeline_us);
    return lease->ttl_ms;
}

size_t server_lapsed(struct server *server, int64_t now_us, uint64_t *out, size_t max)
{
    const struct truth *truth = &server->primary;
    size_t count = 0;
    for (size_t i = 0; i < truth->lease_count && now_us >= truth->hold_until_us && count < max; i++) {
        if (truth->leases[i].end_us <= now_us) {
            out[count++] = truth->leases[i].incarnation;
        }
    }
    return count;
}

void server_fail_over(struct server *server, int64_t timeline_us)
{
    catch_up(server, timeline_us);
    forget_behind(server);
    struct truth old = server->primary;
    server->primary = server->standby;
    server->standby = (struct truth){.head = server->primary.head};
    struct truth *copy = &server->standby;
    const struct truth *from = &server->primary;
    memcpy(copy, from, sizeof *copy);
    memset(&copy->history, 0, sizeof copy->history);
    for (size_t i = 0; i < copy->record_count; i++) {
        image_ref(copy->records[i]);
    }
    qvt_status status = history_reserve(&copy->history, from->history.count);
    QVT_ASSERT(status == QVT_OK);
    for (size_t i = 0; i < from->history.count; i++) {
        history_push(&copy->history, history_at(&from->history, from->history.first_revision + i));
    }
    clear_truth(&old);
    server->turn.losses = 0;
    server->on_changed(server->data);
}

void server_empty(struct server *server)
{
    forget_behind(server);
    clear_truth(&server->primary);
    clear_truth(&server->standby);
    server->turn.losses = 0;
    server->on_changed(server->data);
}

static void rename_history(struct truth *truth, const char *store_id)
{
    memcpy(truth->head.store_id, store_id, sizeof truth->head.store_id);
    history_deinit(&truth->history);
    memset(&truth->history, 0, sizeof truth->history);
}

void server_reset(struct server *server, const struct position *seen, const char *store_id)
{
    if (seen->revision == 0 || !position_equal(seen, &server->primary.head)) {
        return;
    }
    /* The standby has it at once: what it lacks is no part of this. */
    catch_up(server, INT64_MAX);
    rename_history(&server->primary, store_id);
    rename_history(&server->standby, store_id);
    server->on_reset(server->data);
    server->on_changed(server->data);
}

struct image *server_record(const struct server *server, uint32_t kind, qvt_slice key)
{
    size_t i = find_record(&server->primary, kind, key);
    return i < server->primary.record_count ? server->primary.records[i] : NULL;
}
