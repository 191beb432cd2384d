/* What people type, as messages take it. */
#ifndef QVT_CLI_READ_H
#define QVT_CLI_READ_H

#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

#include "cli/command.h"
#include "protobuf-c/quark/version/v1/silo.pb-c.h"

/* The value with that name, in any case and without the prefix of its type. False: none. NULL text leaves *out. */
bool read_enum(const ProtobufCEnumDescriptor *type, const char *prefix, const char *text, int *out);

/* As read_enum for the flag with that name, and reports what it may be: "--mode: 'x' is none of strict, patch". */
enum exit_code read_enum_flag(const char *flag, const ProtobufCEnumDescriptor *type, const char *prefix,
                              const char *text, int *out);

/* A message's text: the given one, unless it is NULL. */
void read_text(char **member, char *given);

/* Cuts "name=value" at the first or last '=' in place, and returns the value; NULL: there is none. */
char *read_pair(char *text, bool at_last);

/* Entries of a label map that point into themselves. */
struct labels {
    Quark__Version__V1__SiloInfo__LabelsEntry *entries;
    Quark__Version__V1__SiloInfo__LabelsEntry **list;
    size_t count;
};

/* Room for so many, none in it. False out of memory. */
bool labels_init(struct labels *labels, size_t room);
void labels_deinit(struct labels *labels);

/* Sets one, over one of the same name. There is room. Both are borrowed. */
void labels_set(struct labels *labels, char *name, char *value);

/* Takes one out, if it is there. */
void labels_remove(struct labels *labels, const char *name);

/* Sets those of a flag that was given as KEY=VALUE; cuts them in place. */
enum exit_code labels_read(struct labels *labels, const struct flag_list *given);

#endif
