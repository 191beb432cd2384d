#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "server/identity/credentials.h"

static void check_proof(const struct credentials *all, struct proof *proof)
{
    const struct proof *found = proof->certificate == NULL ? credentials_token(all, proof->token.id)
                                                           : credentials_certificate(all, proof->certificate);
    QVT_ASSERT(found == proof);
    QVT_ASSERT(proof->credential >= all->list && proof->credential < all->list + all->count);
    QVT_ASSERT(proof->line >= 1);
}

static void check_credential(const struct credentials *all, const struct credential *credential)
{
    size_t len = strlen(credential->name);
    QVT_ASSERT(len >= 1 && len <= CREDENTIAL_NAME_MAX);
    QVT_ASSERT(credential->grant_count >= 1);
    QVT_ASSERT(credential->grants >= all->grants &&
               credential->grants + credential->grant_count <= all->grants + all->grant_count);
    for (size_t i = 0; i < credential->grant_count; i++) {
        const struct grant *grant = &credential->grants[i];
        QVT_ASSERT(grant->role != ROLE_NONE && role_parse(qvt_slice_text(role_name(grant->role))) == grant->role);
        QVT_ASSERT((grant->role == ROLE_SILO) == (grant->silos[0] != '\0'));
        QVT_ASSERT(grant_covers(grant, "a") || !grant->all_clusters);
        (void)grant_fits(grant, credential->name);
    }
}

/* The input is a file; one that is taken keeps the header's promises, one that is refused says where. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct credentials *all = NULL;
    qvt_error error;
    char *text = malloc(size + 1);
    if (text == NULL) {
        return 0;
    }
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    qvt_error_clear(&error);
    qvt_status status = credentials_parse(&all, "F", text, size, &error);
    if (status != QVT_OK) {
        QVT_ASSERT(status == QVT_INVALID_ARGUMENT && error.status == status && strncmp(error.message, "F:", 2) == 0);
        return 0;
    }
    QVT_ASSERT(all->count >= 1 && all->proof_count >= all->count && all->token_count <= all->proof_count);
    for (size_t i = 0; i < all->proof_count; i++) {
        check_proof(all, &all->proofs[i]);
    }
    for (size_t i = 0; i < all->count; i++) {
        check_credential(all, &all->list[i]);
    }
    credentials_free(all);
    return 0;
}
