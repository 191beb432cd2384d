#include <stdlib.h>

#include "rpc/call/server_private.h"

enum { CAP_MIN = 32 };

/* FNV-1a: the table holds only our own methods, so that nobody can choose the keys. */
static uint64_t hash_path(qvt_slice path)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < path.len; i++) {
        hash = (hash ^ path.data[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

void server_methods_deinit(struct server_methods *methods)
{
    for (size_t i = 0; i < methods->cap; i++) {
        free(methods->slots[i]);
    }
    free(methods->slots);
    *methods = (struct server_methods){.slots = NULL};
}

/* Where the path is, or where it would go; there is a free slot. */
static size_t find_slot(const struct server_methods *methods, qvt_slice path, uint64_t hash)
{
    size_t i = hash & (methods->cap - 1);
    while (methods->slots[i] != NULL &&
           !(methods->slots[i]->hash == hash && qvt_slice_equal(methods->slots[i]->path, path))) {
        i = (i + 1) & (methods->cap - 1);
    }
    return i;
}

static qvt_status grow(struct server_methods *methods)
{
    if (methods->cap / 2 > methods->count) {
        return QVT_OK;
    }
    struct server_methods larger = {.cap = methods->cap == 0 ? CAP_MIN : methods->cap * 2, .count = methods->count};
    larger.slots = calloc(larger.cap, sizeof(*larger.slots));
    if (larger.slots == NULL) {
        return QVT_NO_MEMORY;
    }
    for (size_t i = 0; i < methods->cap; i++) {
        struct server_method *method = methods->slots[i];
        if (method != NULL) {
            larger.slots[find_slot(&larger, method->path, method->hash)] = method;
        }
    }
    free(methods->slots);
    *methods = larger;
    return QVT_OK;
}

qvt_status server_methods_add(struct server_methods *methods, const qvt_rpc_method *method,
                              const qvt_rpc_handler *handler, void *data)
{
    if (grow(methods) != QVT_OK) {
        return QVT_NO_MEMORY;
    }
    qvt_slice path = qvt_slice_text(method->path);
    uint64_t hash = hash_path(path);
    size_t slot = find_slot(methods, path, hash);
    if (methods->slots[slot] != NULL) {
        return QVT_ALREADY_EXISTS;
    }
    struct server_method *added = malloc(sizeof(*added));
    if (added == NULL) {
        return QVT_NO_MEMORY;
    }
    *added = (struct server_method){method, *handler, data, path, hash};
    methods->slots[slot] = added;
    methods->count++;
    return QVT_OK;
}

const struct server_method *server_methods_find(struct server_methods *methods, qvt_slice path)
{
    if (methods->last != NULL && qvt_slice_equal(methods->last->path, path)) {
        return methods->last;
    }
    if (methods->count == 0) {
        return NULL;
    }
    const struct server_method *found = methods->slots[find_slot(methods, path, hash_path(path))];
    if (found != NULL) {
        methods->last = found;
    }
    return found;
}
