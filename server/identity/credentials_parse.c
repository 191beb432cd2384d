#include <stdlib.h>
#include <strings.h>

#include "base/check.h"
#include "server/identity/credentials_parsing.h"

static qvt_status read_lines(struct parsing *parsing, char *text)
{
    for (char *line = text; line != NULL;) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end++ = '\0';
        }
        parsing->line++;
        QVT_TRY(credentials_read_line(parsing, line));
        line = end;
    }
    return QVT_OK;
}

/* ---- what lines say together ---- */

/* Tokens first, by id, then certificates, by name. */
static int compare_proofs(const void *a, const void *b)
{
    const struct proof *left = &((const struct parsed_proof *)a)->proof;
    const struct proof *right = &((const struct parsed_proof *)b)->proof;
    if ((left->certificate == NULL) != (right->certificate == NULL)) {
        return left->certificate == NULL ? -1 : 1;
    }
    int order = left->certificate != NULL           ? strcasecmp(left->certificate, right->certificate)
                : left->token.id == right->token.id ? 0
                                                    : (left->token.id < right->token.id ? -1 : 1);
    return order != 0 ? order : left->line < right->line ? -1 : 1;
}

static bool is_same(const struct proof *a, const struct proof *b)
{
    if (a->certificate != NULL && b->certificate != NULL) {
        return strcasecmp(a->certificate, b->certificate) == 0;
    }
    return a->certificate == NULL && b->certificate == NULL && a->token.id == b->token.id;
}

static qvt_status check_proofs(struct parsing *parsing, const struct parsed_proof *proofs, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (is_same(&proofs[i - 1].proof, &proofs[i].proof)) {
            parsing->line = proofs[i].proof.line;
            return CREDENTIALS_FAIL(parsing, "the %s stands twice, first on line %u",
                                    proofs[i].proof.certificate == NULL ? "token" : "certificate",
                                    proofs[i - 1].proof.line);
        }
    }
    return QVT_OK;
}

static int compare_names(const void *a, const void *b)
{
    const struct credential *const *left = a;
    const struct credential *const *right = b;
    int order = strcmp((*left)->name, (*right)->name);
    return order != 0 ? order : (*left)->line < (*right)->line ? -1 : 1;
}

static qvt_status check_names(struct parsing *parsing, const struct credential *list, size_t count)
{
    const struct credential **sorted = malloc((count + 1) * sizeof(const struct credential *));
    qvt_status status = sorted == NULL ? QVT_NO_MEMORY : QVT_OK;
    for (size_t i = 0; status == QVT_OK && i < count; i++) {
        sorted[i] = &list[i];
    }
    if (status == QVT_OK) {
        qsort(sorted, count, sizeof(const struct credential *), compare_names);
    }
    for (size_t i = 1; status == QVT_OK && i < count; i++) {
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0) {
            parsing->line = sorted[i]->line;
            status = CREDENTIALS_FAIL(parsing, "lines of \"%s\" do not stand together; the others begin on line %u",
                                      sorted[i]->name, sorted[i - 1]->line);
        }
    }
    free(sorted);
    return status;
}

static qvt_status check_proven(struct parsing *parsing, const struct credential *list, size_t count,
                               const struct parsed_proof *proofs, size_t proof_count)
{
    bool *proven = calloc(count + 1, sizeof(*proven));
    qvt_status status = proven == NULL ? QVT_NO_MEMORY : QVT_OK;
    for (size_t i = 0; status == QVT_OK && i < proof_count; i++) {
        proven[proofs[i].credential] = true;
    }
    for (size_t i = 0; status == QVT_OK && i < count; i++) {
        if (!proven[i]) {
            parsing->line = list[i].line;
            status = CREDENTIALS_FAIL(parsing, "\"%s\" has neither token= nor certificate=", list[i].name);
        }
    }
    free(proven);
    return status;
}

static qvt_status check_all(struct parsing *parsing)
{
    struct credential *list = (void *)parsing->list.data;
    struct parsed_proof *proofs = (void *)parsing->proofs.data;
    size_t count = parsing->list.len / sizeof(*list);
    size_t proof_count = parsing->proofs.len / sizeof(*proofs);
    if (count == 0) {
        return qvt_error_set(parsing->error, QVT_INVALID_ARGUMENT, NULL, "%s:1: there is no credential in it",
                             parsing->file);
    }
    QVT_TRY(check_names(parsing, list, count));
    QVT_TRY(check_proven(parsing, list, count, proofs, proof_count));
    qsort(proofs, proof_count, sizeof(*proofs), compare_proofs);
    return check_proofs(parsing, proofs, proof_count);
}

/* ---- the result ---- */

static void *take(struct buf *buf)
{
    void *data = buf->data;
    *buf = (struct buf)BUF_INIT;
    return data;
}

static qvt_status take_proofs(struct credentials *out, const struct parsing *parsing)
{
    const struct parsed_proof *parsed = (const void *)parsing->proofs.data;
    out->proof_count = parsing->proofs.len / sizeof(*parsed);
    out->proofs = malloc(out->proof_count * sizeof(*out->proofs));
    if (out->proofs == NULL) {
        return QVT_NO_MEMORY;
    }
    for (size_t i = 0; i < out->proof_count; i++) {
        out->proofs[i] = parsed[i].proof;
        out->proofs[i].credential = &out->list[parsed[i].credential];
        out->token_count += parsed[i].proof.certificate == NULL ? 1 : 0;
    }
    return QVT_OK;
}

/* Arrays do not grow any more. */
static qvt_status finish(struct credentials *out, struct parsing *parsing)
{
    out->count = parsing->list.len / sizeof(*out->list);
    out->grant_count = parsing->grants.len / sizeof(*out->grants);
    out->list = take(&parsing->list);
    out->grants = take(&parsing->grants);
    const struct grant *next = out->grants;
    for (size_t i = 0; i < out->count; i++) {
        out->list[i].grants = next;
        next += out->list[i].grant_count;
    }
    return take_proofs(out, parsing);
}

static qvt_status parse(struct credentials *out, struct parsing *parsing, size_t len)
{
    if (memchr(out->text, '\0', len) != NULL) {
        return qvt_error_set(parsing->error, QVT_INVALID_ARGUMENT, NULL, "%s:1: there is a NUL in it", parsing->file);
    }
    QVT_TRY(read_lines(parsing, out->text));
    QVT_TRY(check_all(parsing));
    return finish(out, parsing);
}

qvt_status credentials_parse(struct credentials **out, const char *name, char *text, size_t len, qvt_error *error)
{
    struct parsing parsing = {.file = name, .error = error};
    struct credentials *credentials = calloc(1, sizeof(*credentials));
    if (credentials == NULL) {
        free(text);
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory for %s", name);
    }
    credentials->text = text;
    qvt_status status = parse(credentials, &parsing, len);
    buf_deinit(&parsing.list);
    buf_deinit(&parsing.grants);
    buf_deinit(&parsing.proofs);
    if (status == QVT_OK) {
        *out = credentials;
        return QVT_OK;
    }
    credentials_free(credentials);
    return status == QVT_NO_MEMORY ? qvt_error_set(error, status, NULL, "out of memory for %s", name) : status;
}
