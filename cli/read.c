#include "cli/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/report.h"
#include "cli/show.h"

typedef Quark__Version__V1__SiloInfo__LabelsEntry label_entry;

bool read_enum(const ProtobufCEnumDescriptor *type, const char *prefix, const char *text, int *out)
{
    if (text == NULL) {
        return true;
    }
    /* The first one stands for "not given". */
    for (unsigned i = 1; i < type->n_values; i++) {
        char room[12];
        if (strcasecmp(text, show_enum(type, prefix, type->values[i].value, room)) == 0) {
            *out = type->values[i].value;
            return true;
        }
    }
    return false;
}

enum exit_code read_enum_flag(const char *flag, const ProtobufCEnumDescriptor *type, const char *prefix,
                              const char *text, int *out)
{
    char names[256] = "";
    size_t len = 0;
    if (read_enum(type, prefix, text, out)) {
        return EXIT_DONE;
    }
    for (unsigned i = 1; i < type->n_values && len < sizeof names; i++) {
        char room[12];
        len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", i > 1 ? ", " : "",
                                show_enum(type, prefix, type->values[i].value, room));
    }
    return report_usage("%s: '%.64s' is none of %s", flag, text, names);
}

void read_text(char **member, char *given)
{
    *member = given != NULL ? given : *member;
}

char *read_pair(char *text, bool at_last)
{
    char *equals = at_last ? strrchr(text, '=') : strchr(text, '=');
    if (equals != NULL) {
        *equals++ = '\0';
    }
    return equals;
}

bool labels_init(struct labels *labels, size_t room)
{
    labels->entries = calloc(room + 1, sizeof *labels->entries);
    labels->list = calloc(room + 1, sizeof *labels->list);
    labels->count = 0;
    return labels->entries != NULL && labels->list != NULL;
}

void labels_deinit(struct labels *labels)
{
    free(labels->entries);
    free(labels->list);
}

static size_t find(const struct labels *labels, const char *name)
{
    size_t i = 0;
    while (i < labels->count && strcmp(labels->list[i]->key, name) != 0) {
        i++;
    }
    return i;
}

void labels_set(struct labels *labels, char *name, char *value)
{
    size_t at = find(labels, name);
    if (at == labels->count) {
        label_entry *entry = &labels->entries[labels->count];
        quark__version__v1__silo_info__labels_entry__init(entry);
        labels->list[labels->count++] = entry;
    }
    labels->list[at]->key = name;
    labels->list[at]->value = value;
}

void labels_remove(struct labels *labels, const char *name)
{
    size_t at = find(labels, name);
    if (at < labels->count) {
        /* The last entry moves into the gap, so that the next one to be set finds a free one at the end. */
        *labels->list[at] = *labels->list[--labels->count];
    }
}

enum exit_code labels_read(struct labels *labels, const struct flag_list *given)
{
    for (size_t i = 0; i < given->count; i++) {
        char *value = read_pair(given->items[i], false);
        if (value == NULL) {
            return report_usage("--label: '%.64s' is not KEY=VALUE", given->items[i]);
        }
        labels_set(labels, given->items[i], value);
    }
    return EXIT_DONE;
}
