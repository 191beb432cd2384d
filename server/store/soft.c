#include "server/store/soft.h"

#include <stdlib.h>
#include <string.h>

struct soft_entry {
    struct list link;
    int64_t end_us;
    const char *replica; /* these three point behind the struct */
    const char *key;
    qvt_slice value;
    char bytes[];
};

void soft_init(struct soft *soft)
{
    list_init(&soft->entries);
}

static void drop(struct soft_entry *entry)
{
    list_remove(&entry->link);
    free(entry);
}

void soft_deinit(struct soft *soft)
{
    while (!list_is_empty(&soft->entries)) {
        drop(LIST_ENTRY(soft->entries.next, struct soft_entry, link));
    }
}

static struct soft_entry *make(const char *replica, const char *key, qvt_slice value)
{
    size_t replica_len = strlen(replica) + 1;
    size_t key_len = strlen(key) + 1;
    struct soft_entry *entry = malloc(sizeof *entry + replica_len + key_len + value.len);
    if (entry == NULL) {
        return NULL;
    }
    char *bytes = entry->bytes;
    entry->replica = memcpy(bytes, replica, replica_len);
    entry->key = memcpy(bytes + replica_len, key, key_len);
    if (value.len > 0) {
        memcpy(bytes + replica_len + key_len, value.data, value.len);
    }
    entry->value = qvt_slice_make(bytes + replica_len + key_len, value.len);
    return entry;
}

/* Forgets what has expired and, when `replica` is given, its value under the key. */
static void sweep(struct soft *soft, const char *replica, const char *key, int64_t now_us)
{
    for (struct list *node = soft->entries.next; node != &soft->entries;) {
        struct soft_entry *entry = LIST_ENTRY(node, struct soft_entry, link);
        node = node->next;
        bool replaced = replica != NULL && strcmp(entry->replica, replica) == 0 && strcmp(entry->key, key) == 0;
        if (replaced || entry->end_us <= now_us) {
            drop(entry);
        }
    }
}

qvt_status soft_publish(struct soft *soft, const char *replica, const char *key, qvt_slice value, uint32_t ttl_ms,
                        int64_t now_us)
{
    struct soft_entry *entry = make(replica, key, value);
    if (entry == NULL) {
        return QVT_NO_MEMORY;
    }
    sweep(soft, replica, key, now_us);
    entry->end_us = now_us + (int64_t)ttl_ms * 1000;
    list_push_back(&soft->entries, &entry->link);
    return QVT_OK;
}

void soft_collect(struct soft *soft, const char *key, int64_t now_us, store_on_collect on_collect, void *data)
{
    size_t count = 0;
    size_t capacity = 1;
    sweep(soft, NULL, NULL, now_us);
    for (struct list *node = soft->entries.next; node != &soft->entries; node = node->next) {
        capacity++;
    }
    struct store_soft *values = malloc(capacity * sizeof *values);
    if (values == NULL) {
        on_collect(data, QVT_NO_MEMORY, NULL, 0);
        return;
    }
    for (struct list *node = soft->entries.next; node != &soft->entries; node = node->next) {
        struct soft_entry *entry = LIST_ENTRY(node, struct soft_entry, link);
        if (strcmp(entry->key, key) == 0) {
            values[count++] = (struct store_soft){entry->replica, entry->value};
        }
    }
    on_collect(data, QVT_OK, values, count);
    free(values);
}
