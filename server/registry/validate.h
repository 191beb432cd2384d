/* What a request must look like before any rule reads it (SPEC §2, §3): each refusal names field, value and rule. */
#ifndef QVT_SERVER_REGISTRY_VALIDATE_H
#define QVT_SERVER_REGISTRY_VALIDATE_H

#include "quark/version/v1/silo.pb-c.h"
#include "qvt/error.h"
#include "server/registry/limits.h"
#include "server/registry/maps.h"
#include "version/placement.h"

enum { CLUSTER_NAME_MAX = 64 };

/* All: OK or INVALID_ARGUMENT with *error; `field` is the path to report. error may be NULL. Pure. */

/* ---- names, for reads too: the message begins with the field ---- */

/* `[A-Za-z0-9._-]{1,64}` except `.` and `..`. */
QVT_MUST_CHECK qvt_status validate_cluster(qvt_slice name, const char *field, qvt_error *error);

/* 1 to 128 bytes of printable UTF-8 except `.` and `..`. */
QVT_MUST_CHECK qvt_status validate_silo_id(qvt_slice silo_id, const char *field, qvt_error *error);

/* 1 to 256 bytes of UTF-8. */
QVT_MUST_CHECK qvt_status validate_actor_type(qvt_slice actor_type, const char *field, qvt_error *error);

/* ---- the rest of a request ---- */

QVT_MUST_CHECK qvt_status validate_address(qvt_slice address, const char *field, qvt_error *error);
QVT_MUST_CHECK qvt_status validate_port(uint32_t port, const char *field, qvt_error *error);

/* JOINING to DEAD, SCHEDULABLE to DRAINING; UNSPECIFIED too where `optional`. */
QVT_MUST_CHECK qvt_status validate_status(int value, bool optional, const char *field, qvt_error *error);
QVT_MUST_CHECK qvt_status validate_scheduling(int value, bool optional, const char *field, qvt_error *error);

/* Count and sizes, keys not empty. */
QVT_MUST_CHECK qvt_status validate_labels(const struct label_map *labels, const struct registry_limits *limits,
                                          const char *field, qvt_error *error);

/* Count, actor types, and every version parses (SPEC §3.7). */
QVT_MUST_CHECK qvt_status validate_versions(const struct version_map *versions, const struct registry_limits *limits,
                                            const char *field, qvt_error *error);

/* The lease in ms that an asked Duration comes to: absent or 0 the default, else clamped (SPEC §7.1); negative is
 * refused. */
QVT_MUST_CHECK qvt_status validate_lease(const Google__Protobuf__Duration *asked, const struct registry_limits *limits,
                                         const char *field, uint32_t *lease_ms, qvt_error *error);

/* who and why (at most 1024 bytes), request_id (at most 128) and if_match (at most 128): UTF-8. */
QVT_MUST_CHECK qvt_status validate_text(const char *text, size_t max, const char *field, qvt_error *error);

#endif
