/* Structs of options that begin with their size: callers built against an older header give fewer members, those built
 * against a newer one more. */
#ifndef QVT_RPC_CALL_OPTIONS_H
#define QVT_RPC_CALL_OPTIONS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Lays what was given over the defaults in out; given may be NULL. out's own size member stays out_size. */
static inline void options_read(void *out, size_t out_size, const void *given, uint32_t given_size)
{
    const uint32_t size = (uint32_t)out_size;
    if (given != NULL) {
        memcpy(out, given, given_size < out_size ? given_size : out_size);
        memcpy(out, &size, sizeof(size));
    }
}

#endif
