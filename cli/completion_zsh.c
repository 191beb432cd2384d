#include <string.h>

#include "cli/completion.h"

/* The words before the one at hand make `line`; behind a flag that takes a value `skip` is set. */
static const char head[] = "#compdef qvtctl\n"
                           "_qvtctl() {\n"
                           "    local line='' skip='' i\n"
                           "    local -a candidates\n"
                           "    for ((i = 2; i < CURRENT; i++)); do\n"
                           "        if [[ -n $skip ]]; then\n"
                           "            skip=''\n"
                           "            candidates=()\n"
                           "            continue\n"
                           "        fi\n"
                           "        case ${words[i]} in\n";
static const char middle[] = "            -*) ;;\n"
                             "            *) line+=\" ${words[i]}\" ;;\n"
                             "        esac\n"
                             "    done\n"
                             "    [[ -n $skip ]] || case \"$line \" in\n";
static const char tail[] = "    esac\n"
                           "    _describe qvtctl candidates\n"
                           "}\n"
                           "if [[ $funcstack[1] == _qvtctl ]]; then\n"
                           "    _qvtctl \"$@\"\n"
                           "else\n"
                           "    compdef _qvtctl qvtctl\n"
                           "fi\n";

/* One candidate with its description, within single quotes, where a colon would end the word. */
static void write_described(const char *word, size_t len, const char *text, FILE *out)
{
    fprintf(out, "            '%.*s:", (int)len, word);
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '\'': fputs("'\\''", out); break;
        case ':': fputs("\\:", out); break;
        default: fputc(*text, out); break;
        }
    }
    fprintf(out, "'\n");
}

static void write_flags(const struct flag *flags, size_t count, FILE *out)
{
    for (size_t i = 0; i < count; i++) {
        write_described(flags[i].name, strlen(flags[i].name), flags[i].help, out);
    }
}

static void write_value(const struct flag *flag, FILE *out)
{
    fprintf(out, "            %s%s%s) skip=1; candidates=(", flag->name, flag->short_name != NULL ? "|" : "",
            flag->short_name != NULL ? flag->short_name : "");
    completion_choices(flag->value, out);
    fprintf(out, ") ;;\n");
}

static void write_first_words(const struct completions *completions, FILE *out)
{
    fprintf(out, "        ' ') candidates=(\n");
    for (size_t i = 0; i < completions->count; i++) {
        const struct completion *each = &completions->items[i];
        if (!each->is_first_repeated) {
            write_described(each->first, each->first_len,
                            each->second != NULL ? "more commands" : each->command->summary, out);
        }
    }
    fprintf(out, "        ) ;;\n");
}

static void write_second_words(const struct completions *completions, const struct completion *of, FILE *out)
{
    fprintf(out, "        ' %.*s ') candidates=(\n", (int)of->first_len, of->first);
    for (size_t i = 0; i < completions->count; i++) {
        const struct completion *each = &completions->items[i];
        if (completion_is_same_first(each, of)) {
            write_described(each->second, strlen(each->second), each->command->summary, out);
        }
    }
    fprintf(out, "        ) ;;\n");
}

static void write_command(const struct completions *completions, const struct completion *completion, FILE *out)
{
    fprintf(out, "        ' %s '*) candidates=(", completion->command->words);
    completion_choices(completion->command->arguments, out);
    fprintf(out, "\n");
    write_flags(completion->flags, completion->flag_count, out);
    write_flags(completions->shared, SHARED_FLAGS, out);
    fprintf(out, "        ) ;;\n");
}

void completion_write_zsh(const struct completions *completions, FILE *out)
{
    fputs(head, out);
    for (size_t i = 0; i < completions->with_value_count; i++) {
        write_value(completions->with_value[i], out);
    }
    fputs(middle, out);
    write_first_words(completions, out);
    for (size_t i = 0; i < completions->count; i++) {
        const struct completion *each = &completions->items[i];
        if (each->second != NULL && !each->is_first_repeated) {
            write_second_words(completions, each, out);
        }
        write_command(completions, each, out);
    }
    fputs(tail, out);
}
