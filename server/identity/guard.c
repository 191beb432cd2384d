#include "server/identity/guard.h"

#include <stdlib.h>
#include <strings.h>

#include "base/check.h"
#include "server/identity/guard_private.h"

qvt_status guard_new(struct guard **out, const struct guard_options *options)
{
    struct guard *guard = calloc(1, sizeof(*guard));
    if (guard == NULL) {
        return QVT_NO_MEMORY;
    }
    guard->options = *options;
    if (limiter_new(&guard->limiter, options->failures_a_minute, options->addresses, options->entropy) != QVT_OK) {
        free(guard);
        return QVT_NO_MEMORY;
    }
    *out = guard;
    return QVT_OK;
}

void guard_free(struct guard *guard)
{
    if (guard != NULL) {
        credentials_free(guard->credentials);
        limiter_free(guard->limiter);
        free(guard->seats);
        free(guard);
    }
}

size_t guard_credential_count(const struct guard *guard)
{
    return guard->credentials == NULL ? 0 : guard->credentials->count;
}

/* ---- seats ---- */

const struct proof *guard_proof(const struct guard *guard, uint64_t caller)
{
    size_t slot = (uint32_t)caller;
    bool sits = slot < guard->seat_count && guard->seats[slot].generation == caller >> 32;
    return sits ? guard->seats[slot].proof : NULL;
}

const char *guard_name(const struct guard *guard, uint64_t caller)
{
    const struct proof *proof = guard_proof(guard, caller);
    return proof == NULL ? NULL : proof->credential->name;
}

static uint64_t number_of(const struct guard *guard, const struct proof *proof)
{
    return (uint64_t)guard->seats[proof->slot].generation << 32 | proof->slot;
}

/* The same token, secret included, or the same certificate name, among those before. */
static const struct proof *find_same(const struct guard *guard, const struct proof *proof)
{
    if (guard->credentials == NULL) {
        return NULL;
    }
    if (proof->certificate != NULL) {
        return credentials_certificate(guard->credentials, proof->certificate);
    }
    const struct proof *same = credentials_token(guard->credentials, proof->token.id);
    bool is_same = same != NULL && memcmp(same->token.salt, proof->token.salt, sizeof(proof->token.salt)) == 0 &&
                   memcmp(same->token.digest, proof->token.digest, sizeof(proof->token.digest)) == 0;
    return is_same ? same : NULL;
}

static qvt_status make_seats(struct guard *guard, size_t count)
{
    if (count <= guard->seat_count) {
        return QVT_OK;
    }
    struct seat *seats = realloc(guard->seats, count * sizeof(*seats));
    if (seats == NULL) {
        return QVT_NO_MEMORY;
    }
    memset(seats + guard->seat_count, 0, (count - guard->seat_count) * sizeof(*seats));
    guard->seats = seats;
    guard->seat_count = count;
    return QVT_OK;
}

static void take_seats(struct guard *guard, struct credentials *credentials)
{
    size_t free_slot = 0;
    for (size_t i = 0; i < guard->seat_count; i++) {
        guard->seats[i].proof = NULL;
    }
    for (size_t i = 0; i < credentials->proof_count; i++) {
        struct proof *proof = &credentials->proofs[i];
        const struct proof *same = find_same(guard, proof);
        if (same != NULL) {
            proof->slot = same->slot;
            guard->seats[proof->slot].proof = proof;
        } else {
            proof->slot = UINT32_MAX;
        }
    }
    for (size_t i = 0; i < credentials->proof_count; i++) {
        struct proof *proof = &credentials->proofs[i];
        if (proof->slot != UINT32_MAX) {
            continue;
        }
        while (guard->seats[free_slot].proof != NULL) {
            free_slot++;
        }
        proof->slot = (uint32_t)free_slot;
        guard->seats[free_slot] = (struct seat){++guard->generations, proof};
    }
}

qvt_status guard_use(struct guard *guard, struct credentials *credentials)
{
    if (make_seats(guard, credentials->proof_count) != QVT_OK) {
        credentials_free(credentials);
        return QVT_NO_MEMORY;
    }
    take_seats(guard, credentials);
    credentials_free(guard->credentials);
    guard->credentials = credentials;
    return QVT_OK;
}

/* ---- who calls ---- */

/* More failures than an address may have are told apart from others by nothing but the answer. */
static qvt_status refuse(struct guard *guard, struct guard_fault *fault, const char *message, qvt_error *error)
{
    uint32_t wait_ms = limiter_fail(guard->limiter, fault->peer, clock_monotonic_us(guard->options.clock));
    if (wait_ms == 0) {
        guard_note(guard, fault);
        return qvt_error_set(error, QVT_UNAUTHENTICATED, guard_reason_name(fault->reason), "%s", message);
    }
    fault->reason = GUARD_TOO_MANY_FAILURES;
    guard_note(guard, fault);
    (void)qvt_error_set(error, QVT_RESOURCE_EXHAUSTED, guard_reason_name(fault->reason),
                        "too many calls without a valid credential from this address");
    error->retry_delay_ms = wait_ms;
    return QVT_RESOURCE_EXHAUSTED;
}

/* The scheme is in any case (RFC 9110 §11.1). */
static bool read_bearer(struct token *out, qvt_slice authorization)
{
    static const char SCHEME[] = "Bearer ";
    const size_t len = sizeof(SCHEME) - 1;
    if (authorization.len < len || strncasecmp((const char *)authorization.data, SCHEME, len) != 0) {
        return false;
    }
    return token_parse(out, qvt_slice_make(authorization.data + len, authorization.len - len)) == QVT_OK;
}

static const struct proof *find_token(const struct guard *guard, const struct token *token, struct guard_fault *fault)
{
    const struct proof *proof = guard->credentials == NULL ? NULL : credentials_token(guard->credentials, token->id);
    if (proof == NULL) {
        return NULL;
    }
    fault->credential = proof->credential->name;
    return token_record_matches(&proof->token, token) ? proof : NULL;
}

static qvt_status identify_token(struct guard *guard, const struct guard_shown *shown, struct guard_fault *fault,
                                 const struct proof **out, qvt_error *error)
{
    struct token token;
    if (!read_bearer(&token, shown->authorization)) {
        token_wipe(&token);
        fault->reason = GUARD_TOKEN_MALFORMED;
        return refuse(guard, fault, "authorization is not \"Bearer qvt_ID_SECRET\"", error);
    }
    *out = find_token(guard, &token, fault);
    token_wipe(&token);
    if (*out == NULL) {
        fault->reason = GUARD_TOKEN_UNKNOWN;
        return refuse(guard, fault, "the token is not in force here", error);
    }
    return QVT_OK;
}

static const struct proof *find_any(const struct guard *guard, const char *const *names, size_t count)
{
    const struct proof *proof = NULL;
    for (size_t i = 0; proof == NULL && i < count; i++) {
        proof = credentials_certificate(guard->credentials, names[i]);
    }
    return proof;
}

/* The subject's common name is the last that is looked for: the others say more precisely what they are. */
static const struct proof *find_names(const struct guard *guard, const qvt_rpc_peer_names *names)
{
    if (guard->credentials == NULL) {
        return NULL;
    }
    const struct proof *proof = find_any(guard, names->uris, names->uri_count);
    if (proof == NULL) {
        proof = find_any(guard, names->dns, names->dns_count);
    }
    return proof != NULL || names->common_name[0] == '\0' ? proof : find_any(guard, &names->common_name, 1);
}

static qvt_status identify_names(struct guard *guard, const struct guard_shown *shown, struct guard_fault *fault,
                                 const struct proof **out, qvt_error *error)
{
    const qvt_rpc_peer_names *names = shown->names;
    if (names->common_name[0] == '\0' && names->dns_count == 0 && names->uri_count == 0) {
        fault->reason = GUARD_TOKEN_MISSING;
        return refuse(guard, fault, "a credential is needed: send authorization \"Bearer qvt_ID_SECRET\"", error);
    }
    *out = find_names(guard, names);
    if (*out == NULL) {
        fault->reason = GUARD_CERTIFICATE_UNKNOWN;
        return refuse(guard, fault, "no name in the client's certificate is a credential here", error);
    }
    return QVT_OK;
}

qvt_status guard_identify(struct guard *guard, const qvt_rpc_method *method, const struct guard_shown *shown,
                          uint64_t *caller, qvt_error *error)
{
    const struct proof *proof = NULL;
    struct guard_fault fault = {.peer = shown->peer, .method = method == NULL ? NULL : method->name};
    *caller = 0;
    if (method != NULL && rules_of(method)->kind == RULE_OPEN) {
        return QVT_OK;
    }
    if (shown->authorization.data != NULL) {
        QVT_TRY(identify_token(guard, shown, &fault, &proof, error));
    } else {
        QVT_TRY(identify_names(guard, shown, &fault, &proof, error));
    }
    QVT_ASSERT(proof != NULL);
    *caller = number_of(guard, proof);
    return QVT_OK;
}
