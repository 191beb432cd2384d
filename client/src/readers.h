/* Who reads what right now: how any thread reads immutable objects that a loop thread replaces, without lock, allocation
 * or system call, and without waiting for anybody.
 *
 * Every thread has a reader of its own. What it loads between reader_enter and reader_leave stays until it leaves; what it
 * keeps in a hold of its reader stays until the hold is given back. An object that was unlinked is handed to retire_push
 * and freed once no reader entered before that and no hold keeps it.
 *
 * Readers are of the process, not of a client: they outlive clients, and are taken over by later threads. */
#ifndef QVT_CLIENT_READERS_H
#define QVT_CLIENT_READERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/src/result.h"

#define READER_HOLDS 8u
#define READER_COUNTERS 512u

/* On lines of its own: only its thread writes, but for holds, which any thread gives back. */
struct reader {
    _Atomic(uint64_t) entered; /* the era in which its thread entered; 0: it is outside */
    qvt_find_result holds[READER_HOLDS];
    _Atomic(uint32_t) counters[READER_COUNTERS]; /* of reader_counter_take */
    struct reader *next;
    _Atomic(bool) is_taken;
};

/* Of readers.c. A thread that was not seen yet has none; the model spares a call on every read. */
extern _Thread_local struct reader *reader_mine __attribute__((tls_model("initial-exec")));
extern _Atomic(uint64_t) reader_era;
struct reader *reader_join(void);

/* The reader of this thread; the first call of a thread may allocate. NULL: out of memory. */
static inline struct reader *reader_of_thread(void)
{
    return reader_mine != NULL ? reader_mine : reader_join();
}

/* Both as a pair, not nested. Entering is sequentially consistent, as the loads of what is published and the sweep's loads
 * of `entered` are: either the sweep sees that this thread is inside, or this thread sees what was published before. */
static inline void reader_enter(struct reader *reader)
{
    atomic_store(&reader->entered, atomic_load_explicit(&reader_era, memory_order_acquire));
}

static inline void reader_leave(struct reader *reader)
{
    atomic_store_explicit(&reader->entered, 0, memory_order_release);
}

/* A hold that keeps nothing, or NULL when all do. This reader's thread only. */
static inline qvt_find_result *reader_free_hold(struct reader *reader)
{
    for (size_t i = 0; i < READER_HOLDS; i++) {
        if (atomic_load_explicit(&reader->holds[i].found, memory_order_acquire) == NULL) {
            return &reader->holds[i];
        }
    }
    return NULL;
}

/* Adds one to a counter that reader_counter_take gave. This reader's thread only. */
static inline void reader_count(struct reader *reader, uint32_t counter)
{
    uint32_t value = atomic_load_explicit(&reader->counters[counter], memory_order_relaxed);
    atomic_store_explicit(&reader->counters[counter], value + 1, memory_order_relaxed);
}

/* A counter that nobody else uses; false: all are in use. Any thread. */
bool reader_counter_take(uint32_t *counter);
void reader_counter_give(uint32_t counter);

/* What all readers counted, since the beginning of time and modulo 2^32. Any thread. */
uint32_t reader_counter_sum(uint32_t counter);

/* Embedded in what is retired. */
struct retired {
    struct retired *next;
    uint64_t era;
    const void *held_as; /* the found or the answer that holds refer to */
    void (*free)(struct retired *retired);
};

/* Unlinked objects of one owner. Starts zeroed; one thread at a time. */
struct retire_list {
    struct retired *first;
};

/* The object cannot be loaded by anyone who enters from now on. */
void retire_push(struct retire_list *list, struct retired *retired, const void *held_as,
                 void (*free)(struct retired *retired));

/* Frees what nobody uses any more. */
void retire_sweep(struct retire_list *list);

/* The owner goes: what is still in use is freed by whoever gives back its last hold. */
void retire_abandon(struct retire_list *list);

/* After a hold was given back: frees what the hold may have been the last to keep of an owner that is gone. */
void retire_sweep_abandoned(void);

#endif
