#include "tests/unit/server/replica/held_store.h"

#include <stdlib.h>

#include <CUnit/CUnit.h>

struct news {
    struct list link;
    struct change *change;
};

struct held_log {
    struct store_log base;
    struct held_store *held;
    struct store_log *inner;
    struct list news;
    const struct store_append *append;
    store_on_append on_append;
    void *data;
};

static struct held_log *as_held(struct store_log *log)
{
    return (struct held_log *)(void *)log;
}

static void on_changes(void *data, struct change *const *changes, size_t count)
{
    struct held_log *log = data;
    for (size_t i = 0; i < count; i++) {
        struct news *news = malloc(sizeof *news);
        CU_ASSERT_PTR_NOT_NULL_FATAL(news);
        news->change = change_ref(changes[i]);
        list_push_back(&log->news, &news->link);
    }
    while (!log->held->holding && held_store_tell(log->held)) {}
}

bool held_store_tell(struct held_store *held)
{
    struct held_log *log = held->log;
    if (list_is_empty(&log->news)) {
        return false;
    }
    struct news *news = LIST_ENTRY(log->news.next, struct news, link);
    list_remove(&news->link);
    log->base.on_changes(log->base.on_changes_data, &news->change, 1);
    change_unref(news->change);
    free(news);
    return true;
}

static void close_held(struct store *store, void (*on_closed)(void *data), void *data)
{
    (void)store;
    if (on_closed != NULL) {
        on_closed(data);
    }
}

static void list_inner(struct store *store, store_on_list on_list, void *data)
{
    store_list(((struct held_store *)(void *)store)->inner, on_list, data);
}

static qvt_status open_log(struct store *store, const char *name, enum store_log_kind kind, struct store_log **out)
{
    struct held_store *held = (struct held_store *)(void *)store;
    struct held_log *log = calloc(1, sizeof *log);
    CU_ASSERT_PTR_NOT_NULL_FATAL(log);
    CU_ASSERT_EQUAL(kind, STORE_LOG_CLUSTER);
    CU_ASSERT_EQUAL_FATAL(store_open_log(held->inner, name, on_changes, log, &log->inner), QVT_OK);
    list_init(&log->news);
    log->held = held;
    log->base.store = store;
    log->base.memory = log->inner->memory;
    held->log = log;
    *out = &log->base;
    return QVT_OK;
}

static void close_log(struct store_log *base)
{
    struct held_log *log = as_held(base);
    while (!list_is_empty(&log->news)) {
        struct news *news = LIST_ENTRY(log->news.next, struct news, link);
        list_remove(&news->link);
        change_unref(news->change);
        free(news);
    }
    store_close_log(log->inner);
    log->held->log = NULL;
    free(log);
}

static void load(struct store_log *base, store_on_load on_load, void *data)
{
    if (as_held(base)->held->loads_fail) {
        on_load(data, QVT_UNAVAILABLE, NULL, NULL);
    } else {
        store_load(as_held(base)->inner, on_load, data);
    }
}

static void append_held(struct store_log *base, const struct store_append *append, store_on_append on_append,
                        void *data)
{
    struct held_log *log = as_held(base);
    CU_ASSERT_PTR_NULL_FATAL(log->append);
    log->append = append;
    log->on_append = on_append;
    log->data = data;
    log->held->appends++;
    log->held->last_change_count = append->change_count;
    if (!log->held->holding) {
        held_store_release(log->held, HELD_PASS);
    }
}

bool held_store_waits(const struct held_store *held)
{
    return held->log != NULL && held->log->append != NULL;
}

static void ignore(void *data, enum store_append_outcome outcome, struct change *const *missed, size_t missed_count,
                   const qvt_error *error)
{
    (void)data;
    (void)missed;
    (void)missed_count;
    (void)outcome;
    (void)error;
}

void held_store_release(struct held_store *held, enum held_fate fate)
{
    struct held_log *log = held->log;
    const struct store_append *append = log->append;
    qvt_error error;
    log->append = NULL;
    switch (fate) {
    case HELD_PASS: store_append(log->inner, append, log->on_append, log->data); break;
    case HELD_FAIL_FULL:
        (void)qvt_error_set(&error, QVT_RESOURCE_EXHAUSTED, "STORE_FULL", "full");
        log->on_append(log->data, STORE_FAILED, NULL, 0, &error);
        break;
    case HELD_UNCERTAIN_DONE: store_append(log->inner, append, ignore, NULL); /* fallthrough */
    case HELD_UNCERTAIN_LOST: log->on_append(log->data, STORE_UNCERTAIN, NULL, 0, NULL); break;
    }
}

static void head(struct store_log *base, store_on_head on_head, void *data)
{
    static const struct position none = {.revision = 0};
    struct held_log *log = as_held(base);
    if (log->held->emptied) {
        on_head(data, QVT_OK, &none);
    } else {
        store_head(log->inner, on_head, data);
    }
}

static const struct store_ops held_ops = {
    .close = close_held,
    .list = list_inner,
    .open_log = open_log,
    .close_log = close_log,
    .load = load,
    .append = append_held,
    .head = head,
};

void held_store_init(struct held_store *held, struct store *inner)
{
    *held = (struct held_store){.inner = inner};
    held->base = (struct store){.ops = &held_ops, .clock = inner->clock};
}
