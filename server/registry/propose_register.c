#include <inttypes.h>

#include "base/check.h"
#include "server/registry/batch_state.h"

#define HELD_AHEAD_MAX_US INT64_C(3600000000)
#define INSTANCE_ID_LEN 16u
#define RECORD_FIELD_SILO 3u

typedef Quark__Version__V1__RegisterSiloRequest request_message;

/* A registration that has passed validation. */
struct registration {
    const request_message *request;
    const Quark__Version__V1__SiloInfo *asked;
    qvt_slice silo_id;
    qvt_slice instance_id;
    uint64_t held;
    struct label_map labels;
    struct version_map versions;
    uint32_t lease_ttl_ms;
};

/* Which incarnation the registration gets (SPEC §4.4). */
enum verdict { VERDICT_NEW, VERDICT_HELD, VERDICT_SAME };

static qvt_status validate_instance(const struct registration *registration, qvt_error *error)
{
    size_t len = registration->instance_id.len;
    if (len == 0 || len == INSTANCE_ID_LEN) {
        return QVT_OK;
    }
    return qvt_error_field(error, "instance_id", "%zu bytes: an instance id is %u random bytes", len, INSTANCE_ID_LEN);
}

static qvt_status validate_asked(struct registration *registration, struct draft *draft)
{
    const Quark__Version__V1__SiloInfo *asked = registration->asked;
    const struct registry_limits *limits = &draft->batch->registry->limits;
    qvt_error *error = draft->error;
    QVT_TRY(validate_silo_id(registration->silo_id, "silo.silo_id", error));
    QVT_TRY(validate_instance(registration, error));
    QVT_TRY(validate_address(qvt_slice_text(asked->address), "silo.address", error));
    QVT_TRY(validate_port(asked->port, "silo.port", error));
    QVT_TRY(validate_status((int)asked->status, true, "silo.status", error));
    if (asked->status == QUARK__VERSION__V1__SILO_STATUS__SILO_STATUS_DEAD) {
        return qvt_error_field(error, "silo.status", "DEAD: a silo that is DEAD does not register, it unregisters");
    }
    QVT_TRY(validate_scheduling((int)asked->scheduling, true, "silo.scheduling", error));
    QVT_TRY(validate_lease(asked->lease_ttl, limits, "silo.lease_ttl", &registration->lease_ttl_ms, error));
    QVT_TRY(validate_labels(&registration->labels, limits, "silo.labels", error));
    return validate_versions(&registration->versions, limits, "silo.actor_type_versions", error);
}

static qvt_status read_request(struct registration *registration, const request_message *request, qvt_error *error)
{
    *registration = (struct registration){.request = request, .asked = request->silo};
    if (request->silo == NULL) {
        return qvt_error_field(error, "silo", "missing");
    }
    ProtobufCBinaryData instance = request->instance_id.len > 0 ? request->instance_id : request->silo->instance_id;
    registration->silo_id = qvt_slice_text(request->silo->silo_id);
    registration->instance_id = qvt_slice_make(instance.data, instance.len);
    registration->held = request->held == NULL ? 0 : request->held->incarnation;
    QVT_TRY(label_map_collect(&registration->labels, request->silo));
    return version_map_collect_silo(&registration->versions, request->silo);
}

static bool is_held_elsewhere(const struct registration *registration, const struct position *head)
{
    if (registration->held == 0) {
        return false;
    }
    const char *store_id = registration->request->held->store_id;
    return store_id[0] != 0 && (head->revision == 0 || strcmp(store_id, head->store_id) != 0);
}

static qvt_status refuse_superseded(const struct registry_silo *silo, qvt_error *error)
{
    qvt_error_set(error, QVT_ABORTED, "SUPERSEDED",
                  "silo \"%.*s\" belongs to another instance since incarnation %" PRIu64 "; this process has lost it",
                  (int)silo->id.len, (const char *)silo->id.data, silo->incarnation);
    qvt_error_fact(error, "incarnation", "%" PRIu64, silo->incarnation);
    return QVT_ABORTED;
}

/* SPEC §4.4, in its order: the first rule that fits. */
static qvt_status decide(const struct registration *registration, const struct draft *draft,
                         const struct registry_silo *silo, enum verdict *verdict)
{
    int64_t newest_us = draft->now_us + HELD_AHEAD_MAX_US;
    if (registration->held > (uint64_t)newest_us) {
        return qvt_error_field(draft->error, "held.incarnation",
                               "%" PRIu64 ": more than an hour ahead of the tracker's clock", registration->held);
    }
    if (silo == NULL) {
        *verdict = is_held_elsewhere(registration, &draft->batch->head) ? VERDICT_HELD : VERDICT_NEW;
        return QVT_OK;
    }
    if (registration->held > silo->incarnation) {
        *verdict = VERDICT_HELD;
        return QVT_OK;
    }
    bool same = registration->instance_id.len > 0 && qvt_slice_equal(registration->instance_id, silo->instance_id);
    if (same || registration->instance_id.len == 0) {
        *verdict = silo->status == PLACEMENT_DEAD ? VERDICT_NEW : VERDICT_SAME;
        return QVT_OK;
    }
    if (registration->held == 0) {
        *verdict = VERDICT_NEW;
        return QVT_OK;
    }
    return refuse_superseded(silo, draft->error);
}

static uint64_t next_incarnation(const struct draft *draft)
{
    uint64_t now = (uint64_t)draft->now_us;
    uint64_t next = draft->batch->last_incarnation + 1;
    return next > now ? next : now;
}

static enum placement_scheduling unless_draining(enum placement_scheduling scheduling)
{
    bool stays = scheduling == PLACEMENT_CORDONED || scheduling == PLACEMENT_STAGED;
    return stays ? scheduling : PLACEMENT_SCHEDULABLE;
}

/* CORDONED and STAGED stay with the silo id, DRAINING with the incarnation: a new one starts SCHEDULABLE, whatever it
 * asks for (SPEC §3.3). While nobody has set anything for the id, because it was never seen, its deployer may: it comes
 * STAGED or CORDONED when the registration says so. One that runs on may say that it is DRAINING, and nothing else. */
static enum placement_scheduling pick_scheduling(const struct registration *registration,
                                                 const struct registry_silo *silo, enum verdict verdict)
{
    enum placement_scheduling asked = (enum placement_scheduling)registration->asked->scheduling;
    enum placement_scheduling kept = unless_draining(silo == NULL ? asked : silo->scheduling);
    if (verdict == VERDICT_SAME) {
        kept = silo->scheduling;
    }
    bool drains = asked == PLACEMENT_DRAINING && verdict != VERDICT_NEW && kept == PLACEMENT_SCHEDULABLE;
    return drains ? PLACEMENT_DRAINING : kept;
}

static enum placement_status pick_status(const struct registration *registration)
{
    enum placement_status asked = (enum placement_status)registration->asked->status;
    return asked == PLACEMENT_STATUS_UNSPECIFIED ? PLACEMENT_ACTIVE : asked;
}

static struct silo_image compose(const struct registration *registration, const struct draft *draft,
                                 const struct registry_silo *silo, enum verdict verdict)
{
    struct silo_image image = {
        .asked = registration->asked,
        .labels = &registration->labels,
        .versions = &registration->versions,
        .instance_id = registration->instance_id,
        .incarnation = verdict == VERDICT_HELD ? registration->held : next_incarnation(draft),
        .registered_at_us = draft->now_us,
        .lease_ttl_ms = registration->lease_ttl_ms,
        .status = pick_status(registration),
        .scheduling = pick_scheduling(registration, silo, verdict),
    };
    if (verdict == VERDICT_SAME) {
        image.instance_id = silo->instance_id;
        image.incarnation = silo->incarnation;
        image.registered_at_us = silo->registered_at_us;
        image.status = silo->status > image.status ? silo->status : image.status;
        image.suspect = silo->suspect;
        image.unhealthy = silo->unhealthy;
    }
    return image;
}

static qvt_status check_room(const struct draft *draft, const struct registry_silo *silo)
{
    const struct registry_limits *limits = &draft->batch->registry->limits;
    size_t record_bytes = image_value(draft->change.puts[0]).len;
    if (record_bytes > limits->registration_bytes) {
        return qvt_error_field(draft->error, "silo", "%zu bytes: a registration is at most %" PRIu32, record_bytes,
                               limits->registration_bytes);
    }
    bool lives = silo != NULL && silo->status != PLACEMENT_DEAD;
    if (!lives && draft->batch->living_silos >= limits->silos) {
        return qvt_error_set(draft->error, QVT_RESOURCE_EXHAUSTED, "TOO_MANY_SILOS",
                             "the cluster has %" PRIu32 " silos that are not DEAD, which is the limit", limits->silos);
    }
    return QVT_OK;
}

static qvt_status put_silo(struct draft *draft, const struct silo_image *image, const struct registration *registration)
{
    struct buf *value = &draft->batch->scratch;
    buf_clear(value);
    QVT_TRY(silo_image_encode(image, draft->change.position.revision, draft->etag, value));
    return draft_put(draft, RECORD_SILO, RECORD_FIELD_SILO, registration->silo_id, buf_slice(value));
}

static qvt_status commit(struct draft *draft, const struct registration *registration, const struct registry_silo *silo,
                         enum verdict verdict, struct proposal *out)
{
    struct silo_image image = compose(registration, draft, silo, verdict);
    QVT_TRY(put_silo(draft, &image, registration));
    if (verdict == VERDICT_SAME && draft_says_nothing(draft, silo->image)) {
        draft_keep(draft, silo->image, out);
        return QVT_OK;
    }
    QVT_TRY(check_room(draft, silo));
    QVT_TRY(batch_read(draft->batch, draft->change.puts[0]));
    if (silo != NULL && !qvt_slice_equal(draft->batch->read.versions, silo->versions)) {
        QVT_TRY(draft_note_types(draft, silo->image));
    }
    return draft_commit(draft, CHANGE_SILO_REGISTERED, out);
}

static qvt_status propose(struct draft *draft, struct registration *registration, struct proposal *out)
{
    const request_message *request = registration->request;
    struct write_meta meta = {request->request_id, request->if_match, request->who, request->why};
    bool repeats;
    QVT_TRY(validate_asked(registration, draft));
    QVT_TRY(draft_describe(draft, &meta));
    QVT_TRY(draft_repeats(draft, &meta, RECORD_SILO, registration->silo_id, &repeats, out));
    if (repeats) {
        return QVT_OK;
    }
    const struct registry_silo *silo = batch_silo(draft->batch, registration->silo_id);
    enum verdict verdict = VERDICT_NEW;
    QVT_TRY(decide(registration, draft, silo, &verdict));
    QVT_TRY(draft_match(draft, meta.if_match, silo == NULL ? qvt_slice_make(NULL, 0) : silo->etag));
    return commit(draft, registration, silo, verdict, out);
}

qvt_status propose_register(struct draft *draft, const request_message *request, struct proposal *out)
{
    struct registration registration;
    qvt_status status = read_request(&registration, request, draft->error);
    if (status == QVT_OK) {
        status = propose(draft, &registration, out);
    }
    label_map_deinit(&registration.labels);
    version_map_deinit(&registration.versions);
    return status;
}
