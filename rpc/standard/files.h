/* The proto files that reflection tells: looked up by name, by symbol and by extension. */
#ifndef QVT_RPC_STANDARD_FILES_H
#define QVT_RPC_STANDARD_FILES_H

#include <stdbool.h>

#include "qvt/rpc/descriptor.h"
#include "qvt/slice.h"
#include "qvt/status.h"

/* Invariants: no two files have the same name; roots are in the order they were added, without duplicates. */
struct files {
    const qvt_rpc_descriptor **all;
    size_t count;
    size_t cap;
    const qvt_rpc_descriptor **roots; /* whose services are listed */
    size_t root_count;
    size_t root_cap;
};

void files_deinit(struct files *files);

/* Adds the files of the set that are new, and its first file as a root. NO_MEMORY. */
QVT_MUST_CHECK qvt_status files_add(struct files *files, const qvt_rpc_descriptor_set *set);

/* NULL when there is none. */
const qvt_rpc_descriptor *files_by_name(const struct files *files, qvt_slice name);
const qvt_rpc_descriptor *files_by_symbol(const struct files *files, qvt_slice symbol);
const qvt_rpc_descriptor *files_by_extension(const struct files *files, qvt_slice extendee, int32_t number);

/* Whether one of them declares this message. */
bool files_have_message(const struct files *files, qvt_slice name);

/* The file and everything it imports, the file first, into out, which has room for files->count; returns how many. */
size_t files_with_imports(const struct files *files, const qvt_rpc_descriptor *file, const qvt_rpc_descriptor **out);

/* The numbers of the message's extensions, into out up to room of them; returns how many there are. */
size_t files_extension_numbers(const struct files *files, qvt_slice extendee, int32_t *out, size_t room);

static inline qvt_slice files_bytes(const qvt_rpc_descriptor *file)
{
    return qvt_slice_make(file->data, file->len);
}

#endif
