#include "cli/command.h"

#include <string.h>

const struct command *const commands[] = {
    &command_silo_list,       &command_silo_get,    &command_silo_register, &command_silo_update,
    &command_silo_cordon,     &command_silo_stage,  &command_silo_drain,    &command_silo_uncordon,
    &command_silo_unregister, &command_heartbeat,   &command_capabilities,  &command_find,
    &command_policy_list,     &command_policy_get,  &command_policy_set,    &command_policy_delete,
    &command_store_inspect,   &command_store_reset, &command_store_upgrade, &command_watch,
    &command_status,          &command_health,      &command_token_new,     &command_completion,
};
const size_t command_count = sizeof commands / sizeof commands[0];

static bool is_named(const struct command *command, char *const *words, size_t count, size_t *taken)
{
    const char *space = strchr(command->words, ' ');
    size_t first_len = space != NULL ? (size_t)(space - command->words) : strlen(command->words);
    *taken = space != NULL ? 2 : 1;
    return count >= *taken && strlen(words[0]) == first_len && memcmp(words[0], command->words, first_len) == 0 &&
           (space == NULL || strcmp(words[1], space + 1) == 0);
}

const struct command *command_find_by_words(char *const *words, size_t count, size_t *taken)
{
    for (size_t i = 0; i < command_count; i++) {
        if (is_named(commands[i], words, count, taken)) {
            return commands[i];
        }
    }
    return NULL;
}

size_t command_shared_flags(struct settings *settings, struct flag out[SHARED_FLAGS])
{
    out[0] = (struct flag){"--endpoint",
                           NULL,
                           "ADDR:PORT",
                           "the tracker; several with commas ($QVT_ENDPOINTS, 127.0.0.1:7070)",
                           FLAG_TEXT,
                           &settings->endpoints,
                           0};
    out[1] = (struct flag){"--cluster", NULL, "NAME", "the cluster (default)", FLAG_TEXT, &settings->cluster, 0};
    out[2] = (struct flag){
        "--output",        "-o", "table|json", "how to print (table); json is the whole answer", FLAG_TEXT,
        &settings->output, 0};
    out[3] = (struct flag){
        "--timeout", NULL, "DURATION", "how long to wait for an answer (5s)", FLAG_DURATION, &settings->timeout_ms, 0};
    out[4] = (struct flag){"--tls",     NULL,           NULL, "speak TLS ($QVT_CLIENT_TLS=true; so do all below)",
                           FLAG_SWITCH, &settings->tls, 0};
    out[5] = (struct flag){
        "--tls-ca", NULL,
        "FILE",     "who may have signed the tracker's certificate ($QVT_CLIENT_TLS_CA, whom the system trusts)",
        FLAG_TEXT,  &settings->tls_ca,
        0};
    out[6] =
        (struct flag){"--tls-cert",        NULL, "FILE", "the certificate to show ($QVT_CLIENT_TLS_CERT)", FLAG_TEXT,
                      &settings->tls_cert, 0};
    out[7] = (struct flag){"--tls-key",        NULL, "FILE", "its private key ($QVT_CLIENT_TLS_KEY)", FLAG_TEXT,
                           &settings->tls_key, 0};
    out[8] =
        (struct flag){"--tls-server-name",
                      NULL,
                      "NAME",
                      "whom the tracker's certificate must name ($QVT_CLIENT_TLS_SERVER_NAME, the endpoint's host)",
                      FLAG_TEXT,
                      &settings->tls_server_name,
                      0};
    out[9] = (struct flag){"--token-file",
                           NULL,
                           "FILE",
                           "whose first line is the token that says who calls ($QVT_TOKEN)",
                           FLAG_TEXT,
                           &settings->token_file,
                           0};
    return SHARED_FLAGS;
}
