#include <ctype.h>

#include "base/check.h"
#include "server/identity/credentials_parsing.h"
#include "server/registry/validate.h"

/* A word is shown no further than a token's public part reaches: somebody may have put one in a wrong place. */
enum { PATTERN_MAX = 128, CERTIFICATE_MAX = 256, SHOWN_MAX = 20 };

static struct credential *last(const struct parsing *parsing)
{
    size_t count = parsing->list.len / sizeof(struct credential);
    return count == 0 ? NULL : (struct credential *)(void *)parsing->list.data + (count - 1);
}

static bool is_name(const char *text)
{
    size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@-");
    return len >= 1 && len <= CREDENTIAL_NAME_MAX && text[len] == '\0';
}

/* A line adds to the credential of the line before when it has the same name. */
static qvt_status begin_line(struct parsing *parsing, const char *name)
{
    if (!is_name(name)) {
        return CREDENTIALS_FAIL(parsing, "\"%.*s\": a name is 1 to %d of A-Z a-z 0-9 . _ @ -", SHOWN_MAX, name,
                                CREDENTIAL_NAME_MAX);
    }
    parsing->grant = (struct grant){.role = ROLE_NONE, .clusters = "", .silos = ""};
    parsing->has_clusters = parsing->has_silos = false;
    const struct credential *before = last(parsing);
    if (before != NULL && strcmp(before->name, name) == 0) {
        return QVT_OK;
    }
    const struct credential credential = {name, NULL, 0, parsing->line};
    return buf_append(&parsing->list, &credential, sizeof(credential));
}

static qvt_status read_role(struct parsing *parsing, const char *word)
{
    parsing->grant.role = role_parse(qvt_slice_text(word));
    if (parsing->grant.role == ROLE_NONE) {
        return CREDENTIALS_FAIL(parsing, "\"%.*s\": a role is reader, silo or admin", SHOWN_MAX, word);
    }
    return QVT_OK;
}

static qvt_status check_cluster(const struct parsing *parsing, qvt_slice word)
{
    if (qvt_slice_equal(word, qvt_slice_text("*")) || validate_cluster(word, "clusters", NULL) == QVT_OK) {
        return QVT_OK;
    }
    return CREDENTIALS_FAIL(
        parsing, "clusters: \"%.*s\": a cluster's name is 1 to %d of A-Z a-z 0-9 . _ -, or * for every cluster",
        (int)word.len, (const char *)word.data, CLUSTER_NAME_MAX);
}

static qvt_status check_pattern(const struct parsing *parsing, qvt_slice word)
{
    if (word.len >= 1 && word.len <= PATTERN_MAX) {
        return QVT_OK;
    }
    return CREDENTIALS_FAIL(parsing, "silos: \"%.*s\": a pattern of silo ids is 1 to %d bytes such as orders-*",
                            (int)word.len, (const char *)word.data, PATTERN_MAX);
}

static qvt_status check_list(const struct parsing *parsing, const char *list,
                             qvt_status (*check)(const struct parsing *parsing, qvt_slice word))
{
    for (const char *at = list;; at++) {
        size_t len = strcspn(at, ",");
        QVT_TRY(check(parsing, qvt_slice_make(at, len)));
        at += len;
        if (*at == '\0') {
            return QVT_OK;
        }
    }
}

static bool has_star(const char *list)
{
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        at += *at == ',' ? 1 : 0;
        if (at[0] == '*' && (at[1] == ',' || at[1] == '\0')) {
            return true;
        }
    }
    return false;
}

static qvt_status read_clusters(struct parsing *parsing, const char *list)
{
    if (parsing->has_clusters) {
        return CREDENTIALS_FAIL(parsing, "%s", "clusters= stands twice");
    }
    parsing->has_clusters = true;
    parsing->grant.clusters = list;
    parsing->grant.all_clusters = has_star(list);
    return check_list(parsing, list, check_cluster);
}

static qvt_status read_silos(struct parsing *parsing, const char *list)
{
    if (parsing->has_silos) {
        return CREDENTIALS_FAIL(parsing, "%s", "silos= stands twice");
    }
    parsing->has_silos = true;
    parsing->grant.silos = list;
    return check_list(parsing, list, check_pattern);
}

static qvt_status add_proof(struct parsing *parsing, const struct proof *proof)
{
    const struct parsed_proof parsed = {*proof, parsing->list.len / sizeof(struct credential) - 1};
    return buf_append(&parsing->proofs, &parsed, sizeof(parsed));
}

static qvt_status read_token(struct parsing *parsing, const char *text)
{
    struct proof proof = {.line = parsing->line};
    if (token_record_parse(&proof.token, qvt_slice_text(text)) != QVT_OK) {
        return CREDENTIALS_FAIL(parsing, "%s", "token= is not sha256:ID:SALT:DIGEST as `qvtctl token new` prints it");
    }
    return add_proof(parsing, &proof);
}

static qvt_status read_certificate(struct parsing *parsing, const char *name)
{
    const struct proof proof = {.certificate = name, .line = parsing->line};
    size_t len = strlen(name);
    if (len < 1 || len > CERTIFICATE_MAX) {
        return CREDENTIALS_FAIL(parsing, "certificate= is 1 to %d bytes: a name of the certificate's subject",
                                CERTIFICATE_MAX);
    }
    return add_proof(parsing, &proof);
}

static qvt_status read_word(struct parsing *parsing, const char *word)
{
    static const struct {
        const char *key;
        qvt_status (*read)(struct parsing *parsing, const char *value);
    } KEYS[] = {{"clusters=", read_clusters},
                {"silos=", read_silos},
                {"token=", read_token},
                {"certificate=", read_certificate}};
    for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++) {
        size_t len = strlen(KEYS[i].key);
        if (strncmp(word, KEYS[i].key, len) == 0) {
            return KEYS[i].read(parsing, word + len);
        }
    }
    int key = (int)strcspn(word, "=");
    return CREDENTIALS_FAIL(parsing, "unknown word \"%.*s\": clusters=, silos=, token= and certificate= are known",
                            key < SHOWN_MAX ? key : SHOWN_MAX, word);
}

static qvt_status end_line(struct parsing *parsing)
{
    if (parsing->grant.role == ROLE_NONE) {
        return CREDENTIALS_FAIL(parsing, "%s", "a line is NAME ROLE clusters=LIST …: the role is missing");
    }
    if (!parsing->has_clusters) {
        return CREDENTIALS_FAIL(parsing, "%s", "clusters= is missing: a list of names, or * for every cluster");
    }
    if (parsing->grant.role == ROLE_SILO && !parsing->has_silos) {
        return CREDENTIALS_FAIL(parsing, "%s",
                                "silos= is missing: the role silo needs patterns of silo ids such as orders-*");
    }
    if (parsing->grant.role != ROLE_SILO && parsing->has_silos) {
        return CREDENTIALS_FAIL(parsing, "silos= is for the role silo only, not %s", role_name(parsing->grant.role));
    }
    struct credential *credential = last(parsing);
    QVT_ASSERT(credential != NULL);
    credential->grant_count++;
    return buf_append(&parsing->grants, &parsing->grant, sizeof(parsing->grant));
}

static void cut_comment(char *line)
{
    for (char *at = line; *at != '\0'; at++) {
        if (*at == '#' && (at == line || isspace((unsigned char)at[-1]))) {
            *at = '\0';
            return;
        }
    }
}

qvt_status credentials_read_line(struct parsing *parsing, char *line)
{
    char *rest = NULL;
    cut_comment(line);
    char *word = strtok_r(line, " \t\r", &rest);
    if (word == NULL) {
        return QVT_OK;
    }
    QVT_TRY(begin_line(parsing, word));
    word = strtok_r(NULL, " \t\r", &rest);
    if (word != NULL) {
        QVT_TRY(read_role(parsing, word));
        for (word = strtok_r(NULL, " \t\r", &rest); word != NULL; word = strtok_r(NULL, " \t\r", &rest)) {
            QVT_TRY(read_word(parsing, word));
        }
    }
    return end_line(parsing);
}
