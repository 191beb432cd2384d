/* How long a channel waits between rounds of connection attempts (grpc connection-backoff). */
#ifndef QVT_RPC_CALL_CHANNEL_BACKOFF_H
#define QVT_RPC_CALL_CHANNEL_BACKOFF_H

#include <stdint.h>

#include "base/entropy.h"

/* Invariant: first_ms <= next_ms <= max_ms. */
struct backoff {
    uint32_t first_ms;
    uint32_t max_ms;
    uint32_t next_ms;
};

/* first_ms is raised to 1 and max_ms to first_ms where they are less. */
void backoff_init(struct backoff *backoff, uint32_t first_ms, uint32_t max_ms);

/* The next delay: first_ms, then ×1.6 each time up to max_ms, each changed by a random part of at most 20 %. */
uint32_t backoff_next_ms(struct backoff *backoff, const struct entropy *entropy);

/* A connection worked: start again with first_ms. */
void backoff_reset(struct backoff *backoff);

#endif
