#include "cli/flags.h"

#include <stdlib.h>
#include <string.h>

#include "cli/duration.h"

static bool is_named(const char *known, const char *name, size_t len)
{
    return known != NULL && strlen(known) == len && memcmp(known, name, len) == 0;
}

const struct flag *flags_find(const struct flag_table *table, const char *name, size_t len)
{
    for (size_t i = 0; i < table->count; i++) {
        if (is_named(table->flags[i].name, name, len) || is_named(table->flags[i].short_name, name, len)) {
            return &table->flags[i];
        }
    }
    return NULL;
}

static const struct flag *find_in_all(const struct flag_parse *parse, const char *name, size_t len)
{
    for (size_t i = 0; i < parse->table_count; i++) {
        const struct flag *flag = flags_find(&parse->tables[i], name, len);
        if (flag != NULL) {
            return flag;
        }
    }
    return NULL;
}

static bool append(struct flag_list *list, char *text)
{
    char **grown = realloc(list->items, (list->count + 1) * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    list->items = grown;
    list->items[list->count++] = text;
    return true;
}

static bool read_number(const char *text, uint64_t max, uint64_t *out)
{
    uint64_t number = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        unsigned digit = (unsigned)(unsigned char)*text - '0';
        if (digit > 9 || number > (UINT64_MAX - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    *out = number;
    return number <= max;
}

/* "12", "12.5"; no sign, no exponent. */
static bool read_decimal(const char *text, struct flag_decimal *out)
{
    size_t digits = strspn(text, "0123456789");
    size_t more = text[digits] == '.' ? strspn(text + digits + 1, "0123456789") : 0;
    if (digits == 0 || text[digits + (more > 0 ? more + 1 : 0)] != '\0') {
        return false;
    }
    out->value = strtod(text, NULL);
    out->is_given = true;
    return true;
}

static bool set(struct flag_parse *parse, const struct flag *flag, char *text)
{
    switch (flag->kind) {
    case FLAG_TEXT: *(char **)flag->target = text; return true;
    case FLAG_LIST:
        if (!append(flag->target, text)) {
            snprintf(parse->error, sizeof parse->error, "out of memory");
            return false;
        }
        return true;
    case FLAG_NUMBER:
        if (!read_number(text, flag->max, flag->target)) {
            snprintf(parse->error, sizeof parse->error, "%s: '%.64s' is not a number from 0 to %llu", flag->name, text,
                     (unsigned long long)flag->max);
            return false;
        }
        return true;
    case FLAG_DECIMAL:
        if (!read_decimal(text, flag->target)) {
            snprintf(parse->error, sizeof parse->error, "%s: '%.64s' is not a number such as 12 or 12.5", flag->name,
                     text);
            return false;
        }
        return true;
    case FLAG_DURATION:
        if (!duration_parse(text, flag->target)) {
            snprintf(parse->error, sizeof parse->error, "%s: '%.64s' is not a duration such as 30s, 2m or 500ms",
                     flag->name, text);
            return false;
        }
        return true;
    case FLAG_SWITCH: *(bool *)flag->target = true; return true;
    }
    return false;
}

/* Takes a flag with its value, which may be the next argument. Returns how many arguments it took; 0: failed. */
static int take(struct flag_parse *parse, int left, char **argv)
{
    char *word = argv[0];
    char *equals = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;
    size_t len = equals != NULL ? (size_t)(equals - word) : strlen(word);
    const struct flag *flag = find_in_all(parse, word, len);
    if (flag == NULL) {
        snprintf(parse->error, sizeof parse->error, "unknown flag '%.64s'", word);
        return 0;
    }
    if (flag->kind == FLAG_SWITCH) {
        if (equals != NULL) {
            snprintf(parse->error, sizeof parse->error, "%s takes no value", flag->name);
            return 0;
        }
        return set(parse, flag, NULL) ? 1 : 0;
    }
    if (equals != NULL) {
        return set(parse, flag, equals + 1) ? 1 : 0;
    }
    if (left < 2) {
        snprintf(parse->error, sizeof parse->error, "%s needs a value: %s", flag->name, flag->value);
        return 0;
    }
    return set(parse, flag, argv[1]) ? 2 : 0;
}

bool flags_parse(struct flag_parse *parse, int argc, char **argv)
{
    bool only_arguments = false;
    parse->argument_count = 0;
    parse->wants_help = false;
    parse->error[0] = '\0';
    for (int i = 0; i < argc;) {
        char *word = argv[i];
        if (only_arguments || word[0] != '-' || word[1] == '\0') {
            parse->arguments[parse->argument_count++] = word;
            i++;
        } else if (strcmp(word, "--") == 0) {
            only_arguments = true;
            i++;
        } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            parse->wants_help = true;
            i++;
        } else {
            int taken = take(parse, argc - i, &argv[i]);
            if (taken == 0) {
                return false;
            }
            i += taken;
        }
    }
    return true;
}

void flags_free(const struct flag_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->flags[i].kind == FLAG_LIST) {
            struct flag_list *list = table->flags[i].target;
            free(list->items);
            *list = (struct flag_list){NULL, 0};
        }
    }
}

static size_t left_width(const struct flag *flag)
{
    size_t width = strlen(flag->name) + (flag->short_name != NULL ? strlen(flag->short_name) + 2 : 0);
    return width + (flag->value != NULL ? strlen(flag->value) + 1 : 0);
}

void flags_help(const struct flag_table *table, FILE *out)
{
    size_t widest = 0;
    for (size_t i = 0; i < table->count; i++) {
        size_t width = left_width(&table->flags[i]);
        widest = width > widest ? width : widest;
    }
    for (size_t i = 0; i < table->count; i++) {
        const struct flag *flag = &table->flags[i];
        fprintf(out, "  %s%s%s%s%s", flag->short_name != NULL ? flag->short_name : "",
                flag->short_name != NULL ? ", " : "", flag->name, flag->value != NULL ? " " : "",
                flag->value != NULL ? flag->value : "");
        fprintf(out, "%*s%s\n", (int)(widest - left_width(flag) + 2), "", flag->help);
    }
}
