/* A command of qvtctl, and what all commands share. */
#ifndef QVT_CLI_COMMAND_H
#define QVT_CLI_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/flags.h"

/* Exit codes; the help documents them. */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1,    /* the tracker refused, or something failed */
    EXIT_USAGE = 2,      /* wrong flags or arguments, nothing was sent */
    EXIT_NOT_FOUND = 3,  /* what was named is not there */
    EXIT_UNREACHABLE = 4 /* no answer in time, or no connection */
};

/* Flags that every command has. */
struct settings {
    char *endpoints; /* "HOST:PORT,HOST:PORT" */
    char *cluster;
    char *output;
    char *token_file; /* NULL: $QVT_TOKEN, if any */
    uint32_t timeout_ms;
    bool json; /* from output */
    bool tls;  /* also when one of the next is not NULL */
    char *tls_ca;
    char *tls_cert;
    char *tls_key;
    char *tls_server_name;
};

struct arguments {
    char **items;
    size_t count;
};

struct command {
    const char *words;     /* "silo list" */
    const char *arguments; /* "SILO-ID", for the help; "": none */
    const char *summary;   /* one line */
    const char *details;   /* more lines, each ending in \n, for the command's own help */
    size_t min_arguments;
    size_t max_arguments;
    size_t options_size; /* of what own flags write to; starts zeroed */
    /* Fills the command's own flags for the options; returns their number, at most COMMAND_FLAGS_MAX. NULL: none. */
    size_t (*own_flags)(void *options, struct flag *out);
    enum exit_code (*run)(const struct settings *settings, const struct arguments *arguments, void *options);
};

#define COMMAND_FLAGS_MAX 24

extern const struct command command_capabilities;
extern const struct command command_completion;
extern const struct command command_find;
extern const struct command command_health;
extern const struct command command_heartbeat;
extern const struct command command_policy_delete;
extern const struct command command_policy_get;
extern const struct command command_policy_list;
extern const struct command command_policy_set;
extern const struct command command_store_inspect;
extern const struct command command_store_reset;
extern const struct command command_store_upgrade;
extern const struct command command_silo_cordon;
extern const struct command command_silo_drain;
extern const struct command command_silo_get;
extern const struct command command_silo_list;
extern const struct command command_silo_register;
extern const struct command command_silo_stage;
extern const struct command command_silo_uncordon;
extern const struct command command_silo_unregister;
extern const struct command command_silo_update;
extern const struct command command_status;
extern const struct command command_token_new;
extern const struct command command_watch;

/* All of them, in the order of the help. */
extern const struct command *const commands[];
extern const size_t command_count;

/* The command that the first words name, and how many they are; NULL: none. */
const struct command *command_find_by_words(char *const *words, size_t count, size_t *taken);

#define SHARED_FLAGS 10

/* The flags that every command has; returns SHARED_FLAGS. */
size_t command_shared_flags(struct settings *settings, struct flag out[SHARED_FLAGS]);

#endif
