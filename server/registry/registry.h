/* One cluster as its log says it is: a deterministic mirror of records with the indexes that reads need. No I/O, no
 * clock, no threads. Rules live in propose.h; apply only stores what a change says. */
#ifndef QVT_SERVER_REGISTRY_REGISTRY_H
#define QVT_SERVER_REGISTRY_REGISTRY_H

#include <stdbool.h>

#include "base/buf.h"
#include "server/registry/change.h"
#include "server/registry/image.h"
#include "server/registry/limits.h"
#include "server/registry/position.h"
#include "version/placement_rules.h"

struct registry;
struct batch;

/* ---- life and log ---- */

/* An empty cluster at revision 0. The limits are copied. NO_MEMORY. */
QVT_MUST_CHECK qvt_status registry_new(struct registry **out, const struct registry_limits *limits);
void registry_free(struct registry *registry); /* NULL is fine; no walk may be open */

/* Takes one record of a stored snapshot and its own reference to it. Only before registry_load_end, each (kind, key)
 * once, in any order. NO_MEMORY; DATA_LOSS: its value cannot be read. */
QVT_MUST_CHECK qvt_status registry_load_record(struct registry *registry, struct image *image);

/* Takes one change of the stored history and its own reference to it; oldest first. NO_MEMORY; DATA_LOSS: a gap. */
QVT_MUST_CHECK qvt_status registry_load_change(struct registry *registry, struct change *change);

/* Ends loading at this position: records are put in order of mod_revision. NO_MEMORY; DATA_LOSS: head and history
 * differ. */
QVT_MUST_CHECK qvt_status registry_load_end(struct registry *registry, const struct position *head);

/* Stores the change's images and deletes, keeps it in the history (its own reference) and trims the history by now_us,
 * the wall clock. NO_MEMORY: the registry is as before. DATA_LOSS: a value cannot be read, or the change does not follow
 * the head (revision + 1, previous token, same store). batch: the one that the change may be of, whose reading of its silos
 * is used then; NULL: none. */
QVT_MUST_CHECK qvt_status registry_apply(struct registry *registry, struct change *change, const struct batch *batch,
                                         int64_t now_us);

/* Borrowed, valid as long as the registry. */
const struct position *registry_head(const struct registry *registry);
const struct registry_limits *registry_limits(const struct registry *registry);

/* ---- silos ---- */

/* What a silo's record says, without its maps. Slices borrow from `image`; valid until the next apply. */
struct registry_silo {
    struct image *image; /* value: SiloInfo, ready to be copied into an answer */
    qvt_slice id;
    qvt_slice instance_id;
    qvt_slice address;
    qvt_slice zone_id;
    qvt_slice etag;
    qvt_slice versions; /* encoded, from the first to the last entry; empty: none. Equal bytes mean equal versions */
    uint64_t incarnation;
    uint64_t mod_revision;
    int64_t registered_at_us;
    int64_t dead_since_us; /* wall clock, while DEAD */
    uint32_t port;
    uint32_t lease_ttl_ms;
    enum placement_status status;
    enum placement_scheduling scheduling;
    bool suspect;
    bool unhealthy;
    uint32_t type_count; /* actor types */
};

/* The silo with this id, or NULL. */
const struct registry_silo *registry_silo(const struct registry *registry, qvt_slice silo_id);

/* The first silo whose id is greater than `after` in byte order ("": the first of all), or NULL. For pages. */
const struct registry_silo *registry_silo_after(const struct registry *registry, qvt_slice after);

/* The next silo in order of ids, or NULL. */
const struct registry_silo *registry_silo_next(const struct registry *registry, const struct registry_silo *silo);

/* As registry_silo_after and registry_silo_next, but of the ACTIVE silos that have versions (SPEC §4.9). */
const struct registry_silo *registry_capable_after(const struct registry *registry, qvt_slice after);
const struct registry_silo *registry_capable_next(const struct registry *registry, const struct registry_silo *silo);

/* The silo that is DEAD for longest, or NULL. */
const struct registry_silo *registry_first_dead(const struct registry *registry);

/* Whether the silo has the label, `key` or `key=value`. */
bool registry_silo_has_label(const struct registry_silo *silo, qvt_slice label);

/* The encoded AssemblyVersionInfo of a type on the silo, borrowed; false: it does not have the type. */
bool registry_silo_version(const struct registry_silo *silo, qvt_slice actor_type, qvt_slice *info);

/* The parsed version of a type on the silo, borrowed until the next apply; NULL: it does not have the type. */
const struct semver *registry_silo_semver(const struct registry *registry, const struct registry_silo *silo,
                                          qvt_slice actor_type);

/* Appends the silo's encoded actor_type_versions as field `field` of another message (SiloCapabilities: 3).
 * NO_MEMORY. */
QVT_MUST_CHECK qvt_status registry_silo_append_versions(const struct registry_silo *silo, uint32_t field,
                                                        struct buf *out);

/* ---- finding ---- */

/* A silo that has the type, beside its placement_candidate. Borrowed. */
struct registry_host {
    const struct registry_silo *silo;
    qvt_slice version; /* as the silo wrote it */
};

/* How many silos have the actor type, DEAD ones too; 0: unknown type. */
uint32_t registry_candidate_count(const struct registry *registry, qvt_slice actor_type);

/* Fills both arrays, each with room for registry_candidate_count entries: candidates[i] describes hosts[i]. In no
 * particular order. Borrowed, valid until the next apply. */
void registry_candidates(const struct registry *registry, qvt_slice actor_type, struct placement_candidate *candidates,
                         struct registry_host *hosts);

/* ---- policies ---- */

/* As registry_silo. */
struct registry_policy {
    struct image *image; /* value: Policy */
    qvt_slice actor_type;
    qvt_slice etag;
    uint64_t mod_revision;
    struct placement_rules rules; /* as it was set */
};

/* The policy set for exactly this type ("": the cluster's default), or NULL. */
const struct registry_policy *registry_policy(const struct registry *registry, qvt_slice actor_type);

/* The type's own policy, else the cluster's default, else NULL. *rules are those in force: what that policy leaves open is
 * filled in. */
const struct registry_policy *registry_policy_for(const struct registry *registry, qvt_slice actor_type,
                                                  struct placement_rules *rules);

/* In order of actor types; the cluster's default ("") is not among them, ask registry_policy for it. */
const struct registry_policy *registry_policy_after(const struct registry *registry, qvt_slice after);
const struct registry_policy *registry_policy_next(const struct registry *registry,
                                                   const struct registry_policy *policy);

/* ---- counts ---- */

struct registry_counts {
    uint32_t silos_by_status[PLACEMENT_DEAD + 1];
    uint32_t silos;     /* DEAD ones too */
    uint32_t suspect;   /* not DEAD */
    uint32_t unhealthy; /* not DEAD */
    uint32_t actor_types;
    uint32_t policies;
    bool expiry_paused;
    int64_t expiry_paused_since_us; /* wall clock; 0 when not paused */
};

const struct registry_counts *registry_counts(const struct registry *registry);

/* ---- history (SPEC §6.2) ---- */

/* The change with this revision, or NULL: trimmed, or not yet made. Borrowed until the next apply. */
struct change *registry_change(const struct registry *registry, uint64_t revision);

/* The revision of the oldest change kept; head + 1 when none is. */
uint64_t registry_history_first(const struct registry *registry);

/* Drops what is too old by now (wall clock): changes do so themselves, a cluster that rests has to be asked. */
void registry_trim(struct registry *registry, int64_t now_us);

/* What the kept changes weigh, as --history-bytes counts. */
uint64_t registry_history_bytes(const struct registry *registry);

enum registry_resume {
    REGISTRY_RESUME_LIVE,  /* it is in our history, and its next change is kept or yet to come */
    REGISTRY_RESUME_RESET, /* its next change was trimmed: walk */
    REGISTRY_RESUME_LOST,  /* of another history: walk; a read with such a min_position is HISTORY_LOST */
    REGISTRY_RESUME_AHEAD  /* same store, above our head */
};

/* Where a watcher or reader that has seen everything up to `position` stands. Revision 0 is LIVE while change 1 is kept
 * or yet to come, whatever its store_id. An empty store_id (a position read from text) is taken for ours. */
enum registry_resume registry_resume(const struct registry *registry, const struct position *position);

/* ---- watching: a walk over all records in order of mod_revision (SPEC §6.3) ---- */

struct registry_walk;

struct registry_step {
    struct image *image;   /* a record as it is now, borrowed until the next apply; NULL: … */
    uint32_t removed_kind; /* … this key was deleted after the walk began */
    qvt_slice removed_key; /* borrowed until the next step or apply */
};

/* A walk that begins at the head of now. Records that change later are visited (again) at the end. NO_MEMORY. */
QVT_MUST_CHECK qvt_status registry_walk_begin(struct registry *registry, struct registry_walk **out);

/* The head when the walk began. */
const struct position *registry_walk_position(const struct registry_walk *walk);

/* The next record or deletion; false: nothing is left, the walker stands at registry_head and goes on live. */
bool registry_walk_next(struct registry_walk *walk, struct registry_step *step);

/* Ends the walk at any point and frees it. NULL is fine. */
void registry_walk_end(struct registry_walk *walk);

#endif
