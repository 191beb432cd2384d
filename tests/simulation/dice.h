/* Chance of one run, from its seed. */
#ifndef QVT_TESTS_SIMULATION_DICE_H
#define QVT_TESTS_SIMULATION_DICE_H

#include <stdbool.h>

#include "base/entropy.h"

/* The struct must not move. */
struct dice {
    uint64_t state;
    struct entropy entropy;
};

static inline void dice_init(struct dice *dice, uint64_t seed)
{
    dice->state = seed;
    dice->entropy = entropy_seeded(&dice->state);
}

/* 0 … sides - 1 */
static inline uint32_t dice_roll(struct dice *dice, uint32_t sides)
{
    return (uint32_t)(entropy_u64(&dice->entropy) % sides);
}

/* least … most */
static inline int64_t dice_between(struct dice *dice, int64_t least, int64_t most)
{
    return least + (int64_t)(entropy_u64(&dice->entropy) % (uint64_t)(most - least + 1));
}

/* True so many times in a thousand. */
static inline bool dice_mille(struct dice *dice, uint32_t mille)
{
    return dice_roll(dice, 1000) < mille;
}

#endif
