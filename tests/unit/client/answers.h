/* Answers of the tracker, encoded, for tests of the client. */
#ifndef QVT_TESTS_UNIT_CLIENT_ANSWERS_H
#define QVT_TESTS_UNIT_CLIENT_ANSWERS_H

#include "qvt/find.h"
#include "qvt/silo.h"
#include "base/buf.h"

#define STORE_ID "0123456789abcdef0123456789abcdef"

void answer_register(struct buf *out, uint64_t incarnation, uint32_t lease_ttl_ms, const char *store_id);
void answer_heartbeat(struct buf *out, uint32_t lease_remaining_ms);
void answer_find(struct buf *out, const qvt_found_silo *silos, size_t count, int empty_reason);
void answer_capabilities(struct buf *out, const char *silo_id, const qvt_actor_version *versions, size_t count);
void answer_capabilities_page(struct buf *out, const char *silo_id, const qvt_actor_version *versions, size_t count,
                              const char *next_page);

#endif
