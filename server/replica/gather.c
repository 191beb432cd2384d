#include "server/replica/gather.h"

void gather_append_ended(struct gather *gather, size_t answered, size_t waiting, size_t most, int64_t took_us,
                         int64_t now_us)
{
    gather->wanted = 0;
    gather->waiting = gather->waited = waiting;
    if (gather->rest > 0) {
        gather->rest--;
        return;
    }
    if (took_us >= GATHER_TOOK_US) {
        gather->wanted = answered + waiting < most ? answered + waiting : most;
        gather->until_us = now_us + GATHER_WAIT_US;
    }
}

bool gather_waits(struct gather *gather, int64_t now_us)
{
    if (gather->waiting >= gather->wanted) {
        gather->wanted = 0;
        return false;
    }
    if (now_us < gather->until_us) {
        return true;
    }
    gather->wanted = 0;
    gather->rest = gather->waiting == gather->waited ? GATHER_REST : 0;
    return false;
}
