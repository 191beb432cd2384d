/* The names of clusters: a set of its own, filled before a cluster is created. */
#include <stdlib.h>

#include "server/store/redis/base.h"

struct redis_list {
    struct list link; /* in store->lists while it waits for the connection */
    struct redis_store *store;
    store_on_list on_list;
    void *data;
};

static void fail(struct redis_list *list, qvt_status status, const char *why)
{
    qvt_error error;
    (void)qvt_error_set(&error, status, status == QVT_UNAVAILABLE ? "STORE_UNAVAILABLE" : NULL, "Redis: %s", why);
    list->on_list(list->data, status, NULL, 0, &error);
    free(list);
}

static void finish(struct redis_list *list, const redisReply *reply)
{
    size_t count = reply->elements;
    const char **names = malloc((count + 1) * sizeof(char *));
    if (names == NULL) {
        fail(list, QVT_NO_MEMORY, "out of memory");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = reply->element[i]->str == NULL ? "" : reply->element[i]->str;
    }
    list->on_list(list->data, QVT_OK, names, count, NULL);
    free(names);
    free(list);
}

static void on_names(void *data, const redisReply *reply)
{
    struct redis_list *list = data;
    if (reply != NULL && reply->type == REDIS_REPLY_ARRAY) {
        finish(list, reply);
        return;
    }
    if (reply != NULL && reply->type == REDIS_REPLY_ERROR) {
        redis_conn_note_error(list->store->conn, reply->str);
        fail(list, QVT_UNAVAILABLE, reply->str);
        return;
    }
    fail(list, QVT_UNAVAILABLE, "the connection was lost");
}

static void start(struct redis_list *list)
{
    struct redis_command nothing = {.count = 0};
    struct redis_command command = {.count = 0};
    redis_command_text(&command, "SMEMBERS");
    redis_command_text(&command, REDIS_CLUSTERS_KEY);
    qvt_status status = redis_conn_send(list->store->conn, &nothing, &command, 0, on_names, list);
    redis_command_deinit(&command);
    if (status != QVT_OK) {
        fail(list, status, "it is out of reach");
    }
}

void redis_list(struct store *base, store_on_list on_list, void *data)
{
    struct redis_store *store = redis_store_of(base);
    struct redis_list *list = calloc(1, sizeof *list);
    if (list == NULL) {
        on_list(data, QVT_NO_MEMORY, NULL, 0, NULL);
        return;
    }
    *list = (struct redis_list){.store = store, .on_list = on_list, .data = data};
    list_init(&list->link);
    if (redis_conn_is_up(store->conn)) {
        start(list);
    } else {
        list_push_back(&store->lists, &list->link);
    }
}

static struct redis_list *take_first(struct redis_store *store)
{
    struct redis_list *list = LIST_ENTRY(store->lists.next, struct redis_list, link);
    list_remove(&list->link);
    return list;
}

void redis_list_waiting(struct redis_store *store)
{
    while (!list_is_empty(&store->lists)) {
        start(take_first(store));
    }
}

void redis_list_fail_waiting(struct redis_store *store)
{
    while (!list_is_empty(&store->lists)) {
        fail(take_first(store), QVT_UNAVAILABLE, "it is out of reach");
    }
}
