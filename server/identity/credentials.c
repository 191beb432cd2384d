#include "server/identity/credentials.h"

#include <stdlib.h>
#include <strings.h>

#include "server/identity/pattern.h"

void credentials_free(struct credentials *credentials)
{
    if (credentials != NULL) {
        free(credentials->text);
        free(credentials->list);
        free(credentials->grants);
        free(credentials->proofs);
        free(credentials);
    }
}

struct proof *credentials_token(const struct credentials *credentials, uint64_t id)
{
    size_t low = 0;
    size_t high = credentials->token_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct proof *proof = &credentials->proofs[middle];
        if (proof->token.id == id) {
            return proof;
        }
        if (proof->token.id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

struct proof *credentials_certificate(const struct credentials *credentials, const char *name)
{
    size_t low = credentials->token_count;
    size_t high = credentials->proof_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct proof *proof = &credentials->proofs[middle];
        int order = strcasecmp(proof->certificate, name);
        if (order == 0) {
            return proof;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

/* Cuts the next word off a list; false: there is none. */
static bool next_word(const char **list, qvt_slice *out)
{
    if (**list == '\0') {
        return false;
    }
    *out = qvt_slice_make(*list, strcspn(*list, ","));
    *list += out->len;
    *list += **list == ',' ? 1 : 0;
    return true;
}

bool grant_covers(const struct grant *grant, const char *cluster)
{
    const char *rest = grant->clusters;
    qvt_slice word;
    qvt_slice wanted = qvt_slice_text(cluster);
    if (grant->all_clusters) {
        return true;
    }
    while (next_word(&rest, &word)) {
        if (qvt_slice_equal(word, wanted)) {
            return true;
        }
    }
    return false;
}

bool grant_fits(const struct grant *grant, const char *silo_id)
{
    const char *rest = grant->silos;
    qvt_slice word;
    while (next_word(&rest, &word)) {
        if (pattern_fits(word, qvt_slice_text(silo_id))) {
            return true;
        }
    }
    return false;
}

static const char *const ROLE_NAMES[] = {"none", "reader", "silo", "admin"};

enum role role_parse(qvt_slice text)
{
    for (int role = ROLE_READER; role <= ROLE_ADMIN; role++) {
        if (qvt_slice_equal(text, qvt_slice_text(ROLE_NAMES[role]))) {
            return (enum role)role;
        }
    }
    return ROLE_NONE;
}

const char *role_name(enum role role)
{
    return ROLE_NAMES[role];
}
