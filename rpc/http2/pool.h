/* Memory for nghttp2. Small blocks are kept for the next time by size: a steady flow of calls does not reach malloc.
 * The buffer in which a session builds the frame it is about to send is one for all: it is filled and copied out
 * within one call of nghttp2_session_mem_send, so that idle connections need none of their own. */
#ifndef QVT_RPC_HTTP2_POOL_H
#define QVT_RPC_HTTP2_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTP2_POOL_STEP = 32,
    HTTP2_POOL_CLASSES = 16,      /* blocks of up to STEP × CLASSES bytes are kept */
    HTTP2_POOL_KEEP = 256 * 1024, /* bytes kept of each class */
    HTTP2_POOL_FRAME =
        16394 /* what nghttp2 1.52 asks for at first: head, pad length, payload; other sizes are not shared */
};

struct http2_pool_block;

/* One for all sessions of a loop. Invariants: kept[i] counts the blocks of spare[i]; frame is given out only while
 * making_session. */
struct http2_pool {
    struct http2_pool_block *spare[HTTP2_POOL_CLASSES];
    uint32_t kept[HTTP2_POOL_CLASSES];
    void *frame;
    bool making_session;
};

void http2_pool_init(struct http2_pool *pool);

/* Frees what is kept; no block may be in use. */
void http2_pool_deinit(struct http2_pool *pool);

/* As malloc, free, calloc and realloc; pool is a struct http2_pool. */
void *http2_pool_malloc(size_t size, void *pool);
void http2_pool_free(void *memory, void *pool);
void *http2_pool_calloc(size_t count, size_t size, void *pool);
void *http2_pool_realloc(void *memory, size_t size, void *pool);

#endif
