#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/clock.h"
#include "client/src/life.h"
#include "client/src/text_map.h"

/* Freed with the silo. */
struct qvt_deactivation {
    struct text_node node; /* in silo->asked: type, id */
    struct qvt_silo *silo;
    bool is_done;
    char key[];
};

struct drain {
    struct qvt_silo *silo;
    int64_t deadline_us;
};

void life_tell(struct qvt_silo *silo)
{
    pthread_mutex_lock(&silo->lock);
    qvt_silo_report report = silo->report;
    pthread_mutex_unlock(&silo->lock);
    report.phase = (qvt_phase)atomic_load(&silo->phase);
    if (silo->options.on_progress != NULL) {
        silo->options.on_progress(silo->options.data, &report);
    }
}

void qvt_deactivation_done(qvt_deactivation *deactivation, qvt_status status)
{
    struct qvt_silo *silo = deactivation->silo;
    pthread_mutex_lock(&silo->lock);
    QVT_ASSERT(!deactivation->is_done);
    deactivation->is_done = true;
    silo->report.deactivated += status == QVT_OK;
    silo->report.failed += status != QVT_OK;
    silo->report.unfinished--;
    silo->under_way--;
    pthread_cond_broadcast(&silo->changed);
    pthread_mutex_unlock(&silo->lock);
}

/* Until fewer than `most` are under way. False: the deadline has passed. */
static bool wait_for_room(struct drain *drain, unsigned most)
{
    struct qvt_silo *silo = drain->silo;
    struct timespec until;
    int failed = 0;
    int64_t left_us = drain->deadline_us - clock_monotonic_us(clock_system());
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t until_us = (int64_t)until.tv_sec * 1000000 + until.tv_nsec / 1000 + (left_us > 0 ? left_us : 0);
    until = (struct timespec){(time_t)(until_us / 1000000), (long)(until_us % 1000000) * 1000};
    pthread_mutex_lock(&silo->lock);
    while (silo->under_way >= most && failed == 0) {
        failed = pthread_cond_timedwait(&silo->changed, &silo->lock, &until);
    }
    bool has_room = silo->under_way < most;
    pthread_mutex_unlock(&silo->lock);
    return has_room && clock_monotonic_us(clock_system()) < drain->deadline_us;
}

/* NULL: it was asked before, or out of memory, and then comes with the next list. */
static qvt_deactivation *new_deactivation(struct drain *drain, const qvt_actor_activity *actor)
{
    size_t type_len = strlen(actor->actor_type), id_size = strlen(actor->actor_id) + 1;
    qvt_deactivation *deactivation = malloc(sizeof *deactivation + type_len + 1 + id_size);
    if (deactivation == NULL) {
        return NULL;
    }
    *deactivation = (qvt_deactivation){.silo = drain->silo};
    memcpy(deactivation->key, actor->actor_type, type_len);
    deactivation->key[type_len] = '\n';
    memcpy(deactivation->key + type_len + 1, actor->actor_id, id_size);
    if (text_map_find(&drain->silo->asked, deactivation->key) != NULL ||
        text_map_add(&drain->silo->asked, &deactivation->node, deactivation->key) != QVT_OK) {
        free(deactivation);
        return NULL;
    }
    return deactivation;
}

static void ask(struct drain *drain, const qvt_actor_activity *actor)
{
    struct qvt_silo *silo = drain->silo;
    qvt_deactivation *deactivation = new_deactivation(drain, actor);
    if (deactivation == NULL) {
        return;
    }
    pthread_mutex_lock(&silo->lock);
    silo->report.actors++;
    silo->report.unfinished++;
    silo->under_way++;
    pthread_mutex_unlock(&silo->lock);
    silo->options.deactivate(silo->options.data, actor, deactivation);
    life_tell(silo);
}

/* Asks everyone who was not asked before. False: the deadline has passed. */
static bool ask_all(struct drain *drain, const qvt_activity_list *list)
{
    for (size_t i = 0; i < qvt_activity_list_count(list); i++) {
        if (!wait_for_room(drain, drain->silo->options.deactivations_at_once)) {
            return false;
        }
        ask(drain, qvt_activity_list_actor(list, i));
    }
    return wait_for_room(drain, 1);
}

static void free_deactivation(struct text_node *node)
{
    free(LIST_ENTRY(node, qvt_deactivation, node));
}

/* Who was asked too late to be waited for may still call. */
void life_forget_actors(struct qvt_silo *silo)
{
    pthread_mutex_lock(&silo->lock);
    while (silo->under_way > 0) {
        pthread_cond_wait(&silo->changed, &silo->lock);
    }
    pthread_mutex_unlock(&silo->lock);
    text_map_deinit(&silo->asked, free_deactivation);
}

void life_drain(struct qvt_silo *silo, int64_t deadline_us)
{
    struct drain drain = {.silo = silo, .deadline_us = deadline_us};
    bool goes_on = silo->options.deactivate != NULL && silo->options.activity != NULL;
    while (goes_on) {
        qvt_activity_list *list;
        if (qvt_activity_list_new(&list, silo->options.activity) != QVT_OK) {
            break;
        }
        size_t asked = silo->asked.count;
        goes_on = ask_all(&drain, list) && silo->asked.count > asked;
        qvt_activity_list_free(list);
    }
}
