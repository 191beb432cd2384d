#include "rpc/net/addresses.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum { KEY_LEN = 16, PREFIX_LEN = 8 };

struct net_address_count {
    struct net_address_count *next;
    uint8_t key[KEY_LEN];
    uint32_t open;
};

/* An IPv4 address in its IPv6 form, so that it is the same over a socket of either kind. */
static void fill_key(uint8_t key[KEY_LEN], const struct sockaddr_storage *peer)
{
    static const uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    memset(key, 0, KEY_LEN);
    if (peer->ss_family == AF_INET6) {
        const struct in6_addr *address = &((const struct sockaddr_in6 *)peer)->sin6_addr;
        memcpy(key, address, memcmp(address, mapped, sizeof(mapped)) == 0 ? KEY_LEN : PREFIX_LEN);
        return;
    }
    memcpy(key, mapped, sizeof(mapped));
    memcpy(key + sizeof(mapped), &((const struct sockaddr_in *)peer)->sin_addr, KEY_LEN - sizeof(mapped));
}

static bool is_loopback(const struct sockaddr_storage *peer, const uint8_t key[KEY_LEN])
{
    enum { FIRST_OF_IPV4 = 12, LOOPBACK_NET = 127 };
    return key[FIRST_OF_IPV4] == LOOPBACK_NET ||
           (peer->ss_family == AF_INET6 &&
            memcmp(&((const struct sockaddr_in6 *)peer)->sin6_addr, &in6addr_loopback, sizeof(in6addr_loopback)) == 0);
}

/* FNV-1a. */
static uint32_t bucket_of(const uint8_t key[KEY_LEN])
{
    uint32_t hash = 2166136261;
    for (size_t i = 0; i < KEY_LEN; i++) {
        hash = (hash ^ key[i]) * 16777619;
    }
    return (hash ^ hash >> 16) % NET_ADDRESSES_BUCKETS;
}

/* The link that points to the address's count, or the last of its bucket. */
static struct net_address_count **find(struct net_addresses *addresses, const uint8_t key[KEY_LEN])
{
    struct net_address_count **link = &addresses->buckets[bucket_of(key)];
    while (*link != NULL && memcmp((*link)->key, key, KEY_LEN) != 0) {
        link = &(*link)->next;
    }
    return link;
}

qvt_status net_addresses_take(struct net_addresses *addresses, const struct sockaddr_storage *peer, uint32_t max,
                              struct net_address_count **out)
{
    uint8_t key[KEY_LEN];
    *out = NULL;
    fill_key(key, peer);
    if (max == 0 || is_loopback(peer, key)) {
        return QVT_OK;
    }
    struct net_address_count **link = find(addresses, key);
    if (*link == NULL) {
        *link = calloc(1, sizeof(**link));
        if (*link == NULL) {
            return QVT_NO_MEMORY;
        }
        memcpy((*link)->key, key, KEY_LEN);
    }
    if ((*link)->open >= max) {
        return QVT_RESOURCE_EXHAUSTED;
    }
    (*link)->open++;
    *out = *link;
    return QVT_OK;
}

void net_addresses_give_back(struct net_addresses *addresses, struct net_address_count *count)
{
    if (count == NULL || --count->open > 0) {
        return;
    }
    struct net_address_count **link = find(addresses, count->key);
    QVT_ASSERT(*link == count);
    *link = count->next;
    free(count);
}
