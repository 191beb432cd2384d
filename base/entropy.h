/* Random bytes as a value that is passed in: the kernel's in a process, a seeded sequence in tests. */
#ifndef QVT_BASE_ENTROPY_H
#define QVT_BASE_ENTROPY_H

#include <stddef.h>
#include <stdint.h>

struct entropy {
    void (*fill)(void *data, void *out, size_t len); /* cannot fail: the kernel's source ends the process instead */
    void *data;
};

/* getrandom(2); static. Any thread. */
const struct entropy *entropy_system(void);

/* A deterministic sequence (splitmix64) for tests and simulation; state holds the seed and must outlive the source. */
struct entropy entropy_seeded(uint64_t *state);

static inline void entropy_fill(const struct entropy *entropy, void *out, size_t len)
{
    entropy->fill(entropy->data, out, len);
}

uint64_t entropy_u64(const struct entropy *entropy);

#endif
