/* qvtctl: the command line of the version tracker. Finds the command, parses its flags, runs it. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "cli/command.h"

#define PROGRAM "qvtctl"
#define DEFAULT_ENDPOINT "127.0.0.1:7070"
#define DEFAULT_TIMEOUT_MS 5000

static void help_tail(const struct flag_table *shared, FILE *out)
{
    fprintf(out, "\nFlags of every command:\n");
    flags_help(shared, out);
    fprintf(out,
            "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 not found, 4 tracker out of reach or late\n");
}

static void help_all(const struct flag_table *shared, FILE *out)
{
    fprintf(out, "usage: " PROGRAM " COMMAND [ARGUMENT...] [FLAG...]\n       " PROGRAM
                 " --version\n\nCommands (" PROGRAM " COMMAND --help tells more):\n");
    for (size_t i = 0; i < command_count; i++) {
        int width = (int)strlen(commands[i]->words) + (commands[i]->arguments[0] != '\0' ? 1 : 0);
        fprintf(out, "  %s%s%s%*s%s\n", commands[i]->words, commands[i]->arguments[0] != '\0' ? " " : "",
                commands[i]->arguments, 28 - width - (int)strlen(commands[i]->arguments), "", commands[i]->summary);
    }
    help_tail(shared, out);
}

static void help_one(const struct command *command, const struct flag_table *own, const struct flag_table *shared,
                     FILE *out)
{
    fprintf(out, "usage: " PROGRAM " %s%s%s [FLAG...]\n\n%s\n%s", command->words,
            command->arguments[0] != '\0' ? " " : "", command->arguments, command->summary, command->details);
    if (own->count > 0) {
        fprintf(out, "\nFlags:\n");
        flags_help(own, out);
    }
    help_tail(shared, out);
}

static enum exit_code usage_error(const struct command *command, const char *error)
{
    fprintf(stderr, PROGRAM ": %s (" PROGRAM "%s%s --help)\n", error, command != NULL ? " " : "",
            command != NULL ? command->words : "");
    return EXIT_USAGE;
}

static const char *check_settings(struct settings *settings)
{
    if (strcmp(settings->output, "json") == 0) {
        settings->json = true;
    } else if (strcmp(settings->output, "table") != 0) {
        return "--output is table or json";
    }
    return settings->timeout_ms == 0 ? "--timeout is 0; it must be more" : NULL;
}

/* Before and between its words a command's own flags would be read in one way to find it and in another to run it. */
static bool begins_with_words(const struct command *command, const struct flag_parse *parse)
{
    size_t taken;
    return command_find_by_words(parse->arguments, parse->argument_count, &taken) == command;
}

static const char *check_arguments(const struct command *command, size_t count)
{
    return count < command->min_arguments   ? "an argument is missing"
           : count > command->max_arguments ? "too many arguments"
                                            : NULL;
}

static enum exit_code run_command(const struct command *command, size_t taken, struct settings *settings,
                                  const struct flag_table *shared, struct flag_parse *parse, int argc, char **argv)
{
    struct flag flags[COMMAND_FLAGS_MAX];
    void *options = calloc(1, command->options_size + 1);
    QVT_ASSERT(options != NULL);
    size_t count = command->own_flags != NULL ? command->own_flags(options, flags) : 0;
    struct flag_table tables[] = {{flags, count}, *shared};
    enum exit_code code;
    parse->tables = tables;
    parse->table_count = 2;
    const char *error = flags_parse(parse, argc, argv) ? NULL : parse->error;
    if (error == NULL && !begins_with_words(command, parse)) {
        error = "flags of a command stand behind its words";
    }
    if (parse->wants_help && error == NULL) {
        help_one(command, &tables[0], shared, stdout);
        code = EXIT_DONE;
    } else {
        struct arguments arguments = {parse->arguments + taken, parse->argument_count - (error == NULL ? taken : 0)};
        error = error != NULL ? error : check_arguments(command, arguments.count);
        error = error != NULL ? error : check_settings(settings);
        code = error != NULL ? usage_error(command, error) : command->run(settings, &arguments, options);
    }
    flags_free(&tables[0]);
    free(options);
    return code;
}

/* The first two words that are neither flags nor their values. Only the shared flags may stand before the command. */
static void collect_words(struct flag_parse *words, const struct flag_table *shared, int argc, char **argv)
{
    words->argument_count = 0;
    words->wants_help = false;
    for (int i = 0; i < argc && words->argument_count < 2; i++) {
        const struct flag *flag = flags_find(shared, argv[i], strlen(argv[i]));
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            words->wants_help = true;
        } else if (flag != NULL && flag->kind != FLAG_SWITCH) {
            i++;
        } else if (argv[i][0] != '-') {
            words->arguments[words->argument_count++] = argv[i];
        }
    }
}

/* NULL when it is empty too. */
static char *variable(const char *name)
{
    char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* As a switch of qvtd is set. The error, or NULL. */
static const char *read_tls_variable(bool *on)
{
    const char *value = variable("QVT_CLIENT_TLS");
    *on = value != NULL && strcmp(value, "true") == 0;
    return value == NULL || *on || strcmp(value, "false") == 0 ? NULL : "QVT_CLIENT_TLS is neither true nor false";
}

static enum exit_code run(int argc, char **argv, char **room)
{
    const char *endpoints = getenv("QVT_ENDPOINTS");
    char default_endpoint[] = DEFAULT_ENDPOINT, default_cluster[] = "", default_output[] = "table";
    char *given = endpoints != NULL && endpoints[0] != '\0' ? strdup(endpoints) : NULL;
    struct settings settings = {
        .endpoints = given != NULL ? given : default_endpoint,
        .cluster = default_cluster,
        .output = default_output,
        .timeout_ms = DEFAULT_TIMEOUT_MS,
        .tls_ca = variable("QVT_CLIENT_TLS_CA"),
        .tls_cert = variable("QVT_CLIENT_TLS_CERT"),
        .tls_key = variable("QVT_CLIENT_TLS_KEY"),
        .tls_server_name = variable("QVT_CLIENT_TLS_SERVER_NAME"),
    };
    const char *fault = read_tls_variable(&settings.tls);
    struct flag flags[SHARED_FLAGS];
    (void)command_shared_flags(&settings, flags);
    struct flag_table shared = FLAG_TABLE(flags);
    struct flag_parse parse = {.arguments = room};
    size_t taken;
    collect_words(&parse, &shared, argc, argv);
    const struct command *command = command_find_by_words(parse.arguments, parse.argument_count, &taken);
    enum exit_code code = EXIT_DONE;
    if (command != NULL && fault != NULL) {
        code = usage_error(command, fault);
    } else if (command != NULL) {
        code = run_command(command, taken, &settings, &shared, &parse, argc, argv);
    } else if (parse.wants_help || (parse.argument_count > 0 && strcmp(parse.arguments[0], "help") == 0)) {
        help_all(&shared, stdout);
    } else if (argc == 1 && strcmp(argv[0], "--version") == 0) {
        puts(PROGRAM " " QVT_VERSION);
    } else {
        const char *none = parse.argument_count == 0 ? "a command is missing" : parse.error;
        if (parse.argument_count > 0) {
            snprintf(parse.error, sizeof parse.error, "unknown command '%.64s'", parse.arguments[0]);
        }
        code = usage_error(NULL, none);
    }
    free(given);
    return code;
}

int main(int argc, char **argv)
{
    char **room = calloc((size_t)argc + 2, sizeof *room);
    QVT_ASSERT(room != NULL);
    enum exit_code code = run(argc - 1, argv + 1, room);
    free(room);
    if (fflush(stdout) != 0 && code == EXIT_DONE) {
        fprintf(stderr, PROGRAM ": the output cannot be written\n");
        code = EXIT_REFUSED;
    }
    return (int)code;
}
