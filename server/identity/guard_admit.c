#include "base/check.h"
#include "server/identity/guard_private.h"

/* What a request asks for. */
struct wish {
    const char *method;
    const char *cluster; /* NULL: all of them */
    const char *silo_id; /* NULL: none of its own */
    enum role least;
};

static bool covers(const struct grant *grant, const struct wish *wish)
{
    return wish->cluster == NULL ? grant->all_clusters : grant_covers(grant, wish->cluster);
}

/* An admin may act for every silo, a silo for those that its patterns fit. */
static bool may_act_for(const struct grant *grant, const struct wish *wish)
{
    return wish->silo_id == NULL || grant->role == ROLE_ADMIN || grant_fits(grant, wish->silo_id);
}

/* The grant by which the wish may be granted, or NULL and how far the best one comes. */
static const struct grant *find_grant(const struct credential *credential, const struct wish *wish,
                                      enum guard_reason *reason)
{
    const struct grant *found = NULL;
    *reason = GUARD_CLUSTER_NOT_ALLOWED;
    for (size_t i = 0; i < credential->grant_count; i++) {
        const struct grant *grant = &credential->grants[i];
        if (!covers(grant, wish)) {
            continue;
        }
        if (grant->role < wish->least) {
            *reason = *reason == GUARD_CLUSTER_NOT_ALLOWED ? GUARD_ROLE_TOO_LOW : *reason;
        } else if (!may_act_for(grant, wish)) {
            *reason = GUARD_SILO_NOT_ALLOWED;
        } else if (found == NULL || grant->role > found->role) {
            found = grant;
        }
    }
    return found;
}

static qvt_status deny(struct guard *guard, const struct credential *credential, const struct wish *wish,
                       enum guard_reason reason, qvt_error *error)
{
    const struct guard_fault fault = {reason, credential->name, NULL, wish->method, wish->cluster};
    const char *name = guard_reason_name(reason);
    guard_note(guard, &fault);
    switch (reason) {
    case GUARD_ROLE_TOO_LOW:
        return qvt_error_set(error, QVT_PERMISSION_DENIED, name, "%s needs the role %s; \"%s\" does not have it here",
                             wish->method, role_name(wish->least), credential->name);
    case GUARD_SILO_NOT_ALLOWED:
        return qvt_error_set(error, QVT_PERMISSION_DENIED, name, "\"%s\" may not act for silo \"%.128s\"",
                             credential->name, wish->silo_id);
    default:
        return qvt_error_set(error, QVT_PERMISSION_DENIED, name, "\"%s\" has no role in %s%.64s", credential->name,
                             wish->cluster == NULL ? "every cluster" : "cluster ",
                             wish->cluster == NULL ? "" : wish->cluster);
    }
}

static qvt_status deny_field(struct guard *guard, const struct credential *credential, const struct wish *wish,
                             const char *field, qvt_error *error)
{
    const struct guard_fault fault = {GUARD_FIELD_NOT_ALLOWED, credential->name, NULL, wish->method, wish->cluster};
    guard_note(guard, &fault);
    return qvt_error_set(error, QVT_PERMISSION_DENIED, guard_reason_name(fault.reason),
                         "%s is set by operators: \"%s\", with the role silo, may set DRAINING only", field,
                         credential->name);
}

static qvt_status find_caller(struct guard *guard, uint64_t caller, const char *method, const struct credential **out,
                              qvt_error *error)
{
    const struct proof *proof = guard_proof(guard, caller);
    if (proof != NULL) {
        *out = proof->credential;
        return QVT_OK;
    }
    const struct guard_fault fault = {GUARD_CREDENTIAL_REVOKED, NULL, NULL, method, NULL};
    guard_note(guard, &fault);
    return qvt_error_set(error, QVT_UNAUTHENTICATED, guard_reason_name(fault.reason),
                         "the credential is not in force any more");
}

static const char *cluster_named(const char *cluster)
{
    return cluster[0] == '\0' ? "default" : cluster;
}

static qvt_status admit_wish(struct guard *guard, uint64_t caller, const struct wish *wish, const struct grant **grant,
                             const struct credential **credential, qvt_error *error)
{
    enum guard_reason reason;
    QVT_TRY(find_caller(guard, caller, wish->method, credential, error));
    *grant = find_grant(*credential, wish, &reason);
    return *grant != NULL ? QVT_OK : deny(guard, *credential, wish, reason, error);
}

static enum role least_role(enum rule_kind kind)
{
    return kind == RULE_READ ? ROLE_READER : kind == RULE_OWN_SILO ? ROLE_SILO : ROLE_ADMIN;
}

qvt_status guard_admit(struct guard *guard, uint64_t caller, const qvt_rpc_method *method,
                       const ProtobufCMessage *request, qvt_error *error)
{
    const struct rule *rule = rules_of(method);
    const struct credential *credential = NULL;
    const struct grant *grant = NULL;
    if (rule->kind == RULE_OPEN) {
        return QVT_OK;
    }
    if (rule->kind == RULE_ANYONE) {
        return find_caller(guard, caller, method->name, &credential, error);
    }
    if (rule->kind == RULE_MISSING) {
        return qvt_error_set(error, QVT_PERMISSION_DENIED, NULL, "%s is for nobody: no rule says who may call it",
                             method->name);
    }
    const struct wish wish = {
        .method = method->name,
        .cluster = cluster_named(rule->cluster(request)),
        .silo_id = rule->silo_id == NULL ? NULL : rule->silo_id(request),
        .least = least_role(rule->kind),
    };
    QVT_TRY(admit_wish(guard, caller, &wish, &grant, &credential, error));
    const char *field = rule->operators_field == NULL ? NULL : rule->operators_field(request);
    return field == NULL || grant->role == ROLE_ADMIN ? QVT_OK : deny_field(guard, credential, &wish, field, error);
}

qvt_status guard_admit_read(struct guard *guard, uint64_t caller, const char *what, const char *cluster,
                            qvt_error *error)
{
    const struct wish wish = {what, cluster_named(cluster), NULL, ROLE_READER};
    const struct credential *credential = NULL;
    const struct grant *grant = NULL;
    return admit_wish(guard, caller, &wish, &grant, &credential, error);
}

qvt_status guard_admit_read_all(struct guard *guard, uint64_t caller, const char *what, qvt_error *error)
{
    const struct wish wish = {what, NULL, NULL, ROLE_READER};
    const struct credential *credential = NULL;
    const struct grant *grant = NULL;
    return admit_wish(guard, caller, &wish, &grant, &credential, error);
}

bool guard_reads_all(const struct guard *guard, uint64_t caller)
{
    const struct wish wish = {NULL, NULL, NULL, ROLE_READER};
    const struct proof *proof = guard_proof(guard, caller);
    enum guard_reason reason;
    return proof != NULL && find_grant(proof->credential, &wish, &reason) != NULL;
}
