/* A store on a virtual clock and its own loop, with calls that wait for their answer. */
#ifndef QVT_TESTS_UNIT_SERVER_STORE_SCENE_H
#define QVT_TESTS_UNIT_SERVER_STORE_SCENE_H

#include <uv.h>

#include "server/store/store.h"
#include "tests/support/virtual_clock.h"

enum scene_kind { SCENE_memory, SCENE_sqlite, SCENE_redis };

struct scene {
    enum scene_kind kind;
    struct virtual_clock clock;
    uv_loop_t loop;
    struct store *store;
    int port;        /* of the Redis */
    uint64_t tokens; /* given so far */
    char folder[64]; /* a fresh one under $TMPDIR */
    char path[96];   /* of the sqlite file in it */
};

void scene_init(struct scene *scene, enum scene_kind kind);
void scene_deinit(struct scene *scene); /* closes the store, removes the folder */

/* A second life of the same data: sqlite's file is closed and opened; memory only goes on. No log may be open. */
void scene_restart(struct scene *scene);

/* Ends the store, but not the scene; for sqlite. */
void scene_stop(struct scene *scene);

/* Whether the file could be opened; scene->store is NULL if not. */
qvt_status scene_start(struct scene *scene, qvt_error *error);

/* Lets time pass; where others share the store, with a tick of the log each second. */
void scene_advance_ms(struct scene *scene, struct store_log *log, int64_t ms);

/* A tick: what the store knows by now, the log knows. */
void scene_tick(struct scene *scene, struct store_log *log);

struct store_log *scene_log(struct scene *scene, const char *cluster);
struct store_log *scene_moves(struct scene *scene, const char *cluster); /* its second log */

/* ---- answers, to be released ---- */

struct loaded {
    bool done;
    qvt_status status;
    qvt_error error;
    struct position head;
    struct image **records;
    size_t record_count;
    struct change **history;
    size_t history_count;
};

void scene_load(struct scene *scene, struct store_log *log, struct loaded *out);
void loaded_deinit(struct loaded *loaded);

/* The value of the record as text, or NULL. Borrowed. */
const char *loaded_value(const struct loaded *loaded, uint32_t kind, const char *key);

struct appended {
    bool done;
    enum store_append_outcome outcome;
    qvt_error error; /* OK unless FAILED */
    struct change **missed;
    size_t missed_count;
};

/* Starts an append without waiting; *out is filled when it is answered. */
void scene_append_start(struct store_log *log, const struct store_append *append, struct appended *out);
void scene_append(struct scene *scene, struct store_log *log, const struct store_append *append, struct appended *out);
void appended_deinit(struct appended *appended);

/* Appends changes that build on `expected`, keeps everything, forgets what was missed. */
enum store_append_outcome scene_commit(struct scene *scene, struct store_log *log, const struct position *expected,
                                       struct change *const *changes, size_t count);

qvt_status scene_head(struct scene *scene, struct store_log *log, struct position *out);

/* The names joined by commas, in byte order. */
void scene_names(struct scene *scene, char *out, size_t cap);

/* Runs the loop until there are so many. */
void scene_wait_count(struct scene *scene, const size_t *count, size_t wanted);

/* Runs the loop until *done. */
void scene_wait(struct scene *scene, const bool *done);

/* ---- changes ---- */

/* A change that follows *head, which moves to it; from head {0}, the first of a new cluster, and from revision 0 of a
 * store_id, the first of that cluster's moves. */
struct change *scene_change(struct scene *scene, struct position *head, struct image *const *puts, size_t put_count,
                            const struct change_key *deletes, size_t delete_count);

/* A change that puts or deletes one record. */
struct change *scene_put(struct scene *scene, struct position *head, uint32_t kind, const char *key, const char *value);
struct change *scene_delete(struct scene *scene, struct position *head, uint32_t kind, const char *key);

/* A change that puts a silo with this incarnation. dead: status DEAD, else ACTIVE. */
struct change *scene_silo(struct scene *scene, struct position *head, const char *id, struct store_lease lease,
                          bool dead);

#endif
