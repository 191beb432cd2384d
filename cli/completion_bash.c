#include "cli/completion.h"

/* The words before the one at hand make `path`; behind a flag that takes a value `skip` is set. */
static const char head[] = "_qvtctl() {\n"
                           "    local path='' skip='' candidates='' i\n"
                           "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                           "        if [[ -n $skip ]]; then\n"
                           "            skip='' candidates=''\n"
                           "            continue\n"
                           "        fi\n"
                           "        case ${COMP_WORDS[i]} in\n";
static const char middle[] = "            -*) ;;\n"
                             "            *) path+=\" ${COMP_WORDS[i]}\" ;;\n"
                             "        esac\n"
                             "    done\n"
                             "    [[ -n $skip ]] || case \"$path \" in\n";
static const char tail[] = "    esac\n"
                           "    mapfile -t COMPREPLY < <(compgen -W \"$candidates\" -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
                           "}\n"
                           "complete -F _qvtctl qvtctl\n";

static void write_value(const struct flag *flag, FILE *out)
{
    fprintf(out, "            %s%s%s) skip=1 candidates='", flag->name, flag->short_name != NULL ? "|" : "",
            flag->short_name != NULL ? flag->short_name : "");
    completion_choices(flag->value, out);
    fprintf(out, "' ;;\n");
}

static void write_first_words(const struct completions *completions, FILE *out)
{
    fprintf(out, "        ' ') candidates='");
    for (size_t i = 0; i < completions->count; i++) {
        const struct completion *each = &completions->items[i];
        if (!each->is_first_repeated) {
            fprintf(out, "%.*s ", (int)each->first_len, each->first);
        }
    }
    fprintf(out, "help' ;;\n");
}

static void write_second_words(const struct completions *completions, const struct completion *of, FILE *out)
{
    fprintf(out, "        ' %.*s ') candidates='", (int)of->first_len, of->first);
    for (size_t i = 0; i < completions->count; i++) {
        const struct completion *each = &completions->items[i];
        if (completion_is_same_first(each, of)) {
            fprintf(out, " %s", each->second);
        }
    }
    fprintf(out, "' ;;\n");
}

static void write_names(const struct flag *flags, size_t count, FILE *out)
{
    for (size_t i = 0; i < count; i++) {
        fprintf(out, " %s", flags[i].name);
    }
}

static void write_command(const struct completions *completions, const struct completion *completion, FILE *out)
{
    fprintf(out, "        ' %s '*) candidates='", completion->command->words);
    completion_choices(completion->command->arguments, out);
    write_names(completion->flags, completion->flag_count, out);
    write_names(completions->shared, SHARED_FLAGS, out);
    fprintf(out, " --help' ;;\n");
}

void completion_write_bash(const struct completions *completions, FILE *out)
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
