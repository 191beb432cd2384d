/* What a server answered so far, field by field, and what it means (grpc PROTOCOL-HTTP2 "Responses"). No I/O. */
#ifndef QVT_RPC_CALL_CLIENT_RESPONSE_H
#define QVT_RPC_CALL_CLIENT_RESPONSE_H

#include <stdbool.h>

#include "base/buf.h"
#include "qvt/rpc/method.h"
#include "rpc/wire/metadata.h"

/* How a call ended. */
struct client_ending {
    qvt_status status;
    struct buf text;    /* for people; may be empty */
    struct buf details; /* an encoded google.rpc.Status; may be empty */
};

/* Invariant: metadata of the block being received goes to `initial` until a final block is complete, then to
 * `trailing`. Start from zeroed memory. */
struct client_response {
    struct metadata_list initial;
    struct metadata_list trailing;
    struct client_ending ending; /* from grpc-status and its companions */
    size_t messages;             /* received whole */
    int http_status;
    bool has_grpc_status;
    bool is_grpc; /* content-type says so */
    bool gzip;    /* grpc-encoding says that messages may be compressed with it */
    bool started; /* the first final block is complete */
};

void client_ending_deinit(struct client_ending *ending);

/* Replaces the ending; text that finds no memory is dropped. */
void client_ending_set(struct client_ending *ending, qvt_status status, const char *format, ...) QVT_PRINTF(3, 4);

void client_response_deinit(struct client_response *response);

/* Forgets everything, keeps memory. */
void client_response_reset(struct client_response *response);

/* Takes one header or trailer field. NO_MEMORY. */
QVT_MUST_CHECK qvt_status client_response_take(struct client_response *response, qvt_slice name, qvt_slice value);

enum client_block {
    CLIENT_BLOCK_INFORMATIONAL, /* 1xx: forgotten */
    CLIENT_BLOCK_INITIAL,       /* messages may follow */
    CLIENT_BLOCK_FOREIGN,       /* not an answer of a gRPC server and more to come: `ending` says what it means */
    CLIENT_BLOCK_LAST           /* trailers, or trailers-only */
};

/* A block of fields is complete; `end`: the server sends nothing after it. */
enum client_block client_response_block(struct client_response *response, bool end);

/* The server's side is complete: sets `ending` for good. inside_message: the last message was cut. */
void client_response_finish(struct client_response *response, qvt_rpc_kind kind, bool inside_message);

#endif
