/* The inside of a batch: what its changes would make of the registry, and a change under construction. Private. */
#ifndef QVT_SERVER_REGISTRY_BATCH_STATE_H
#define QVT_SERVER_REGISTRY_BATCH_STATE_H

#include "server/registry/propose.h"
#include "server/registry/silo_image.h"
#include "server/registry/state.h"
#include "server/registry/table.h"
#include "server/registry/validate.h"

/* A record as the batch leaves it; lies over the registry's. */
struct overlay {
    uint64_t hash;
    uint32_t kind;
    qvt_slice key;       /* owned by a change of the batch */
    struct image *image; /* owned by a change of the batch; NULL: deleted */
    struct registry_silo silo;
};

struct batch {
    const struct registry *registry;
    struct table overlays;
    struct change **changes;
    size_t change_count;
    size_t change_capacity;
    struct position head;
    uint64_t last_incarnation;
    uint32_t living_silos; /* not DEAD */
    size_t bytes;
    struct buf scratch;        /* a record's value while it is put together */
    struct registry_silo read; /* of the draft's image that was read last; its image is NULL: of none */
};

/* ---- batch.c: the registry with the batch laid over it ---- */

/* The record's image, or NULL. Borrowed. */
struct image *batch_image(const struct batch *batch, uint32_t kind, qvt_slice key);
const struct registry_silo *batch_silo(const struct batch *batch, qvt_slice silo_id);
bool batch_has_overlay(const struct batch *batch, uint32_t kind, qvt_slice key);

/* Reads the silo's image, put by the present draft, into batch->read, once. DATA_LOSS: it is no silo. */
QVT_MUST_CHECK qvt_status batch_read(struct batch *batch, struct image *image);

/* Appends the change, which takes the batch's head further, with its own reference. NO_MEMORY: as before. */
QVT_MUST_CHECK qvt_status batch_add(struct batch *batch, struct change *change);

/* The change with this request id among the batch and the kept history, or NULL. */
struct change *batch_request(const struct batch *batch, qvt_slice request_id);

/* ---- draft.c: the change that a command leads to ---- */

/* What every write may carry (SPEC §4.2). */
struct write_meta {
    const char *request_id;
    const char *if_match;
    const char *who;
    const char *why;
};

struct draft {
    struct batch *batch;
    int64_t now_us;
    qvt_error *error;
    struct change change; /* its arrays are owned by the draft, its images too */
    size_t put_capacity;
    size_t delete_capacity;
    size_t type_capacity;
    size_t bytes; /* of the images so far */
    char etag[POSITION_TEXT_MAX];
};

/* Draws the token, so that records can name it. */
void draft_init(struct draft *draft, struct batch *batch, int64_t now_us, const struct entropy *entropy,
                qvt_error *error);
void draft_deinit(struct draft *draft);

/* who, why and the request id go into the change. INVALID_ARGUMENT: too long. */
QVT_MUST_CHECK qvt_status draft_describe(struct draft *draft, const struct write_meta *meta);

QVT_MUST_CHECK qvt_status draft_put(struct draft *draft, uint32_t kind, uint32_t field, qvt_slice key, qvt_slice value);
QVT_MUST_CHECK qvt_status draft_put_setting(struct draft *draft, const char *name, uint64_t number);

/* Patches a silo's record; the patch's fields only. */
QVT_MUST_CHECK qvt_status draft_patch_silo(struct draft *draft, const struct registry_silo *silo,
                                           const struct silo_patch *patch);
QVT_MUST_CHECK qvt_status draft_delete(struct draft *draft, uint32_t kind, qvt_slice key);

/* Names the actor types that the silo has now among the change's previous ones. */
QVT_MUST_CHECK qvt_status draft_note_types(struct draft *draft, const struct image *silo);

/* Whether the draft's only put says what the record says already: all but mod_revision and etag are equal. */
bool draft_says_nothing(const struct draft *draft, const struct image *record);

/* Makes the change, adds it to the batch and answers with its first put, if any. */
QVT_MUST_CHECK qvt_status draft_commit(struct draft *draft, uint32_t event, struct proposal *out);

/* Answers that nothing changes, with this record (NULL: none) at the batch's head. */
void draft_keep(const struct draft *draft, struct image *image, struct proposal *out);

/* Whether the request id was used for this record before; *out is then the answer. INVALID_ARGUMENT: used for another
 * record. */
QVT_MUST_CHECK qvt_status draft_repeats(struct draft *draft, const struct write_meta *meta, uint32_t kind,
                                        qvt_slice key, bool *repeats, struct proposal *out);

/* ABORTED ETAG_MISMATCH unless if_match is empty or the record's etag ("" without record). */
QVT_MUST_CHECK qvt_status draft_match(struct draft *draft, const char *if_match, qvt_slice etag);

/* ---- one rule book a file ---- */

QVT_MUST_CHECK qvt_status propose_register(struct draft *draft, const Quark__Version__V1__RegisterSiloRequest *request,
                                           struct proposal *out);
QVT_MUST_CHECK qvt_status propose_versions(struct draft *draft,
                                           const Quark__Version__V1__RegisterSiloVersionsRequest *request,
                                           struct proposal *out);
QVT_MUST_CHECK qvt_status propose_update(struct draft *draft, const Quark__Version__V1__UpdateSiloRequest *request,
                                         struct proposal *out);
QVT_MUST_CHECK qvt_status propose_unregister(struct draft *draft,
                                             const Quark__Version__V1__UnregisterSiloRequest *request,
                                             struct proposal *out);
QVT_MUST_CHECK qvt_status propose_set_policy(struct draft *draft, const Quark__Version__V1__SetPolicyRequest *request,
                                             struct proposal *out);
QVT_MUST_CHECK qvt_status propose_delete_policy(struct draft *draft,
                                                const Quark__Version__V1__DeletePolicyRequest *request,
                                                struct proposal *out);
QVT_MUST_CHECK qvt_status propose_expire(struct draft *draft, const struct silo_marks *marks, struct proposal *out);
QVT_MUST_CHECK qvt_status propose_suspect(struct draft *draft, const struct silo_marks *marks, struct proposal *out);
QVT_MUST_CHECK qvt_status propose_health(struct draft *draft, const struct silo_marks *marks, struct proposal *out);
QVT_MUST_CHECK qvt_status propose_purge(struct draft *draft, struct proposal *out);
QVT_MUST_CHECK qvt_status propose_pause(struct draft *draft, const struct silo_marks *marks, struct proposal *out);
QVT_MUST_CHECK qvt_status propose_resume(struct draft *draft, struct proposal *out);

#endif
