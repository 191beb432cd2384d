/* qvtctl completion */
#include "cli/completion.h"

#include <stdlib.h>
#include <string.h>

#include "cli/report.h"

static bool fill(struct completion *completion, const struct command *command)
{
    const char *space = strchr(command->words, ' ');
    completion->command = command;
    completion->first = command->words;
    completion->first_len = space != NULL ? (size_t)(space - command->words) : strlen(command->words);
    completion->second = space != NULL ? space + 1 : NULL;
    completion->options = calloc(1, command->options_size + 1);
    if (completion->options != NULL && command->own_flags != NULL) {
        completion->flag_count = command->own_flags(completion->options, completion->flags);
    }
    return completion->options != NULL;
}

bool completion_is_same_first(const struct completion *a, const struct completion *b)
{
    return a->first_len == b->first_len && memcmp(a->first, b->first, a->first_len) == 0;
}

static void mark_repeated(struct completions *completions, size_t index)
{
    struct completion *completion = &completions->items[index];
    for (size_t i = 0; i < index && !completion->is_first_repeated; i++) {
        completion->is_first_repeated = completion_is_same_first(&completions->items[i], completion);
    }
}

static bool has_name(const struct completions *completions, const char *name)
{
    for (size_t i = 0; i < completions->with_value_count; i++) {
        if (strcmp(completions->with_value[i]->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void collect_values(struct completions *completions, const struct flag *flags, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (flags[i].kind != FLAG_SWITCH && !has_name(completions, flags[i].name)) {
            completions->with_value[completions->with_value_count++] = &flags[i];
        }
    }
}

bool completions_init(struct completions *completions)
{
    memset(completions, 0, sizeof *completions);
    completions->items = calloc(command_count, sizeof *completions->items);
    completions->with_value = calloc((command_count + 1) * COMMAND_FLAGS_MAX, sizeof(const struct flag *));
    if (completions->items == NULL || completions->with_value == NULL) {
        return false;
    }
    collect_values(completions, completions->shared, command_shared_flags(&completions->settings, completions->shared));
    for (; completions->count < command_count; completions->count++) {
        struct completion *completion = &completions->items[completions->count];
        if (!fill(completion, commands[completions->count])) {
            return false;
        }
        mark_repeated(completions, completions->count);
        collect_values(completions, completion->flags, completion->flag_count);
    }
    return true;
}

void completions_free(struct completions *completions)
{
    for (size_t i = 0; i < completions->count; i++) {
        free(completions->items[i].options);
    }
    free(completions->items);
    free((void *)completions->with_value);
}

void completion_choices(const char *text, FILE *out)
{
    if (strchr(text, '|') == NULL) {
        return;
    }
    for (; *text != '\0'; text++) {
        fputc(*text == '|' ? ' ' : *text, out);
    }
}

static const struct {
    const char *name;
    void (*write)(const struct completions *completions, FILE *out);
} shells[] = {{"bash", completion_write_bash}, {"zsh", completion_write_zsh}, {"fish", completion_write_fish}};

static enum exit_code run(const struct settings *settings, const struct arguments *arguments, void *options)
{
    struct completions completions;
    size_t shell = 0;
    (void)settings;
    (void)options;
    while (strcmp(arguments->items[0], shells[shell].name) != 0) {
        if (++shell == sizeof shells / sizeof shells[0]) {
            return report_usage("completion: '%.64s' is none of bash, zsh, fish", arguments->items[0]);
        }
    }
    enum exit_code code = completions_init(&completions) ? EXIT_DONE : report_no_memory();
    if (code == EXIT_DONE) {
        shells[shell].write(&completions, stdout);
    }
    completions_free(&completions);
    return code;
}

const struct command command_completion = {
    .words = "completion",
    .arguments = "bash|zsh|fish",
    .summary = "Print what makes the shell complete qvtctl",
    .details = "bash: eval \"$(qvtctl completion bash)\" in ~/.bashrc\n"
               "zsh:  qvtctl completion zsh >\"${fpath[1]}/_qvtctl\"\n"
               "fish: qvtctl completion fish >~/.config/fish/completions/qvtctl.fish\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
