#include "rpc/call/channel_backoff.h"

void backoff_init(struct backoff *backoff, uint32_t first_ms, uint32_t max_ms)
{
    backoff->first_ms = first_ms == 0 ? 1 : first_ms;
    backoff->max_ms = max_ms < backoff->first_ms ? backoff->first_ms : max_ms;
    backoff_reset(backoff);
}

uint32_t backoff_next_ms(struct backoff *backoff, const struct entropy *entropy)
{
    uint64_t delay = backoff->next_ms;
    uint64_t spread = delay * 2 / 5;
    uint64_t jittered = delay - spread / 2 + entropy_u64(entropy) % (spread + 1);
    uint64_t next = delay * 8 / 5;
    if (next == delay) {
        next = delay + 1;
    }
    backoff->next_ms = next > backoff->max_ms ? backoff->max_ms : (uint32_t)next;
    return jittered > UINT32_MAX ? UINT32_MAX : (uint32_t)jittered;
}

void backoff_reset(struct backoff *backoff)
{
    backoff->next_ms = backoff->first_ms;
}
