#include "rpc/standard/files.h"

#include <stdlib.h>

#include "rpc/standard/symbols.h"

enum { CAP_MIN = 16 };

void files_deinit(struct files *files)
{
    free(files->all);
    free(files->roots);
    *files = (struct files){.all = NULL};
}

static qvt_status push(const qvt_rpc_descriptor ***list, size_t *count, size_t *cap, const qvt_rpc_descriptor *file)
{
    if (*count == *cap) {
        size_t larger = *cap == 0 ? CAP_MIN : *cap * 2;
        const qvt_rpc_descriptor **grown = realloc(*list, larger * sizeof(const qvt_rpc_descriptor *));
        if (grown == NULL) {
            return QVT_NO_MEMORY;
        }
        *list = grown;
        *cap = larger;
    }
    (*list)[(*count)++] = file;
    return QVT_OK;
}

static bool is_in(const qvt_rpc_descriptor *const *list, size_t count, const qvt_rpc_descriptor *file)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i] == file) {
            return true;
        }
    }
    return false;
}

qvt_status files_add(struct files *files, const qvt_rpc_descriptor_set *set)
{
    qvt_status status = QVT_OK;
    for (size_t i = 0; i < set->count && status == QVT_OK; i++) {
        if (files_by_name(files, qvt_slice_text(set->files[i].name)) == NULL) {
            status = push(&files->all, &files->count, &files->cap, &set->files[i]);
        }
    }
    if (status != QVT_OK || set->count == 0) {
        return status;
    }
    const qvt_rpc_descriptor *root = files_by_name(files, qvt_slice_text(set->files[0].name));
    if (is_in(files->roots, files->root_count, root)) {
        return QVT_OK;
    }
    return push(&files->roots, &files->root_count, &files->root_cap, root);
}

const qvt_rpc_descriptor *files_by_name(const struct files *files, qvt_slice name)
{
    for (size_t i = 0; i < files->count; i++) {
        if (qvt_slice_equal(qvt_slice_text(files->all[i]->name), name)) {
            return files->all[i];
        }
    }
    return NULL;
}

const qvt_rpc_descriptor *files_by_symbol(const struct files *files, qvt_slice symbol)
{
    for (size_t i = 0; i < files->count; i++) {
        if (symbols_declares(files_bytes(files->all[i]), symbol)) {
            return files->all[i];
        }
    }
    return NULL;
}

bool files_have_message(const struct files *files, qvt_slice name)
{
    for (size_t i = 0; i < files->count; i++) {
        if (symbols_declares_message(files_bytes(files->all[i]), name)) {
            return true;
        }
    }
    return false;
}

struct extension_search {
    qvt_slice extendee;
    int32_t number;
    int32_t *out;
    size_t room;
    size_t count;
};

static bool is_other(void *data, qvt_slice extendee, int32_t number)
{
    const struct extension_search *search = data;
    return number != search->number || !qvt_slice_equal(extendee, search->extendee);
}

const qvt_rpc_descriptor *files_by_extension(const struct files *files, qvt_slice extendee, int32_t number)
{
    struct extension_search search = {.extendee = extendee, .number = number};
    for (size_t i = 0; i < files->count; i++) {
        if (!symbols_each_extension(files_bytes(files->all[i]), is_other, &search)) {
            return files->all[i];
        }
    }
    return NULL;
}

static bool collect(void *data, qvt_slice extendee, int32_t number)
{
    struct extension_search *search = data;
    if (qvt_slice_equal(extendee, search->extendee)) {
        if (search->count < search->room) {
            search->out[search->count] = number;
        }
        search->count++;
    }
    return true;
}

size_t files_extension_numbers(const struct files *files, qvt_slice extendee, int32_t *out, size_t room)
{
    struct extension_search search = {.extendee = extendee, .out = out, .room = room};
    for (size_t i = 0; i < files->count; i++) {
        (void)symbols_each_extension(files_bytes(files->all[i]), collect, &search);
    }
    return search.count;
}

size_t files_with_imports(const struct files *files, const qvt_rpc_descriptor *file, const qvt_rpc_descriptor **out)
{
    size_t count = 0;
    out[count++] = file;
    for (size_t i = 0; i < count; i++) {
        qvt_slice rest = files_bytes(out[i]);
        qvt_slice name;
        while (symbols_next_import(&rest, &name)) {
            const qvt_rpc_descriptor *import = files_by_name(files, name);
            if (import != NULL && !is_in(out, count, import)) {
                out[count++] = import;
            }
        }
    }
    return count;
}
