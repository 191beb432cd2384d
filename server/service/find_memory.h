/* Working memory of a find, grown as needed and kept. */
#ifndef QVT_SERVER_SERVICE_FIND_MEMORY_H
#define QVT_SERVER_SERVICE_FIND_MEMORY_H

#include <stddef.h>

/* Start from all zero. */
struct find_memory {
    void *block;
    size_t capacity; /* candidates it has room for */
};

void find_memory_deinit(struct find_memory *memory);

#endif
