/* Asks which silos can serve an actor type at a version. */
#ifndef QVT_FIND_H
#define QVT_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qvt/answer.h"
#include "qvt/client.h"
#include "qvt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* When an offered version serves the requested one. */
typedef enum qvt_compatibility {
    QVT_COMPATIBILITY_POLICY, /* as the actor type's policy says */
    QVT_COMPATIBILITY_STRICT,
    QVT_COMPATIBILITY_PATCH,
    QVT_COMPATIBILITY_MINOR,
    QVT_COMPATIBILITY_MAJOR,
    QVT_COMPATIBILITY_BACKWARD,
    QVT_COMPATIBILITY_RANGE
} qvt_compatibility;

/* Which of the compatible silos are offered. */
typedef enum qvt_selector {
    QVT_SELECTOR_POLICY, /* as the actor type's policy says */
    QVT_SELECTOR_ALL,
    QVT_SELECTOR_LATEST,
    QVT_SELECTOR_MINIMUM,
    QVT_SELECTOR_CLOSEST,
    QVT_SELECTOR_RAMP
} qvt_selector;

typedef struct qvt_find_request {
    uint32_t size;          /* sizeof this struct */
    const char *actor_type; /* required */
    const char *version;    /* the caller's; NULL with range NULL: every eligible silo with the type */
    const char *range;      /* such as "^2.1" */
    const char *actor_id;   /* for the selector RAMP */
    bool has_contract_fingerprint;
    uint64_t contract_fingerprint; /* STRICT compares it */
    qvt_compatibility mode;
    qvt_selector selector;
    bool explain;                     /* also tell who was dropped by which rule */
    bool linearizable;                /* checked against the store before it is answered */
    uint32_t limit;                   /* 0: all */
    const qvt_position *min_position; /* not answered from anything older; NULL: any */
} qvt_find_request;

#define QVT_FIND_REQUEST_INIT                                                                                          \
    {                                                                                                                  \
        sizeof(qvt_find_request), NULL, NULL, NULL, NULL, false, 0, QVT_COMPATIBILITY_POLICY, QVT_SELECTOR_POLICY,     \
            false, false, 0, NULL                                                                                      \
    }

/* Why nothing was found. */
typedef enum qvt_empty_reason {
    QVT_EMPTY_NOT, /* something was found */
    QVT_EMPTY_UNKNOWN_TYPE,
    QVT_EMPTY_NO_COMPATIBLE_VERSION,
    QVT_EMPTY_ALL_DRAINING,
    QVT_EMPTY_ALL_STAGED,
    QVT_EMPTY_ALL_DEAD,
    QVT_EMPTY_NONE_ELIGIBLE
} qvt_empty_reason;

/* The one rule that dropped a silo. */
typedef enum qvt_drop_reason {
    QVT_DROP_UNKNOWN,
    QVT_DROP_NOT_ACTIVE,
    QVT_DROP_DEAD,
    QVT_DROP_STAGED,
    QVT_DROP_CORDONED,
    QVT_DROP_DRAINING,
    QVT_DROP_VERSION,
    QVT_DROP_PRERELEASE,
    QVT_DROP_FINGERPRINT,
    QVT_DROP_SELECTOR,
    QVT_DROP_LIMIT
} qvt_drop_reason;

/* A silo that can serve the request. Made by the library; later versions may append members. */
typedef struct qvt_found_silo {
    const char *silo_id;
    const char *address;
    uint32_t port;
    const char *version;
    uint64_t incarnation;
    bool suspect;   /* missed its heartbeats; such silos come last */
    bool unhealthy; /* reported bad health; such silos come last */
} qvt_found_silo;

/* A silo that has the actor type and was not offered. Made by the library; later versions may append members. */
typedef struct qvt_dropped_silo {
    const char *silo_id;
    const char *version;
    qvt_drop_reason reason;
} qvt_dropped_silo;

/* Immutable, independent of its client; any thread. */
typedef struct qvt_find_result qvt_find_result;

/* Finds, best match first; *out is freed by the caller, also when it is empty, which is OK and has a reason. A tracker that
 * goes away before it answers is no error: the next one is asked, unless the call is to fail fast.
 * INVALID_ARGUMENT, ABORTED reason HISTORY_LOST (min_position), UNAVAILABLE, DEADLINE_EXCEEDED. call may be NULL. */
QVT_API QVT_MUST_CHECK qvt_status qvt_client_find(qvt_find_result **out, qvt_client *client,
                                                  const qvt_find_request *request, const qvt_call_options *call);

/* result: freed by the receiver; NULL unless the error is OK. */
typedef void qvt_find_done(void *data, qvt_find_result *result, const qvt_error *error);

/* The callback form of qvt_client_find. INVALID_ARGUMENT, NO_MEMORY, CANCELLED. */
QVT_API QVT_MUST_CHECK qvt_status qvt_client_find_async(qvt_client *client, const qvt_find_request *request,
                                                        const qvt_call_options *call, qvt_find_done *on_done,
                                                        void *data);

/* How many silos were found; 0 is an answer too. */
QVT_API size_t qvt_find_result_count(const qvt_find_result *result);

/* The silo with this index, below the count; borrowed. */
QVT_API const qvt_found_silo *qvt_find_result_silo(const qvt_find_result *result, size_t index);

/* How many silos were dropped; 0 without explain. */
QVT_API size_t qvt_find_result_dropped_count(const qvt_find_result *result);

/* The dropped silo with this index, below the dropped count; borrowed. */
QVT_API const qvt_dropped_silo *qvt_find_result_dropped(const qvt_find_result *result, size_t index);

/* Why nothing was found; QVT_EMPTY_NOT when something was. */
QVT_API qvt_empty_reason qvt_find_result_empty_reason(const qvt_find_result *result);

/* Which moment the result speaks of, and how old it is; borrowed. */
QVT_API const qvt_answer *qvt_find_result_answer(const qvt_find_result *result);

/* Any thread, also when the client is gone. NULL is fine. */
QVT_API void qvt_find_result_free(qvt_find_result *result);

#ifdef __cplusplus
}
#endif

#endif
