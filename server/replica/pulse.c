#include "server/replica/pulse.h"

#include <stdlib.h>

#include "base/check.h"

static uint64_t hash_of(uint64_t incarnation)
{
    return table_hash(qvt_slice_make(&incarnation, sizeof incarnation), 0);
}

static bool has_incarnation(const void *item, const void *key)
{
    return ((const struct pulse *)item)->incarnation == *(const uint64_t *)key;
}

void pulses_init(struct pulses *pulses, uint32_t suspect_missed)
{
    *pulses = (struct pulses){.table = {NULL, 0, 0}, .suspect_missed = suspect_missed};
    list_init(&pulses->suspects);
    list_init(&pulses->unhealthy);
}

void pulses_deinit(struct pulses *pulses)
{
    size_t cursor = 0;
    void *pulse;
    while ((pulse = table_next(&pulses->table, &cursor)) != NULL) {
        free(pulse);
    }
    table_deinit(&pulses->table);
    deadlines_deinit(&pulses->late);
    pulses_init(pulses, pulses->suspect_missed);
}

struct pulse *pulses_find(const struct pulses *pulses, uint64_t incarnation)
{
    return table_find(&pulses->table, hash_of(incarnation), has_incarnation, &incarnation);
}

qvt_status pulses_add(struct pulses *pulses, uint64_t incarnation, qvt_slice silo_id, uint32_t ttl_ms, int64_t now_us,
                      struct pulse **out)
{
    QVT_TRY(table_reserve(&pulses->table, 1));
    QVT_TRY(deadlines_reserve(&pulses->late, pulses->table.count + 1));
    struct pulse *pulse = malloc(sizeof *pulse + silo_id.len);
    if (pulse == NULL) {
        return QVT_NO_MEMORY;
    }
    *pulse = (struct pulse){.incarnation = incarnation, .ttl_ms = ttl_ms, .begun_us = now_us, .heard_us = now_us};
    if (silo_id.len > 0) {
        memcpy(pulse->silo_id, silo_id.data, silo_id.len);
    }
    pulse->id_len = silo_id.len;
    pulse->late.index = DEADLINE_NONE;
    list_init(&pulse->suspect_link);
    list_init(&pulse->health_link);
    table_add(&pulses->table, hash_of(incarnation), pulse);
    pulse_hear(pulses, pulse, now_us, 0);
    *out = pulse;
    return QVT_OK;
}

void pulses_remove(struct pulses *pulses, uint64_t incarnation)
{
    struct pulse *pulse = pulses_find(pulses, incarnation);
    if (pulse == NULL) {
        return;
    }
    table_remove(&pulses->table, hash_of(incarnation), pulse);
    deadlines_remove(&pulses->late, &pulse->late);
    list_remove(&pulse->suspect_link);
    list_remove(&pulse->health_link);
    free(pulse);
}

void pulse_end(struct pulse *pulse, int64_t now_us)
{
    if (pulse->assumed && pulse_end_us(pulse) > now_us) {
        pulse->heard_us = now_us - (int64_t)pulse->ttl_ms * 1000;
    }
}

/* A heartbeat is due every third of the lease. */
static int64_t quarter_intervals_us(const struct pulse *pulse, int64_t count)
{
    return (int64_t)pulse->ttl_ms * 1000 / 12 * count;
}

static int64_t suspect_at_us(const struct pulses *pulses, const struct pulse *pulse)
{
    return pulse->heard_us + quarter_intervals_us(pulse, 4 * (int64_t)pulses->suspect_missed + 1);
}

bool pulse_is_late(const struct pulse *pulse, int64_t now_us)
{
    return now_us > pulse->heard_us + quarter_intervals_us(pulse, 6);
}

int64_t pulse_end_us(const struct pulse *pulse)
{
    return pulse->heard_us + (int64_t)pulse->ttl_ms * 1000;
}

bool pulse_is_silent(const struct pulses *pulses, const struct pulse *pulse, int64_t now_us)
{
    return suspect_at_us(pulses, pulse) <= now_us;
}

static void watch(struct pulses *pulses, struct pulse *pulse)
{
    int64_t due_us = suspect_at_us(pulses, pulse);
    if (pulse->late.index == DEADLINE_NONE || pulse->late.due_us > due_us) {
        deadlines_set(&pulses->late, &pulse->late, due_us);
    }
}

void pulse_hear(struct pulses *pulses, struct pulse *pulse, int64_t now_us, int64_t wall_us)
{
    pulse->in_time = pulse_is_late(pulse, now_us) ? 1 : pulse->in_time + 1;
    pulse->heard_us = now_us;
    pulse->heard_wall_us = wall_us;
    pulse->assumed = wall_us == 0;
    watch(pulses, pulse);
}

void pulse_learn(struct pulses *pulses, struct pulse *pulse, int64_t heard_us)
{
    if (heard_us > pulse->heard_us) {
        pulse->heard_wall_us += pulse->heard_wall_us == 0 ? 0 : heard_us - pulse->heard_us;
        pulse->heard_us = heard_us;
        pulse->assumed = false;
        watch(pulses, pulse);
    }
}

void pulse_assume(struct pulses *pulses, struct pulse *pulse, int64_t now_us)
{
    if (now_us > pulse->heard_us) {
        pulse_learn(pulses, pulse, now_us);
        pulse->assumed = true;
    }
}

struct pulse *pulses_take_late(struct pulses *pulses, int64_t now_us)
{
    struct deadline *first;
    while ((first = deadlines_first(&pulses->late)) != NULL && first->due_us <= now_us) {
        struct pulse *pulse = LIST_ENTRY(first, struct pulse, late);
        if (pulse_is_silent(pulses, pulse, now_us)) {
            deadlines_remove(&pulses->late, first);
            return pulse;
        }
        deadlines_set(&pulses->late, first, suspect_at_us(pulses, pulse));
    }
    return NULL;
}
