#include "client/src/text_map.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS_FIRST 16u

static struct text_node **slot_of(const struct text_map *map, const char *key, uint64_t hash)
{
    struct text_node **link = &map->buckets[hash & (map->bucket_count - 1)];
    while (*link != NULL && ((*link)->hash != hash || strcmp((*link)->key, key) != 0)) {
        link = &(*link)->next;
    }
    return link;
}

struct text_node *text_map_find(const struct text_map *map, const char *key)
{
    return map->count == 0 ? NULL : *slot_of(map, key, text_hash(key, strlen(key)));
}

static qvt_status grow(struct text_map *map)
{
    size_t count = map->bucket_count == 0 ? BUCKETS_FIRST : map->bucket_count * 2;
    struct text_node **buckets = calloc(count, sizeof *buckets);
    if (buckets == NULL) {
        return QVT_NO_MEMORY;
    }
    for (size_t i = 0; i < map->bucket_count; i++) {
        struct text_node *node = map->buckets[i];
        while (node != NULL) {
            struct text_node *next = node->next;
            node->next = buckets[node->hash & (count - 1)];
            buckets[node->hash & (count - 1)] = node;
            node = next;
        }
    }
    free(map->buckets);
    map->buckets = buckets;
    map->bucket_count = count;
    return QVT_OK;
}

qvt_status text_map_add(struct text_map *map, struct text_node *node, const char *key)
{
    if (map->count == map->bucket_count && grow(map) != QVT_OK) {
        return QVT_NO_MEMORY;
    }
    node->key = key;
    node->hash = text_hash(key, strlen(key));
    struct text_node **bucket = &map->buckets[node->hash & (map->bucket_count - 1)];
    node->next = *bucket;
    *bucket = node;
    map->count++;
    return QVT_OK;
}

void text_map_remove(struct text_map *map, struct text_node *node)
{
    struct text_node **link = &map->buckets[node->hash & (map->bucket_count - 1)];
    while (*link != node) {
        link = &(*link)->next;
    }
    *link = node->next;
    map->count--;
}

void text_map_deinit(struct text_map *map, void (*release)(struct text_node *node))
{
    for (size_t i = 0; i < map->bucket_count; i++) {
        struct text_node *node = map->buckets[i];
        while (node != NULL) {
            struct text_node *next = node->next;
            if (release != NULL) {
                release(node);
            }
            node = next;
        }
    }
    free(map->buckets);
    *map = (struct text_map){NULL, 0, 0};
}
