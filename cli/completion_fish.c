#include <string.h>

#include "cli/completion.h"

/* Ends a line with the description, within single quotes. */
static void describe(const char *text, FILE *out)
{
    fputs(" -d '", out);
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\') {
            fputc('\\', out);
        }
        fputc(*text, out);
    }
    fputs("'\n", out);
}

/* Begins a line that holds once the words of the command were typed; NULL: always. */
static void begin(const struct completion *completion, FILE *out)
{
    fprintf(out, "complete -c qvtctl");
    if (completion != NULL) {
        fprintf(out, " -n '__fish_seen_subcommand_from %.*s", (int)completion->first_len, completion->first);
        if (completion->second != NULL) {
            fprintf(out, "; and __fish_seen_subcommand_from %s", completion->second);
        }
        fputc('\'', out);
    }
}

static void write_choices(const char *text, FILE *out)
{
    if (text != NULL && strchr(text, '|') != NULL) {
        fputs(" -a '", out);
        completion_choices(text, out);
        fputc('\'', out);
    }
}

static void write_flags(const struct completion *completion, const struct flag *flags, size_t count, FILE *out)
{
    for (size_t i = 0; i < count; i++) {
        begin(completion, out);
        if (flags[i].short_name != NULL) {
            fprintf(out, " -s %s", flags[i].short_name + 1);
        }
        fprintf(out, " -l %s%s", flags[i].name + 2, flags[i].kind != FLAG_SWITCH ? " -x" : "");
        write_choices(flags[i].value, out);
        describe(flags[i].help, out);
    }
}

static void write_second_word(const struct completions *completions, const struct completion *of, FILE *out)
{
    fprintf(out, "complete -c qvtctl -n '__fish_seen_subcommand_from %.*s; and not __fish_seen_subcommand_from",
            (int)of->first_len, of->first);
    for (size_t i = 0; i < completions->count; i++) {
        const struct completion *each = &completions->items[i];
        if (completion_is_same_first(each, of)) {
            fprintf(out, " %s", each->second);
        }
    }
    fprintf(out, "' -a %s", of->second);
    describe(of->command->summary, out);
}

static void write_command(const struct completions *completions, const struct completion *completion, FILE *out)
{
    if (!completion->is_first_repeated) {
        fprintf(out, "complete -c qvtctl -n __fish_use_subcommand -a %.*s", (int)completion->first_len,
                completion->first);
        describe(completion->second != NULL ? "more commands" : completion->command->summary, out);
    }
    if (completion->second != NULL) {
        write_second_word(completions, completion, out);
    }
    if (strchr(completion->command->arguments, '|') != NULL) {
        begin(completion, out);
        write_choices(completion->command->arguments, out);
        fputc('\n', out);
    }
    write_flags(completion, completion->flags, completion->flag_count, out);
}

void completion_write_fish(const struct completions *completions, FILE *out)
{
    fprintf(out, "complete -c qvtctl -f\n");
    write_flags(NULL, completions->shared, SHARED_FLAGS, out);
    for (size_t i = 0; i < completions->count; i++) {
        write_command(completions, &completions->items[i], out);
    }
}
