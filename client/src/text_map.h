/* A hash map from texts to structs that embed their node: what the mirror finds silos, types and policies by. */
#ifndef QVT_CLIENT_TEXT_MAP_H
#define QVT_CLIENT_TEXT_MAP_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* Multiply and fold, eight bytes a step. */
static inline uint64_t text_mix(uint64_t state, uint64_t word)
{
    uint64_t x = (state ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return x ^ (x >> 32);
}

/* 64 well mixed bits. Not for keys that an attacker picks. The last step overlaps the one before; texts shorter than one step have their own. */
static inline uint64_t text_hash(const char *text, size_t len)
{
    uint64_t hash = len;
    uint64_t word = 0;
    if (len < sizeof word) {
        uint32_t first = 0, last = 0;
        if (len >= sizeof first) {
            memcpy(&first, text, sizeof first);
            memcpy(&last, text + len - sizeof last, sizeof last);
        } else if (len > 0) {
            first = (uint32_t)(unsigned char)text[0] << 8 | (unsigned char)text[len / 2];
            last = (unsigned char)text[len - 1];
        }
        return text_mix(hash, (uint64_t)first << 32 | last);
    }
    for (size_t at = 0; at + sizeof word < len; at += sizeof word) {
        memcpy(&word, text + at, sizeof word);
        hash = text_mix(hash, word);
    }
    memcpy(&word, text + len - sizeof word, sizeof word);
    return text_mix(hash, word);
}

/* NULL: not there. */
struct text_node *text_map_find(const struct text_map *map, const char *key);

/* Adds a node under a key that is not there; borrowed. NO_MEMORY. */
QVT_MUST_CHECK qvt_status text_map_add(struct text_map *map, struct text_node *node, const char *key);

/* Takes out a node that is there. */
void text_map_remove(struct text_map *map, struct text_node *node);

/* Frees the map, not the nodes; release may be NULL. */
void text_map_deinit(struct text_map *map, void (*release)(struct text_node *node));

#endif
