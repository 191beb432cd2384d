/* Metadata of a call: ordered name and value pairs, duplicates kept. */
#ifndef QVT_RPC_METADATA_H
#define QVT_RPC_METADATA_H

#include "qvt/slice.h"
#include "qvt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An entry; borrowed. Names are lower case `[0-9a-z_.-]+`, never `grpc-…`. The values of names that end in `-bin` are
 * the bytes themselves, base64 is the wire's affair (grpc PROTOCOL-HTTP2). */
typedef struct qvt_rpc_metadata_entry {
    qvt_slice name;
    qvt_slice value;
} qvt_rpc_metadata_entry;

typedef struct qvt_rpc_metadata {
    const qvt_rpc_metadata_entry *entries;
    size_t count;
} qvt_rpc_metadata;

/* The first value with that name; an empty slice with data NULL when there is none. */
QVT_API qvt_slice qvt_rpc_metadata_find(const qvt_rpc_metadata *metadata, const char *name);

/* Whether name and value may be sent: INVALID_ARGUMENT when not. */
QVT_API QVT_MUST_CHECK qvt_status qvt_rpc_metadata_check(const qvt_rpc_metadata_entry *entry);

#ifdef __cplusplus
}
#endif

#endif
