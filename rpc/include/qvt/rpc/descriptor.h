/* Proto files as data: what the generator emits for reflection. */
#ifndef QVT_RPC_DESCRIPTOR_H
#define QVT_RPC_DESCRIPTOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One file; static storage. */
typedef struct qvt_rpc_descriptor {
    const char *name;    /* as import statements write it: "google/protobuf/any.proto" */
    const uint8_t *data; /* an encoded google.protobuf.FileDescriptorProto */
    size_t len;
} qvt_rpc_descriptor;

/* A file and everything it imports, directly or not; the file itself comes first. Static storage. */
typedef struct qvt_rpc_descriptor_set {
    const qvt_rpc_descriptor *files;
    size_t count;
} qvt_rpc_descriptor_set;

#ifdef __cplusplus
}
#endif

#endif
