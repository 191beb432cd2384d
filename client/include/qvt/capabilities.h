/* Which silo serves which actor types at which versions. */
#ifndef QVT_CAPABILITIES_H
#define QVT_CAPABILITIES_H

#include <stddef.h>
#include <stdint.h>

#include "qvt/answer.h"
#include "qvt/client.h"
#include "qvt/silo.h"
#include "qvt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Immutable, independent of its client; any thread. */
typedef struct qvt_capabilities qvt_capabilities;

/* One silo's versions, by actor type in byte order. Made by the library; later versions may append members. */
typedef struct qvt_silo_versions {
    const char *silo_id;
    uint64_t incarnation;
    const qvt_actor_version *versions;
    size_t version_count;
} qvt_silo_versions;

/* The versions of one silo; *out holds that silo and is freed by the caller. NOT_FOUND with reason NO_VERSIONS or
 * SILO_NOT_FOUND, INVALID_ARGUMENT, UNAVAILABLE, DEADLINE_EXCEEDED. call may be NULL. */
QVT_API QVT_MUST_CHECK qvt_status qvt_client_silo_capabilities(qvt_capabilities **out, qvt_client *client,
                                                               const char *silo_id, const qvt_call_options *call);

/* The versions of every ACTIVE silo that has any, by silo id; *out is freed by the caller. Several round trips when
 * there are many, within one deadline. call may be NULL. */
QVT_API QVT_MUST_CHECK qvt_status qvt_client_list_capabilities(qvt_capabilities **out, qvt_client *client,
                                                               const qvt_call_options *call);

/* capabilities: freed by the receiver; NULL unless the error is OK. */
typedef void qvt_capabilities_done(void *data, qvt_capabilities *capabilities, const qvt_error *error);

/* The callback forms of both. INVALID_ARGUMENT, NO_MEMORY, CANCELLED. */
QVT_API QVT_MUST_CHECK qvt_status qvt_client_silo_capabilities_async(qvt_client *client, const char *silo_id,
                                                                     const qvt_call_options *call,
                                                                     qvt_capabilities_done *on_done, void *data);
QVT_API QVT_MUST_CHECK qvt_status qvt_client_list_capabilities_async(qvt_client *client, const qvt_call_options *call,
                                                                     qvt_capabilities_done *on_done, void *data);

/* How many silos it holds. */
QVT_API size_t qvt_capabilities_count(const qvt_capabilities *capabilities);

/* The silo with this index, below the count; borrowed. */
QVT_API const qvt_silo_versions *qvt_capabilities_silo(const qvt_capabilities *capabilities, size_t index);

/* The version of one actor type on the silo with this index; NULL: it has none. Borrowed. */
QVT_API const qvt_actor_version *qvt_capabilities_find(const qvt_capabilities *capabilities, size_t index,
                                                       const char *actor_type);

/* Of the last round trip; borrowed. */
QVT_API const qvt_answer *qvt_capabilities_answer(const qvt_capabilities *capabilities);

/* Any thread, also when the client is gone. NULL is fine. */
QVT_API void qvt_capabilities_free(qvt_capabilities *capabilities);

#ifdef __cplusplus
}
#endif

#endif
