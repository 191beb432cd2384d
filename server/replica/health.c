#include "server/replica/health.h"

#include "base/check.h"
#include "server/registry/wire.h"

enum { SILO_HEALTH = 31, SILO_ACTIVITY = 32 };

static double clamp(double value, double most)
{
    if (!(value > 0)) {
        return 0;
    }
    return value > most ? most : value;
}

struct health health_read(const Quark__Version__V1__Health *reported)
{
    if (reported == NULL) {
        return (struct health){.known = false};
    }
    struct health health = {
        .cpu_percent = clamp(reported->cpu_percent, 100),
        .memory_percent = clamp(reported->memory_percent, 100),
        .latency_ms = clamp(reported->latency_ms, 1e12),
        .known = true,
    };
    double ease = 100 - health.latency_ms / 10;
    health.score = 0.3 * (100 - health.cpu_percent) + 0.3 * (100 - health.memory_percent) + 0.4 * (ease > 0 ? ease : 0);
    return health;
}

struct activity activity_read(const Quark__Version__V1__Activity *reported)
{
    if (reported == NULL) {
        return (struct activity){.known = false};
    }
    return (struct activity){
        .actors = reported->actors,
        .hot_actors = reported->hot_actors,
        .queue_depth = reported->queue_depth,
        .calls_in_flight = reported->calls_in_flight,
        .streams = reported->streams,
        .known = true,
    };
}

static qvt_status put_double(struct buf *out, uint32_t number, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits == 0 ? QVT_OK : wire_put_fixed64(out, number, bits);
}

static qvt_status put_health(const struct health *health, struct buf *out)
{
    QVT_TRY(put_double(out, 1, health->cpu_percent));
    QVT_TRY(put_double(out, 2, health->memory_percent));
    QVT_TRY(put_double(out, 3, health->latency_ms));
    return put_double(out, 4, health->score);
}

static qvt_status put_activity(const struct activity *activity, struct buf *out)
{
    QVT_TRY(wire_put_uint(out, 1, activity->actors));
    QVT_TRY(wire_put_uint(out, 2, activity->hot_actors));
    QVT_TRY(wire_put_uint(out, 3, activity->queue_depth));
    QVT_TRY(wire_put_uint(out, 4, activity->calls_in_flight));
    return wire_put_uint(out, 5, activity->streams);
}

qvt_status health_append(const struct health *health, struct buf *out)
{
    struct buf inner = BUF_INIT;
    qvt_status status = health->known ? put_health(health, &inner) : QVT_OK;
    if (status == QVT_OK && health->known) {
        status = wire_put_bytes(out, SILO_HEALTH, buf_slice(&inner));
    }
    buf_deinit(&inner);
    return status;
}

qvt_status activity_append(const struct activity *activity, struct buf *out)
{
    struct buf inner = BUF_INIT;
    qvt_status status = activity->known ? put_activity(activity, &inner) : QVT_OK;
    if (status == QVT_OK && activity->known) {
        status = wire_put_bytes(out, SILO_ACTIVITY, buf_slice(&inner));
    }
    buf_deinit(&inner);
    return status;
}
