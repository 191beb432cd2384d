/* Messages of a watch, encoded, for tests of the client. Positions are revision N of the store, token N * 11. */
#ifndef QVT_TESTS_UNIT_CLIENT_WATCH_ANSWERS_H
#define QVT_TESTS_UNIT_CLIENT_WATCH_ANSWERS_H

#include "base/buf.h"

void answer_watch_reset(struct buf *out, const char *store_id, uint64_t revision);

/* A silo with every field set and the one actor type Order. */
void answer_watch_silo(struct buf *out, const char *silo_id, const char *version);
void answer_watch_policy(struct buf *out, const char *actor_type);
void answer_watch_setting(struct buf *out, const char *name);

/* A silo that serves Order and Cart at the version, in a walk and in a change. */
void answer_watch_host(struct buf *out, const char *silo_id, const char *version);
void answer_watch_host_change(struct buf *out, const char *store_id, uint64_t revision, const char *silo_id,
                              const char *version);

/* A record of a kind and with a value that this library does not know. */
void answer_watch_stranger(struct buf *out);

void answer_watch_removed(struct buf *out, const char *silo_id);
void answer_watch_end(struct buf *out, const char *store_id, uint64_t revision);

/* Puts one silo and deletes another. */
void answer_watch_change(struct buf *out, const char *store_id, uint64_t revision, const char *put,
                         const char *deleted);
void answer_watch_progress(struct buf *out, const char *store_id, uint64_t revision);

#endif
