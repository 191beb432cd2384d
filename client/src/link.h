/* Where a client's calls go (SPEC §9.1): over a channel to the trackers of the cluster, or to the local tracker. */
#ifndef QVT_CLIENT_LINK_H
#define QVT_CLIENT_LINK_H

#include <stdbool.h>

#include "qvt/rpc/client.h"

struct local_link;

/* One of them, or neither while the client is made or unmade. */
struct link {
    qvt_rpc_channel *channel;
    struct local_link *local;
};

/* Whether there is a connection, that is, one that could be left for a better one. */
static inline bool link_is_connected(const struct link *link)
{
    return link->channel != NULL && qvt_rpc_channel_get_state(link->channel) == QVT_RPC_CHANNEL_READY;
}

#endif
