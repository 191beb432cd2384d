/* Whether a request may speak for a silo: the one check that heartbeats and writes share (SPEC §4.3, §7.2). */
#ifndef QVT_SERVER_REGISTRY_INCARNATION_H
#define QVT_SERVER_REGISTRY_INCARNATION_H

#include "qvt/error.h"
#include "server/registry/registry.h"

/* NOT_FOUND SILO_NOT_FOUND: the answer of every operation to a silo id without record. */
QVT_MUST_CHECK qvt_status incarnation_refuse_unknown(qvt_slice silo_id, qvt_error *error);

/* OK; NOT_FOUND SILO_NOT_FOUND: silo is NULL; ABORTED SUPERSEDED: the incarnation is older than the record's;
 * NOT_FOUND LEASE_EXPIRED: the silo is DEAD and `alive` is asked, or the incarnation is one that this history never
 * gave, so that the silo must register again. incarnation 0: the current one. error may be NULL. */
QVT_MUST_CHECK qvt_status incarnation_check(const struct registry_silo *silo, qvt_slice silo_id, uint64_t incarnation,
                                            bool alive, qvt_error *error);

#endif
