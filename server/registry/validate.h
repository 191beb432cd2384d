/* What the maps and choices of a request must look like before any rule reads them (SPEC §3). */
#ifndef QVT_SERVER_REGISTRY_VALIDATE_H
#define QVT_SERVER_REGISTRY_VALIDATE_H

#include "quark/version/v1/silo.pb-c.h"
#include "qvt/error.h"
#include "server/registry/limits.h"
#include "server/registry/maps.h"
#include "version/placement.h"
#include "version/validate.h"

/* As in version/validate.h: OK or INVALID_ARGUMENT with *error; `field` is the path to report. error may be NULL. Pure. */

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

#endif
