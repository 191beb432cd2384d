/* What a request's names must be (SPEC §2, §3.8), for reads; writes are judged by the registry. */
#ifndef QVT_SERVER_SERVICE_CHECKS_H
#define QVT_SERVER_SERVICE_CHECKS_H

#include "qvt/error.h"
#include "qvt/slice.h"

enum { CLUSTER_NAME_MAX = 64 };

/* Each: INVALID_ARGUMENT naming field, value and rule; error may be NULL. Pure. */

/* 1 to 64 of [A-Za-z0-9._-], except "." and "..". */
QVT_MUST_CHECK qvt_status check_cluster(qvt_slice name, qvt_error *error);

/* 1 to 128 bytes of printable UTF-8, except "." and "..". */
QVT_MUST_CHECK qvt_status check_silo_id(const char *field, qvt_slice silo_id, qvt_error *error);

/* 1 to 256 bytes of UTF-8. */
QVT_MUST_CHECK qvt_status check_actor_type(const char *field, qvt_slice actor_type, qvt_error *error);

#endif
