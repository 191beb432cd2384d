/* The methods of the service test.Peer. */
#ifndef QVT_TESTS_INTEGRATION_RPC_PEER_H
#define QVT_TESTS_INTEGRATION_RPC_PEER_H

#include "qvt/rpc/server.h"

struct peer {
    qvt_rpc_server *server;
    qvt_rpc_server_call *held; /* the call that Hold keeps and Release lets go on */
    unsigned cancelled;
    unsigned messages_received;
    size_t queued_max; /* of Count */
};

/* Unary:            Echo, Canned, Fail, Metadata, Wait, Stats, Release
 * client streaming: Collect, Hold
 * server streaming: Count
 * bidi streaming:   Chat */
QVT_MUST_CHECK qvt_status peer_add_methods(struct peer *peer);

#endif
