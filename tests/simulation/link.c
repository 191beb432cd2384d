#include "tests/simulation/link.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "tests/simulation/world.h"

enum request_kind {
    REQUEST_LIST,
    REQUEST_LOAD,
    REQUEST_APPEND,
    REQUEST_HEAD,
    REQUEST_RESET,
    REQUEST_RENEW,
    REQUEST_LAPSED,
    REQUEST_TICK
};
enum request_stage { STAGE_AWAY, STAGE_BACK, STAGE_LOST };

enum { TICK_US = 1000000, POLL_US = 500000, TRIES_MAX = 6 };

/* A round trip. */
struct request {
    struct event event; /* first */
    struct list in_log;
    struct link *link;
    struct link_log *log; /* NULL: LIST */
    enum request_kind kind;
    enum request_stage stage;
    unsigned tries;
    bool unsent;       /* the connection was known to be gone */
    int64_t server_us; /* the server's clock less the timeline's, when it answered */
    union {
        store_on_list on_list;
        store_on_load on_load;
        store_on_append on_append;
        store_on_head on_head;
        store_on_renew on_renew;
        store_on_lapsed on_lapsed;
    };
    void *data;
    const struct store_append *append;
    struct server_answer answer;
    struct position head;
    char store_id[STORE_ID_LEN + 1u];
    struct image **records;
    size_t record_count;
    struct store_lease *leases;
    uint32_t remaining_ms[SERVER_LEASES];
    uint64_t lapsed[SERVER_LEASES];
    size_t count;
    size_t max;
    struct server_lease known[SERVER_LEASES];
};

struct link_log {
    struct store_log base; /* first */
    struct list in_link;
    struct link *link;
    struct list requests;
    struct position heard; /* up to where the replica was told */
    bool loaded;
    bool appending;
    struct event news;
    struct event tick;
    int64_t polled_us;
    int64_t turn_us;                           /* until then others have the turn, unless news come first */
    struct server_lease leases[SERVER_LEASES]; /* as last heard */
    size_t lease_count;
};

static struct link *link_of(const struct store_log *log)
{
    return ((const struct link_log *)(const void *)log)->link;
}

static struct server *server_of(const struct link *link)
{
    return &link->world->server;
}

static int64_t now(const struct link *link)
{
    return link->world->timeline.now_us;
}

/* ---- the replica's clock: the store's wall clock, as its last answer said ---- */

static int64_t wall_us(void *data)
{
    const struct link *link = data;
    return now(link) + link->offset_us;
}

static int64_t monotonic_us(void *data)
{
    const struct link *link = data;
    return now(link) + link->boot_us;
}

/* ---- what the server does ---- */

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);
    QVT_ASSERT(memory != NULL);
    return memory;
}

static void snapshot(struct request *request)
{
    const struct truth *truth = &server_of(request->link)->primary;
    request->head = truth->head;
    request->records = allocate(truth->record_count, sizeof(struct image *));
    for (size_t i = 0; i < truth->record_count; i++) {
        request->records[request->record_count++] = image_ref(truth->records[i]);
    }
    request->answer.missed_count = truth->history.count;
    request->answer.missed = allocate(truth->history.count, sizeof(struct change *));
    for (size_t i = 0; i < truth->history.count; i++) {
        request->answer.missed[i] = change_ref(history_at(&truth->history, truth->history.first_revision + i));
    }
}

static void serve(struct request *request)
{
    struct link *link = request->link;
    struct server *server = server_of(link);
    int64_t at_us = server_now_us(server, now(link));
    request->server_us = server->clock_us;
    switch (request->kind) {
    case REQUEST_LIST:
    case REQUEST_HEAD: request->head = server->primary.head; break;
    case REQUEST_RESET:
        server_reset(server, &request->head, request->store_id);
        request->head = server->primary.head;
        break;
    case REQUEST_LOAD: snapshot(request); break;
    case REQUEST_APPEND:
        server_append(server, request->append, link->replica, link->losses, at_us, now(link), &request->answer);
        break;
    case REQUEST_RENEW:
        for (size_t i = 0; i < request->count; i++) {
            request->remaining_ms[i] = server_renew(server, &request->leases[i], at_us, now(link));
        }
        break;
    case REQUEST_LAPSED: request->count = server_lapsed(server, at_us, request->lapsed, request->max); break;
    case REQUEST_TICK:
        server_tick(server, at_us);
        request->head = server->primary.head;
        request->count = server->primary.lease_count;
        memcpy(request->known, server->primary.leases, sizeof request->known);
        break;
    }
}

/* ---- what the replica is told ---- */

static void forget_answer(struct request *request)
{
    for (size_t i = 0; i < request->record_count; i++) {
        image_unref(request->records[i]);
    }
    for (size_t i = 0; i < request->answer.missed_count; i++) {
        change_unref(request->answer.missed[i]);
    }
    free(request->records);
    free(request->answer.missed);
    request->records = NULL;
    request->record_count = 0;
    request->answer = (struct server_answer){.missed = NULL};
}

static void free_request(struct request *request)
{
    timeline_remove(&request->link->world->timeline, &request->event);
    list_remove(&request->in_log);
    forget_answer(request);
    free(request->leases);
    free(request);
}

static void note_lease(struct link_log *log, const struct store_lease *lease, uint32_t remaining_ms)
{
    size_t i = 0;
    while (i < log->lease_count && log->leases[i].incarnation != lease->incarnation) {
        i++;
    }
    if (remaining_ms > 0 && i < SERVER_LEASES) {
        log->lease_count = i == log->lease_count ? i + 1 : log->lease_count;
        log->leases[i] =
            (struct server_lease){lease->incarnation, wall_us(log->link) + (int64_t)remaining_ms * 1000, lease->ttl_ms};
    }
}

static void tell_load(struct request *request, bool answered)
{
    struct link_log *log = request->log;
    if (!answered) {
        request->on_load(request->data, QVT_UNAVAILABLE, NULL, NULL);
        return;
    }
    struct store_snapshot snapshot = {request->head, request->records, request->record_count, request->answer.missed,
                                      request->answer.missed_count};
    log->heard = request->head;
    log->loaded = true;
    link_news(request->link);
    request->on_load(request->data, QVT_OK, &snapshot, NULL);
}

/* Where the replica stands after the answer. */
static void note_append(struct request *request)
{
    struct link_log *log = request->log;
    const struct store_append *append = request->append;
    if (request->answer.outcome == STORE_APPENDED) {
        log->heard = append->changes[append->change_count - 1]->position;
        log->link->losses = 0;
        for (size_t i = 0; i < append->grant_count; i++) {
            note_lease(log, &append->grants[i], append->grants[i].ttl_ms);
        }
    } else if (request->answer.outcome == STORE_CONFLICT) {
        log->link->losses++;
        if (request->answer.missed_count > 0) {
            log->heard = request->answer.missed[request->answer.missed_count - 1]->position;
            log->turn_us = monotonic_us(log->link) + request->answer.turn_left_us;
        }
    }
}

static void tell_append(struct request *request, bool answered)
{
    struct link *link = request->link;
    bool sent = request->stage != STAGE_AWAY && !request->unsent;
    qvt_error error;
    request->log->appending = false;
    if (!answered && !sent) {
        (void)qvt_error_set(&error, QVT_UNAVAILABLE, "STORE_UNAVAILABLE", "the store is out of reach");
        request->on_append(request->data, STORE_FAILED, NULL, 0, &error);
    } else if (!answered) {
        request->on_append(request->data, STORE_UNCERTAIN, NULL, 0, NULL);
    } else {
        bool own = request->answer.outcome == STORE_APPENDED;
        note_append(request);
        request->on_append(request->data, request->answer.outcome, own ? NULL : request->answer.missed,
                           own ? 0 : request->answer.missed_count, NULL);
    }
    if (!link->dead) {
        link_news(link);
    }
}

static void tell_renew(struct request *request, bool answered)
{
    for (size_t i = 0; answered && i < request->count; i++) {
        note_lease(request->log, &request->leases[i], request->remaining_ms[i]);
    }
    request->on_renew(request->data, answered ? QVT_OK : QVT_UNAVAILABLE, request->remaining_ms,
                      answered ? request->count : 0);
}

static void tell_tick(struct request *request, bool answered)
{
    struct link_log *log = request->log;
    if (answered) {
        memcpy(log->leases, request->known, sizeof log->leases);
        log->lease_count = request->count;
        if (!position_equal(&request->head, &log->heard)) {
            link_news(request->link);
        }
    }
}

static void tell(struct request *request, bool answered)
{
    static const char *const names[] = {"default"};
    switch (request->kind) {
    case REQUEST_LIST:
        request->on_list(request->data, answered ? QVT_OK : QVT_UNAVAILABLE, names,
                         answered && request->head.revision > 0 ? 1 : 0, NULL);
        break;
    case REQUEST_LOAD: tell_load(request, answered); break;
    case REQUEST_APPEND: tell_append(request, answered); break;
    case REQUEST_RESET:
    case REQUEST_HEAD: request->on_head(request->data, answered ? QVT_OK : QVT_UNAVAILABLE, &request->head); break;
    case REQUEST_RENEW: tell_renew(request, answered); break;
    case REQUEST_LAPSED:
        request->on_lapsed(request->data, answered ? QVT_OK : QVT_UNAVAILABLE, request->lapsed,
                           answered ? request->count : 0);
        break;
    case REQUEST_TICK: tell_tick(request, answered); break;
    }
}

/* It is off every list before the replica hears of it, which may close the log. */
static void end(struct request *request, bool answered)
{
    list_remove(&request->in_log);
    if (answered) {
        request->link->offset_us = request->server_us;
    }
    tell(request, answered);
    free_request(request);
}

/* ---- on the way ---- */

static void send_again(struct request *request, int64_t delay_us)
{
    forget_answer(request);
    request->stage = STAGE_AWAY;
    timeline_set(&request->link->world->timeline, &request->event, now(request->link) + delay_us);
}

static void lose(struct request *request)
{
    struct world *world = request->link->world;
    request->stage = STAGE_LOST;
    timeline_set(&world->timeline, &request->event, now(request->link) + dice_between(&world->dice, 1000, 400000));
}

static void arrive(struct request *request)
{
    struct world *world = request->link->world;
    if (request->link->cut || !world->server.up || world_loses(world)) {
        request->unsent = request->tries == 0 && request->link->cut && dice_mille(&world->dice, 500);
        lose(request);
        return;
    }
    serve(request);
    request->stage = STAGE_BACK;
    timeline_set(&world->timeline, &request->event, now(request->link) + world_delay_us(world, request->link->replica));
    if (world_loses(world)) {
        lose(request);
    }
}

/* The reply that was lost: an append is repeated with the same expected head, or left in doubt. */
static void give_up(struct request *request)
{
    struct world *world = request->link->world;
    if (request->kind == REQUEST_APPEND && !request->unsent && ++request->tries < TRIES_MAX &&
        dice_mille(&world->dice, 600)) {
        send_again(request, world_delay_us(world, request->link->replica));
        return;
    }
    end(request, false);
}

static void run_request(struct event *event)
{
    struct request *request = (struct request *)(void *)event;
    struct link *link = request->link;
    if (request->stage != STAGE_AWAY && link->stopped_us > now(link)) {
        timeline_set(&link->world->timeline, event, link->stopped_us);
    } else if (request->stage == STAGE_AWAY) {
        arrive(request);
    } else if (request->stage == STAGE_LOST) {
        give_up(request);
    } else if (link->cut) {
        lose(request);
    } else if (request->answer.out_of_turn) {
        send_again(request, dice_between(&link->world->dice, 1000, 5000));
    } else {
        end(request, true);
    }
}

static void drop_request(struct event *event)
{
    /* A request does not outlive its replica. */
    QVT_ASSERT(event == NULL);
}

static struct request *make_request(struct link *link, struct link_log *log, enum request_kind kind, void *data)
{
    struct request *request = allocate(1, sizeof *request);
    request->event = (struct event){.index = EVENT_NONE, .run = run_request, .drop = drop_request};
    request->link = link;
    request->log = log;
    request->kind = kind;
    request->data = data;
    list_init(&request->in_log);
    return request;
}

static void submit(struct request *request)
{
    struct link *link = request->link;
    if (link->dead) {
        end(request, false);
        return;
    }
    list_push_back(request->log != NULL ? &request->log->requests : &link->unrelated, &request->in_log);
    timeline_set(&link->world->timeline, &request->event, now(link) + world_delay_us(link->world, link->replica));
}

/* ---- news and ticks ---- */

static void hear(struct link_log *log)
{
    struct link *link = log->link;
    if (log->loaded && !log->appending && log->news.index == EVENT_NONE) {
        timeline_set(&link->world->timeline, &log->news, now(link) + world_delay_us(link->world, link->replica));
    }
}

void link_news(struct link *link)
{
    for (struct list *node = link->logs.next; node != &link->logs; node = node->next) {
        hear(LIST_ENTRY(node, struct link_log, in_link));
    }
}

/* What does not follow from what was told makes the replica load again. */
static size_t read_news(const struct link_log *log, struct change ***changes)
{
    const struct truth *truth = &server_of(log->link)->primary;
    size_t count = server_changes_after(server_of(log->link), &log->heard, changes);
    if (count == 0 && truth->history.count > 0 && !position_equal(&truth->head, &log->heard)) {
        free(*changes);
        *changes = allocate(1, sizeof(struct change *));
        (*changes)[0] = change_ref(history_at(&truth->history, truth->head.revision));
        count = 1;
    }
    return count;
}

static void tell_news(struct link_log *log)
{
    struct change **changes = NULL;
    size_t count = read_news(log, &changes);
    if (count > 0) {
        log->heard = changes[count - 1]->position;
        log->turn_us = 0;
        log->base.on_changes(log->base.on_changes_data, changes, count);
    }
    for (size_t i = 0; i < count; i++) {
        change_unref(changes[i]);
    }
    free(changes);
}

static void run_news(struct event *event)
{
    struct link_log *log = (struct link_log *)(void *)((char *)event - offsetof(struct link_log, news));
    struct link *link = log->link;
    if (log->appending || !log->loaded) {
        return;
    }
    if (link->stopped_us > now(link)) {
        timeline_set(&link->world->timeline, event, link->stopped_us);
    } else if (link->cut || !server_of(link)->up) {
        timeline_set(&link->world->timeline, event, now(link) + dice_between(&link->world->dice, 50000, 300000));
    } else {
        tell_news(log);
    }
}

static void run_tick(struct event *event)
{
    struct link_log *log = (struct link_log *)(void *)((char *)event - offsetof(struct link_log, tick));
    struct link *link = log->link;
    if (link->stopped_us > now(link)) {
        timeline_set(&link->world->timeline, event, link->stopped_us);
        return;
    }
    submit(make_request(link, log, REQUEST_TICK, NULL));
    timeline_set(&link->world->timeline, event, now(link) + TICK_US);
}

/* ---- the store's operations ---- */

static void close_store(struct store *base, void (*on_closed)(void *data), void *data)
{
    (void)base;
    on_closed(data);
}

static void list_clusters(struct store *base, store_on_list on_list, void *data)
{
    struct request *request = make_request((struct link *)(void *)base, NULL, REQUEST_LIST, data);
    request->on_list = on_list;
    submit(request);
}

static qvt_status open_log(struct store *base, const char *name, enum store_log_kind kind, struct store_log **out)
{
    struct link *link = (struct link *)(void *)base;
    struct link_log *log = allocate(1, sizeof *log);
    QVT_ASSERT(kind == STORE_LOG_CLUSTER && strcmp(name, "default") == 0);
    log->base.store = base;
    log->link = link;
    log->news = (struct event){.index = EVENT_NONE, .run = run_news};
    log->tick = (struct event){.index = EVENT_NONE, .run = run_tick};
    list_init(&log->requests);
    list_push_back(&link->logs, &log->in_link);
    timeline_set(&link->world->timeline, &log->tick, now(link) + TICK_US);
    *out = &log->base;
    return QVT_OK;
}

static void close_log(struct store_log *base)
{
    struct link_log *log = (struct link_log *)(void *)base;
    while (!list_is_empty(&log->requests)) {
        struct request *request = LIST_ENTRY(log->requests.next, struct request, in_log);
        QVT_ASSERT(request->kind == REQUEST_TICK || request->kind == REQUEST_LAPSED || request->kind == REQUEST_RENEW);
        free_request(request);
    }
    timeline_remove(&log->link->world->timeline, &log->news);
    timeline_remove(&log->link->world->timeline, &log->tick);
    list_remove(&log->in_link);
    free(log);
}

static void load(struct store_log *base, store_on_load on_load, void *data)
{
    struct request *request = make_request(link_of(base), (struct link_log *)(void *)base, REQUEST_LOAD, data);
    request->on_load = on_load;
    submit(request);
}

static void append(struct store_log *base, const struct store_append *append, store_on_append on_append, void *data)
{
    struct request *request = make_request(link_of(base), (struct link_log *)(void *)base, REQUEST_APPEND, data);
    QVT_ASSERT(!request->log->appending);
    request->log->appending = true;
    request->on_append = on_append;
    request->append = append;
    submit(request);
}

static void head(struct store_log *base, store_on_head on_head, void *data)
{
    struct request *request = make_request(link_of(base), (struct link_log *)(void *)base, REQUEST_HEAD, data);
    request->on_head = on_head;
    submit(request);
}

static void renew(struct store_log *base, const struct store_lease *leases, size_t count, store_on_renew on_renew,
                  void *data)
{
    struct request *request = make_request(link_of(base), (struct link_log *)(void *)base, REQUEST_RENEW, data);
    QVT_ASSERT(count <= SERVER_LEASES);
    request->on_renew = on_renew;
    request->leases = allocate(count, sizeof *leases);
    memcpy(request->leases, leases, count * sizeof *leases);
    request->count = count;
    submit(request);
}

static void drop(struct store_log *base, const uint64_t *incarnations, size_t count)
{
    (void)base;
    (void)incarnations;
    (void)count;
}

static void lapsed(struct store_log *base, size_t max, store_on_lapsed on_lapsed, void *data)
{
    struct request *request = make_request(link_of(base), (struct link_log *)(void *)base, REQUEST_LAPSED, data);
    request->on_lapsed = on_lapsed;
    request->max = max < SERVER_LEASES ? max : SERVER_LEASES;
    request->log->polled_us = monotonic_us(request->link);
    submit(request);
}

static int64_t next_lapse_us(const struct store_log *base)
{
    return ((const struct link_log *)(const void *)base)->polled_us + POLL_US;
}

static uint32_t lease_remaining_ms(const struct store_log *base, uint64_t incarnation)
{
    const struct link_log *log = (const struct link_log *)(const void *)base;
    int64_t now_us = wall_us(log->link);
    for (size_t i = 0; i < log->lease_count; i++) {
        if (log->leases[i].incarnation == incarnation && log->leases[i].end_us > now_us) {
            return (uint32_t)((log->leases[i].end_us - now_us + 999) / 1000);
        }
    }
    return 0;
}

static qvt_status publish(struct store_log *base, const char *replica, const char *key, qvt_slice value,
                          uint32_t ttl_ms)
{
    (void)base;
    (void)replica;
    (void)key;
    (void)value;
    (void)ttl_ms;
    return QVT_OK;
}

static void collect(struct store_log *base, const char *key, store_on_collect on_collect, void *data)
{
    (void)base;
    (void)key;
    on_collect(data, QVT_OK, NULL, 0);
}

static void reset(struct store_log *base, const struct position *seen, const char *store_id, store_on_head on_head,
                  void *data)
{
    struct request *request = make_request(link_of(base), (struct link_log *)(void *)base, REQUEST_RESET, data);
    request->on_head = on_head;
    request->head = *seen;
    memcpy(request->store_id, store_id, sizeof request->store_id);
    submit(request);
}

static int64_t turn_us(const struct store_log *base)
{
    return ((const struct link_log *)(const void *)base)->turn_us;
}

static const struct store_away_ops away_ops = {
    .reset = reset,
    .renew = renew,
    .drop = drop,
    .lapsed = lapsed,
    .next_lapse_us = next_lapse_us,
    .lease_remaining_ms = lease_remaining_ms,
    .publish = publish,
    .collect = collect,
    .turn_us = turn_us,
};

static const struct store_ops link_ops = {
    .close = close_store,
    .list = list_clusters,
    .open_log = open_log,
    .close_log = close_log,
    .load = load,
    .append = append,
    .head = head,
    .away = &away_ops,
};

void link_init(struct link *link, struct world *world, unsigned replica)
{
    *link = (struct link){.world = world, .replica = replica};
    link->clock = (struct clock){wall_us, monotonic_us, link};
    link->base = (struct store){.ops = &link_ops, .clock = &link->clock, .shared = true};
    link->boot_us = dice_between(&world->dice, INT64_C(1000000), INT64_C(1000000000));
    link->offset_us = world->server.clock_us + dice_between(&world->dice, -200000, 200000);
    list_init(&link->unrelated);
    list_init(&link->logs);
}

static void fail_first(struct list *requests)
{
    struct request *request = LIST_ENTRY(requests->next, struct request, in_log);
    timeline_remove(&request->link->world->timeline, &request->event);
    request->stage = STAGE_LOST;
    end(request, false);
}

void link_die(struct link *link)
{
    link->dead = true;
    while (!list_is_empty(&link->unrelated)) {
        fail_first(&link->unrelated);
    }
}

static struct link_log *first_waiting(const struct link *link)
{
    for (struct list *node = link->logs.next; node != &link->logs; node = node->next) {
        struct link_log *log = LIST_ENTRY(node, struct link_log, in_link);
        if (!list_is_empty(&log->requests)) {
            return log;
        }
    }
    return NULL;
}

void link_fail_all(struct link *link)
{
    for (struct link_log *log = first_waiting(link); log != NULL; log = first_waiting(link)) {
        fail_first(&log->requests);
    }
}
