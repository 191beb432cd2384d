/* Command line flags as a table: parsed from it, and the help is written from it. */
#ifndef QVT_CLI_FLAGS_H
#define QVT_CLI_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum flag_kind {
    FLAG_TEXT,     /* char * */
    FLAG_LIST,     /* struct flag_list: may be repeated */
    FLAG_NUMBER,   /* uint64_t, at most `max` */
    FLAG_DECIMAL,  /* struct flag_decimal: at least 0 */
    FLAG_DURATION, /* uint32_t milliseconds: "30s", "2m", "500ms", "1h", "15" (seconds) */
    FLAG_SWITCH    /* bool */
};

/* Texts are the process's arguments, which outlive everything. */
struct flag_list {
    char **items;
    size_t count;
};

struct flag_decimal {
    double value;
    bool is_given;
};

struct flag {
    const char *name;       /* "--port" */
    const char *short_name; /* "-o"; NULL: none */
    const char *value;      /* "PORT", for the help; NULL for FLAG_SWITCH */
    const char *help;
    enum flag_kind kind;
    void *target; /* as the kind says; keeps what it holds when the flag is not given */
    uint64_t max; /* FLAG_NUMBER */
};

struct flag_table {
    const struct flag *flags;
    size_t count;
};

#define FLAG_TABLE(array)                                                                                              \
    {                                                                                                                  \
        (array), sizeof(array) / sizeof((array)[0])                                                                    \
    }

struct flag_parse {
    const struct flag_table *tables; /* searched in order */
    size_t table_count;
    char **arguments; /* what is no flag, in order; room for argc of them; the caller's */
    size_t argument_count;
    bool wants_help; /* --help or -h was among them */
    char error[256]; /* why it failed, one line */
};

/* Parses argv[0] to argv[argc - 1]. Lists point into memory of their own, freed by flags_free. False: error says why. */
bool flags_parse(struct flag_parse *parse, int argc, char **argv);

/* Frees the lists of a table. */
void flags_free(const struct flag_table *table);

/* Writes one aligned line a flag. */
void flags_help(const struct flag_table *table, FILE *out);

/* The flag with that name or short name; NULL: none. */
const struct flag *flags_find(const struct flag_table *table, const char *name, size_t len);

#endif
