/* The kernel's random bytes, fetched many at a time: a token a change must not cost a system call a change. */
#ifndef QVT_SERVER_APP_ENTROPY_POOL_H
#define QVT_SERVER_APP_ENTROPY_POOL_H

#include <stdint.h>

#include "base/entropy.h"

enum { ENTROPY_POOL_BYTES = 1024 };

/* Bytes are given once and erased. One thread. */
struct entropy_pool {
    struct entropy entropy; /* what users get; points into this struct */
    uint8_t bytes[ENTROPY_POOL_BYTES];
    size_t left;
};

/* The struct must not move afterwards. */
void entropy_pool_init(struct entropy_pool *pool);

#endif
