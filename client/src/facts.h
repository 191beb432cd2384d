/* What application threads read of the loop thread's state without waiting for it. */
#ifndef QVT_CLIENT_FACTS_H
#define QVT_CLIENT_FACTS_H

#include <stdbool.h>

#include <uv.h>

#include "qvt/error.h"
#include "qvt/silo.h"

struct version_set;

/* Written by the loop thread (last_error and health: by any thread), read by all, under the lock. */
struct facts {
    uv_mutex_t lock;
    qvt_registration registration;
    const struct version_set *versions; /* of the registered silo; NULL: none is registered */
    qvt_health health;                  /* to report; while has_health */
    bool has_health;
    qvt_error last_error;
};

/* UNAVAILABLE when the system refuses a mutex. */
QVT_MUST_CHECK qvt_status facts_init(struct facts *facts);
void facts_deinit(struct facts *facts);

void facts_publish(struct facts *facts, const qvt_registration *registration, const struct version_set *versions);
void facts_read(struct facts *facts, qvt_registration *out);

/* Copies the version of an actor type. NOT_FOUND, INVALID_ARGUMENT when size is too small. */
QVT_MUST_CHECK qvt_status facts_local_version(struct facts *facts, const char *actor_type, char *out, size_t size);

/* NULL: none. */
void facts_set_health(struct facts *facts, const qvt_health *health);

/* False: there is none to report. */
bool facts_read_health(struct facts *facts, qvt_health *out);

void facts_set_error(struct facts *facts, const qvt_error *error);
void facts_read_error(struct facts *facts, qvt_error *out);

#endif
