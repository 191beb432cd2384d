/* Metadata as a list that owns its bytes, and its form on the wire. */
#ifndef QVT_RPC_WIRE_METADATA_H
#define QVT_RPC_WIRE_METADATA_H

#include <stdbool.h>

#include "base/buf.h"
#include "qvt/rpc/metadata.h"

/* Invariants: every slice of view points into text; view.count <= cap. Start from METADATA_LIST_INIT. */
struct metadata_list {
    qvt_rpc_metadata view; /* borrowed until the next change */
    struct buf text;
    qvt_rpc_metadata_entry *entries;
    size_t cap;
};

#define METADATA_LIST_INIT                                                                                             \
    {                                                                                                                  \
        {NULL, 0}, BUF_INIT, NULL, 0                                                                                   \
    }

void metadata_list_deinit(struct metadata_list *list);

/* Forgets the entries, keeps the memory. */
void metadata_list_clear(struct metadata_list *list);

/* Adds a copy of the entry as it is. NO_MEMORY leaves the list as it was. */
QVT_MUST_CHECK qvt_status metadata_list_add(struct metadata_list *list, qvt_slice name, qvt_slice value);

/* Adds a header field that arrived: a `-bin` value is split at `,` and decoded, one entry a piece; pieces that are not
 * base64 are dropped. NO_MEMORY. */
QVT_MUST_CHECK qvt_status metadata_list_add_wire(struct metadata_list *list, qvt_slice name, qvt_slice value);

/* Whether the header field belongs to HTTP or gRPC itself and is no metadata: pseudo headers, `grpc-…`, content-type,
 * te and the like. */
bool metadata_is_reserved(qvt_slice name);

/* Whether the name ends in `-bin`: its value travels as base64. */
bool metadata_is_binary(qvt_slice name);

#endif
