/* The writes that reach the local tracker, read and checked (SPEC §3): everything that needs no state. */
#ifndef QVT_CLIENT_LOCAL_REQUEST_H
#define QVT_CLIENT_LOCAL_REQUEST_H

#include <stdbool.h>

#include "qvt/error.h"
#include "qvt/record.h"
#include "qvt/slice.h"
#include "base/arena.h"
#include "client/src/local/silo.h"

/* What a write says; texts are in the arena. Which members count depends on the write. */
struct local_request {
    struct arena arena;
    qvt_silo_info silo;
    uint64_t incarnation; /* the caller's; 0: it did not say */
    struct local_instance instance;
    uint64_t held;
    const char *held_store_id;
    bool sets_status; /* an update: the status, else the scheduling */
};

/* All: INVALID_ARGUMENT naming field, value and rule; NO_MEMORY. local_request_deinit is due in every case. */
QVT_MUST_CHECK qvt_status local_request_register(struct local_request *out, qvt_slice wire, qvt_error *error);
QVT_MUST_CHECK qvt_status local_request_versions(struct local_request *out, qvt_slice wire, qvt_error *error);
QVT_MUST_CHECK qvt_status local_request_update(struct local_request *out, qvt_slice wire, qvt_error *error);
QVT_MUST_CHECK qvt_status local_request_unregister(struct local_request *out, qvt_slice wire, qvt_error *error);
void local_request_deinit(struct local_request *request);

#endif
