/* A hash map from texts to structs that embed their node: what the mirror finds silos, types and policies by. */
#ifndef QVT_CLIENT_TEXT_MAP_H
#define QVT_CLIENT_TEXT_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "qvt/status.h"

/* Invariant: key lives as long as the node is in the map. */
struct text_node {
    struct text_node *next;
    const char *key;
    uint64_t hash;
};

/* Starts zeroed. */
struct text_map {
    struct text_node **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
};

/* 64 well mixed bits. Not for keys that an attacker picks. */
uint64_t text_hash(const char *text, size_t len);

/* NULL: not there. */
struct text_node *text_map_find(const struct text_map *map, const char *key);

/* Adds a node under a key that is not there; borrowed. NO_MEMORY. */
QVT_MUST_CHECK qvt_status text_map_add(struct text_map *map, struct text_node *node, const char *key);

/* Takes out a node that is there. */
void text_map_remove(struct text_map *map, struct text_node *node);

/* Frees the map, not the nodes; release may be NULL. */
void text_map_deinit(struct text_map *map, void (*release)(struct text_node *node));

#endif
