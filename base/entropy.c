#include "base/entropy.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/check.h"

static void fill_from_kernel(void *data, void *out, size_t len)
{
    (void)data;
    unsigned char *at = out;
    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0) {
            QVT_ASSERT(errno == EINTR);
            continue;
        }
        at += (size_t)got;
        len -= (size_t)got;
    }
}

const struct entropy *entropy_system(void)
{
    static const struct entropy system = {fill_from_kernel, NULL};
    return &system;
}

/* splitmix64: https://prng.di.unimi.it/splitmix64.c describes the constants. */
static uint64_t next_seeded(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = *state;
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

static void fill_seeded(void *data, void *out, size_t len)
{
    unsigned char *at = out;
    while (len > 0) {
        uint64_t word = next_seeded(data);
        size_t part = len < sizeof(word) ? len : sizeof(word);
        memcpy(at, &word, part);
        at += part;
        len -= part;
    }
}

struct entropy entropy_seeded(uint64_t *state)
{
    return (struct entropy){fill_seeded, state};
}

uint64_t entropy_u64(const struct entropy *entropy)
{
    uint64_t word = 0;
    entropy_fill(entropy, &word, sizeof(word));
    return word;
}
