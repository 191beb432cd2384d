/* The queue of one actor: many senders, one receiver, bounded, lock-free. It tells the activity tracker what happens. */
#ifndef QVT_MAILBOX_H
#define QVT_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "qvt/activity.h"
#include "qvt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qvt_mailbox qvt_mailbox;

/* A mailbox for `capacity` messages, 1 to 2^20, rounded up to a power of two; freed by the caller. actor: whose activity is told, with a handle
 * that stays the caller's and must outlive the mailbox; NULL: nobody's. INVALID_ARGUMENT, NO_MEMORY. */
QVT_API QVT_MUST_CHECK qvt_status qvt_mailbox_new(qvt_mailbox **out, uint32_t capacity, qvt_actor *actor);

/* Messages in it are not freed. NULL is fine. */
QVT_API void qvt_mailbox_free(qvt_mailbox *mailbox);

/* Puts a message, never NULL; messages of one sender stay in order. *was_empty, which may be NULL, tells the sender that
 * the receiver sleeps and is to be woken. RESOURCE_EXHAUSTED: it is full, and the sender must hold back. Any thread. */
QVT_API QVT_MUST_CHECK qvt_status qvt_mailbox_put(qvt_mailbox *mailbox, void *message, bool *was_empty);

/* Takes the oldest message, the caller's again, whose handling begins; qvt_mailbox_done follows. NOT_FOUND: it is empty, and the next message
 * will say was_empty. UNAVAILABLE: a sender is just putting one; come again. One thread at a time. */
QVT_API QVT_MUST_CHECK qvt_status qvt_mailbox_take(qvt_mailbox *mailbox, void **out);

/* The message taken was handled. */
QVT_API void qvt_mailbox_done(qvt_mailbox *mailbox);

/* How many messages wait. Any thread. */
QVT_API uint32_t qvt_mailbox_depth(const qvt_mailbox *mailbox);

#ifdef __cplusplus
}
#endif

#endif
