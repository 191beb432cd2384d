/* How many connections each address has open. An IPv6 address counts as its /64, which is what one host is given;
 * loopback is not counted: who is on the host already is not kept out by its address. */
#ifndef QVT_RPC_NET_ADDRESSES_H
#define QVT_RPC_NET_ADDRESSES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "qvt/status.h"

enum { NET_ADDRESSES_BUCKETS = 1024 };

struct net_address_count;

/* Start from zeroed memory. Invariant: every count in it is above 0. */
struct net_addresses {
    struct net_address_count *buckets[NET_ADDRESSES_BUCKETS];
};

/* One connection more of this peer; give *out back when it is closed; NULL: it is not counted. RESOURCE_EXHAUSTED: it has
 * max of them already, NO_MEMORY; then nothing is owed. */
QVT_MUST_CHECK qvt_status net_addresses_take(struct net_addresses *addresses, const struct sockaddr_storage *peer,
                                             uint32_t max, struct net_address_count **out);

/* One connection less. NULL is fine. */
void net_addresses_give_back(struct net_addresses *addresses, struct net_address_count *count);

#endif
