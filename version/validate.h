/* What names, texts and numbers must look like before any rule reads them (SPEC §2, §3): each refusal names field, value
 * and rule. Shared by the tracker and the library. */
#ifndef QVT_VERSION_VALIDATE_H
#define QVT_VERSION_VALIDATE_H

#include <stdint.h>

#include "qvt/error.h"
#include "qvt/slice.h"

enum { CLUSTER_NAME_MAX = 64 };

/* All: OK or INVALID_ARGUMENT with *error; `field` is the path to report. error may be NULL. Pure. */

/* ---- names, for reads too: the message begins with the field ---- */

/* `[A-Za-z0-9._-]{1,64}` except `.` and `..`. */
QVT_MUST_CHECK qvt_status validate_cluster(qvt_slice name, const char *field, qvt_error *error);

/* 1 to 128 bytes of printable UTF-8 except `.` and `..`. */
QVT_MUST_CHECK qvt_status validate_silo_id(qvt_slice silo_id, const char *field, qvt_error *error);

/* 1 to 256 bytes of UTF-8. */
QVT_MUST_CHECK qvt_status validate_actor_type(qvt_slice actor_type, const char *field, qvt_error *error);

/* As an actor type, but it may be left out. */
QVT_MUST_CHECK qvt_status validate_actor_id(qvt_slice actor_id, const char *field, qvt_error *error);

/* ---- the rest of a request ---- */

QVT_MUST_CHECK qvt_status validate_address(qvt_slice address, const char *field, qvt_error *error);
QVT_MUST_CHECK qvt_status validate_port(uint32_t port, const char *field, qvt_error *error);

/* Key 1 to max bytes, value at most max bytes, of UTF-8. */
QVT_MUST_CHECK qvt_status validate_label(qvt_slice key, qvt_slice value, uint32_t max, const char *field,
                                         qvt_error *error);

/* An actor type and a version that parses (SPEC §3.7); the path is then field[actor type].version. */
QVT_MUST_CHECK qvt_status validate_type_version(const char *actor_type, qvt_slice version, const char *field,
                                                qvt_error *error);

/* who and why (at most 1024 bytes), request_id (at most 128) and if_match (at most 128): UTF-8. */
QVT_MUST_CHECK qvt_status validate_text(const char *text, size_t max, const char *field, qvt_error *error);

#endif
