/* Commands become changes: the rules of SPEC §4 and §7. Commands of a batch are proposed in order against the registry
 * and what the batch has proposed so far; readers of the registry never see that. */
#ifndef QVT_SERVER_REGISTRY_PROPOSE_H
#define QVT_SERVER_REGISTRY_PROPOSE_H

#include "base/entropy.h"
#include "qvt/error.h"
#include "server/registry/command.h"
#include "server/registry/registry.h"

struct batch;

/* An empty batch on the registry's head. The registry must not change until the batch is freed. NO_MEMORY. */
QVT_MUST_CHECK qvt_status batch_new(struct batch **out, const struct registry *registry);
void batch_free(struct batch *batch); /* NULL is fine */

/* What a command came to. References are the caller's; release with proposal_deinit. */
struct proposal {
    struct change *change;    /* also in the batch; NULL: nothing changes, or refused */
    struct image *image;      /* the record to answer with; NULL: none (unknown silo, deleted policy) */
    struct position position; /* the change's own, that of the repeated change, or the batch's head */
};

/* Decides one command. now_us: the store's wall clock. entropy: for tokens and store ids. OK: see the proposal, no
 * change means that nothing is to be done. Else a refusal described in *error: INVALID_ARGUMENT, NOT_FOUND, ABORTED,
 * FAILED_PRECONDITION, RESOURCE_EXHAUSTED, NO_MEMORY; the batch is as before. */
QVT_MUST_CHECK qvt_status batch_propose(struct batch *batch, const struct command *command, int64_t now_us,
                                        const struct entropy *entropy, struct proposal *out, qvt_error *error);

void proposal_deinit(struct proposal *proposal);

/* The changes so far, in order; borrowed from the batch. */
struct change *const *batch_changes(const struct batch *batch, size_t *count);

/* What a silo's image says, without reading it again where a change of the batch has put it; its slices borrow from the
 * image. DATA_LOSS: it is no silo. */
QVT_MUST_CHECK qvt_status batch_view(const struct batch *batch, struct image *image, struct registry_silo *out);

/* The sum of their change_size_bytes. */
size_t batch_size_bytes(const struct batch *batch);

#endif
