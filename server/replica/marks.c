#include "server/replica/own_command.h"

/* What did not fit into one change, or failed, is wanted still. */
void marks_list_again(struct own_command *own)
{
    struct replica *replica = own->replica;
    for (size_t i = 0; i < own->count; i++) {
        struct pulse *pulse = pulses_find(&replica->pulses, own->marks[i].incarnation);
        const struct registry_silo *silo = pulse == NULL ? NULL : replica_find_silo(replica, pulse);
        if (silo != NULL && silo->suspect != pulse->suspect_wanted && list_is_empty(&pulse->suspect_link)) {
            list_push_back(&replica->pulses.suspects, &pulse->suspect_link);
        }
        if (silo != NULL && silo->unhealthy != pulse->unhealthy_wanted && list_is_empty(&pulse->health_link)) {
            list_push_back(&replica->pulses.unhealthy, &pulse->health_link);
        }
    }
}

static void collect_suspects(struct replica *replica, struct own_command *own, size_t most)
{
    struct list *list = &replica->pulses.suspects;
    while (!list_is_empty(list) && own->count < most) {
        struct pulse *pulse = LIST_ENTRY(list->next, struct pulse, suspect_link);
        const struct registry_silo *silo = replica_find_silo(replica, pulse);
        list_remove(&pulse->suspect_link);
        replica_refresh(replica, pulse);
        pulse->suspect_wanted =
            pulse->suspect_wanted && pulse_is_silent(&replica->pulses, pulse, replica_now_us(replica));
        if (silo != NULL && silo->suspect != pulse->suspect_wanted) {
            own_command_add(own, pulse, pulse->suspect_wanted);
        }
    }
}

static void collect_unhealthy(struct replica *replica, struct own_command *own, size_t most)
{
    struct list *list = &replica->pulses.unhealthy;
    while (!list_is_empty(list) && own->count < most) {
        struct pulse *pulse = LIST_ENTRY(list->next, struct pulse, health_link);
        const struct registry_silo *silo = replica_find_silo(replica, pulse);
        list_remove(&pulse->health_link);
        if (silo != NULL && silo->unhealthy != pulse->unhealthy_wanted) {
            own_command_add(own, pulse, pulse->unhealthy_wanted);
        }
    }
}

static void send_marks(struct replica *replica, const struct list *list, bool *running, enum command_kind kind)
{
    size_t most = list_count(list, replica->limits.bulk_silos);
    if (*running || most == 0 || replica->marks_us > replica_now_us(replica)) {
        return;
    }
    struct own_command *own = own_command_new(replica, running, most);
    if (own == NULL) {
        replica->marks_us = replica_now_us(replica) + RECHECK_US;
        return;
    }
    if (kind == COMMAND_MARK_SUSPECT) {
        collect_suspects(replica, own, most);
    } else {
        collect_unhealthy(replica, own, most);
    }
    if (own->count == 0) {
        own_command_free(own);
    } else {
        own_command_submit(own, kind);
    }
}

static void take_late(struct replica *replica)
{
    struct pulse *pulse;
    while ((pulse = pulses_take_late(&replica->pulses, replica_now_us(replica))) != NULL) {
        replica_refresh(replica, pulse);
        if (pulse_is_silent(&replica->pulses, pulse, replica_now_us(replica))) {
            pulse->in_time = 0;
            pulse->suspect_wanted = true;
            list_remove(&pulse->suspect_link);
            list_push_back(&replica->pulses.suspects, &pulse->suspect_link);
        }
    }
}

void replica_check_marks(struct replica *replica)
{
    take_late(replica);
    send_marks(replica, &replica->pulses.suspects, &replica->marking_suspect, COMMAND_MARK_SUSPECT);
    send_marks(replica, &replica->pulses.unhealthy, &replica->marking_health, COMMAND_MARK_HEALTH);
}

static int64_t next_send_us(const struct replica *replica)
{
    bool suspects = !list_is_empty(&replica->pulses.suspects) && !replica->marking_suspect;
    bool unhealthy = !list_is_empty(&replica->pulses.unhealthy) && !replica->marking_health;
    return suspects || unhealthy ? replica->marks_us : INT64_MAX;
}

int64_t replica_next_marks_us(const struct replica *replica)
{
    const struct deadline *late = deadlines_first(&replica->pulses.late);
    int64_t send_us = next_send_us(replica);
    return late != NULL && late->due_us < send_us ? late->due_us : send_us;
}
