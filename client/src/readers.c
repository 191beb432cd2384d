#include "client/src/readers.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/check.h"

#define LINE_BYTES 64u

_Thread_local struct reader *reader_mine __attribute__((tls_model("initial-exec")));
_Atomic(uint64_t) reader_era = 1;

static _Atomic(struct reader *) readers;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards what follows, and who takes a reader */
static uint64_t counters_in_use[READER_COUNTERS / 64];
static struct retire_list abandoned;
static _Atomic(bool) has_abandoned;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_end;
static bool has_thread_end;

static void on_thread_end(void *data)
{
    struct reader *reader = data;
    reader_mine = NULL;
    atomic_store(&reader->is_taken, false);
}

static void before_fork(void)
{
    pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&lock);
}

/* The other threads do not exist in the child, and do not read. */
static void after_fork_in_child(void)
{
    for (struct reader *reader = atomic_load(&readers); reader != NULL; reader = reader->next) {
        if (reader != reader_mine) {
            atomic_store(&reader->entered, 0);
            atomic_store(&reader->is_taken, false);
        }
    }
    pthread_mutex_unlock(&lock);
}

static void prepare(void)
{
    has_thread_end = pthread_key_create(&thread_end, on_thread_end) == 0;
    (void)pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

/* The library may be unloaded before its threads end. */
__attribute__((destructor)) static void on_unload(void)
{
    if (has_thread_end) {
        (void)pthread_key_delete(thread_end);
    }
}

static struct reader *take_idle(void)
{
    for (struct reader *reader = atomic_load(&readers); reader != NULL; reader = reader->next) {
        bool idle = false;
        if (atomic_compare_exchange_strong(&reader->is_taken, &idle, true)) {
            return reader;
        }
    }
    return NULL;
}

static struct reader *make(void)
{
    size_t size = (sizeof(struct reader) + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
    struct reader *reader = aligned_alloc(LINE_BYTES, size);
    if (reader == NULL) {
        return NULL;
    }
    atomic_init(&reader->entered, 0);
    atomic_init(&reader->is_taken, true);
    for (size_t i = 0; i < READER_HOLDS; i++) {
        atomic_init(&reader->holds[i].found, NULL);
        atomic_init(&reader->holds[i].answer, NULL);
        reader->holds[i].is_hold = true;
    }
    for (size_t i = 0; i < READER_COUNTERS; i++) {
        atomic_init(&reader->counters[i], 0);
    }
    pthread_mutex_lock(&lock);
    reader->next = atomic_load(&readers);
    atomic_store(&readers, reader);
    pthread_mutex_unlock(&lock);
    return reader;
}

struct reader *reader_join(void)
{
    (void)pthread_once(&once, prepare);
    struct reader *reader = take_idle();
    if (reader == NULL) {
        reader = make();
    }
    /* Without the key the reader stays with a thread that is gone: a leak of one reader, and nothing else. */
    if (reader != NULL && has_thread_end) {
        (void)pthread_setspecific(thread_end, reader);
    }
    reader_mine = reader;
    return reader;
}

bool reader_counter_take(uint32_t *counter)
{
    bool found = false;
    pthread_mutex_lock(&lock);
    for (uint32_t i = 0; i < READER_COUNTERS && !found; i++) {
        uint64_t bit = (uint64_t)1 << (i % 64);
        if ((counters_in_use[i / 64] & bit) == 0) {
            counters_in_use[i / 64] |= bit;
            *counter = i;
            found = true;
        }
    }
    pthread_mutex_unlock(&lock);
    return found;
}

void reader_counter_give(uint32_t counter)
{
    pthread_mutex_lock(&lock);
    counters_in_use[counter / 64] &= ~((uint64_t)1 << (counter % 64));
    pthread_mutex_unlock(&lock);
}

uint32_t reader_counter_sum(uint32_t counter)
{
    uint32_t sum = 0;
    for (struct reader *reader = atomic_load(&readers); reader != NULL; reader = reader->next) {
        sum += atomic_load_explicit(&reader->counters[counter], memory_order_relaxed);
    }
    return sum;
}

/* The era ends with the unlinking: who enters in a later one does not find the object any more. */
void retire_push(struct retire_list *list, struct retired *retired, const void *held_as,
                 void (*free)(struct retired *retired))
{
    retired->era = atomic_fetch_add(&reader_era, 1) + 1;
    retired->held_as = held_as;
    retired->free = free;
    retired->next = list->first;
    list->first = retired;
}

static uint64_t oldest_era(void)
{
    uint64_t oldest = UINT64_MAX;
    for (struct reader *reader = atomic_load(&readers); reader != NULL; reader = reader->next) {
        uint64_t entered = atomic_load(&reader->entered);
        oldest = entered != 0 && entered < oldest ? entered : oldest;
    }
    return oldest;
}

static bool is_held(const void *object)
{
    for (struct reader *reader = atomic_load(&readers); reader != NULL; reader = reader->next) {
        for (size_t i = 0; i < READER_HOLDS; i++) {
            const void *found = atomic_load_explicit(&reader->holds[i].found, memory_order_acquire);
            const void *answer = atomic_load_explicit(&reader->holds[i].answer, memory_order_relaxed);
            if (found != NULL && (found == object || answer == object)) {
                return true;
            }
        }
    }
    return false;
}

void retire_sweep(struct retire_list *list)
{
    struct retired **link = &list->first;
    uint64_t oldest = list->first == NULL ? 0 : oldest_era();
    while (*link != NULL) {
        struct retired *retired = *link;
        if (retired->era <= oldest && (retired->held_as == NULL || !is_held(retired->held_as))) {
            *link = retired->next;
            retired->free(retired);
        } else {
            link = &retired->next;
        }
    }
}

void retire_abandon(struct retire_list *list)
{
    retire_sweep(list);
    if (list->first == NULL) {
        return;
    }
    pthread_mutex_lock(&lock);
    struct retired **end = &list->first;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = abandoned.first;
    abandoned.first = list->first;
    list->first = NULL;
    atomic_store(&has_abandoned, true);
    retire_sweep(&abandoned);
    atomic_store(&has_abandoned, abandoned.first != NULL);
    pthread_mutex_unlock(&lock);
}

void retire_sweep_abandoned(void)
{
    if (!atomic_load_explicit(&has_abandoned, memory_order_relaxed)) {
        return;
    }
    pthread_mutex_lock(&lock);
    retire_sweep(&abandoned);
    atomic_store(&has_abandoned, abandoned.first != NULL);
    pthread_mutex_unlock(&lock);
}
