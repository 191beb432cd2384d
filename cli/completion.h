/* What shells can complete, and one writer a shell. */
#ifndef QVT_CLI_COMPLETION_H
#define QVT_CLI_COMPLETION_H

#include <stdio.h>

#include "cli/command.h"

/* A command with its own flags. */
struct completion {
    const struct command *command;
    const char *first; /* word */
    size_t first_len;
    const char *second;     /* word; NULL: none */
    bool is_first_repeated; /* by an earlier command */
    struct flag flags[COMMAND_FLAGS_MAX];
    size_t flag_count;
    void *options; /* what the flags would write to */
};

/* Every command, and the flags that all of them have. */
struct completions {
    struct completion *items;
    size_t count;
    struct settings settings; /* what the shared flags would write to */
    struct flag shared[SHARED_FLAGS];
    const struct flag **with_value; /* each flag that takes a value, once a name */
    size_t with_value_count;
};

/* False out of memory; to be freed all the same. */
bool completions_init(struct completions *completions);
void completions_free(struct completions *completions);

/* Whether two commands have the same first word. */
bool completion_is_same_first(const struct completion *a, const struct completion *b);

/* Prints the choices of "bash|zsh|fish" with spaces between them, nothing for a text that is no choice. */
void completion_choices(const char *text, FILE *out);

/* All write the whole script. */
void completion_write_bash(const struct completions *completions, FILE *out);
void completion_write_zsh(const struct completions *completions, FILE *out);
void completion_write_fish(const struct completions *completions, FILE *out);

#endif
