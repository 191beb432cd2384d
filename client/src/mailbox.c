#include "qvt/mailbox.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/check.h"

#define CAPACITY_MAX (1u << 20)
#define LINE_BYTES 64

/* Its turn says who may use the slot: the sender with that ticket, or one later the receiver. */
struct slot {
    _Atomic(uint32_t) turn;
    void *message;
};

/* Senders count themselves in before they take a ticket, so that a ticket's slot is always free. */
struct qvt_mailbox {
    _Alignas(LINE_BYTES) _Atomic(uint32_t) count; /* messages put or being put */
    _Alignas(LINE_BYTES) _Atomic(uint32_t) ticket;
    _Alignas(LINE_BYTES) uint32_t next; /* the receiver's */
    uint32_t mask;
    qvt_actor *actor;
    struct slot slots[];
};

qvt_status qvt_mailbox_new(qvt_mailbox **out, uint32_t capacity, qvt_actor *actor)
{
    uint32_t slots = 1;
    if (capacity == 0 || capacity > CAPACITY_MAX) {
        return QVT_INVALID_ARGUMENT;
    }
    while (slots < capacity) {
        slots *= 2;
    }
    size_t size = sizeof(qvt_mailbox) + slots * sizeof(struct slot);
    qvt_mailbox *mailbox = aligned_alloc(LINE_BYTES, (size + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES);
    if (mailbox == NULL) {
        return QVT_NO_MEMORY;
    }
    atomic_init(&mailbox->count, 0);
    atomic_init(&mailbox->ticket, 0);
    mailbox->next = 0;
    mailbox->mask = slots - 1;
    mailbox->actor = actor;
    for (uint32_t i = 0; i < slots; i++) {
        atomic_init(&mailbox->slots[i].turn, i);
        mailbox->slots[i].message = NULL;
    }
    *out = mailbox;
    return QVT_OK;
}

void qvt_mailbox_free(qvt_mailbox *mailbox)
{
    free(mailbox);
}

qvt_status qvt_mailbox_put(qvt_mailbox *mailbox, void *message, bool *was_empty)
{
    uint32_t count = atomic_load_explicit(&mailbox->count, memory_order_relaxed);
    do {
        if (count > mailbox->mask) {
            return QVT_RESOURCE_EXHAUSTED;
        }
    } while (!atomic_compare_exchange_weak_explicit(&mailbox->count, &count, count + 1, memory_order_acq_rel,
                                                    memory_order_relaxed));
    /* What the sender before has seen of freed slots, this one needs to see: its slot may be among them. */
    uint32_t ticket = atomic_fetch_add_explicit(&mailbox->ticket, 1, memory_order_acq_rel);
    struct slot *slot = &mailbox->slots[ticket & mailbox->mask];
    QVT_ASSERT(atomic_load_explicit(&slot->turn, memory_order_acquire) == ticket);
    slot->message = message;
    qvt_actor_enqueued(mailbox->actor);
    atomic_store_explicit(&slot->turn, ticket + 1, memory_order_release);
    if (was_empty != NULL) {
        *was_empty = count == 0;
    }
    return QVT_OK;
}

qvt_status qvt_mailbox_take(qvt_mailbox *mailbox, void **out)
{
    struct slot *slot = &mailbox->slots[mailbox->next & mailbox->mask];
    if (atomic_load_explicit(&slot->turn, memory_order_acquire) != mailbox->next + 1) {
        return atomic_load_explicit(&mailbox->count, memory_order_acquire) == 0 ? QVT_NOT_FOUND : QVT_UNAVAILABLE;
    }
    *out = slot->message;
    atomic_store_explicit(&slot->turn, mailbox->next + mailbox->mask + 1, memory_order_release);
    mailbox->next++;
    qvt_actor_call_began(mailbox->actor);
    qvt_actor_dequeued(mailbox->actor);
    atomic_fetch_sub_explicit(&mailbox->count, 1, memory_order_acq_rel);
    return QVT_OK;
}

void qvt_mailbox_done(qvt_mailbox *mailbox)
{
    qvt_actor_call_ended(mailbox->actor);
}

uint32_t qvt_mailbox_depth(const qvt_mailbox *mailbox)
{
    return atomic_load_explicit(&mailbox->count, memory_order_relaxed);
}
