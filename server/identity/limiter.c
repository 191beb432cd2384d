#include "server/identity/limiter.h"

#include <netinet/in.h>
#include <stdlib.h>

#include <xxhash.h>

#include "rpc/net/address.h"

enum { WAYS = 8, MINUTE_US = 60 * 1000 * 1000, PREFIX6_BYTES = 8 };

/* Times are what the bucket lacks of being full: a failure costs MINUTE_US / failures_a_minute. key 0: free. */
struct bucket {
    uint64_t key;
    int64_t full_us; /* when it will be full again */
};

/* Set-associative: an address has WAYS places. The seed keeps an attacker from choosing addresses that share them. */
struct limiter {
    uint64_t seed;
    int64_t cost_us; /* 0: any number of failures */
    size_t sets;
    struct bucket buckets[];
};

qvt_status limiter_new(struct limiter **out, uint32_t failures_a_minute, uint32_t addresses,
                       const struct entropy *entropy)
{
    size_t sets = (addresses + WAYS - 1) / WAYS;
    struct limiter *limiter = calloc(1, sizeof(*limiter) + sets * WAYS * sizeof(limiter->buckets[0]));
    if (limiter == NULL) {
        return QVT_NO_MEMORY;
    }
    limiter->seed = entropy_u64(entropy);
    limiter->cost_us = failures_a_minute == 0 ? 0 : MINUTE_US / (int64_t)failures_a_minute;
    limiter->sets = sets;
    *out = limiter;
    return QVT_OK;
}

void limiter_free(struct limiter *limiter)
{
    free(limiter);
}

/* The bytes of the address that count: all of IPv4's, also when it comes in IPv6's clothes, half of IPv6's. */
static qvt_slice site_of(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET) {
        return qvt_slice_make(&((const struct sockaddr_in *)address)->sin_addr, sizeof(struct in_addr));
    }
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)address)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(v6)) {
        return qvt_slice_make(&v6->s6_addr[sizeof(*v6) - sizeof(struct in_addr)], sizeof(struct in_addr));
    }
    return qvt_slice_make(v6, PREFIX6_BYTES);
}

static uint64_t key_of(const struct limiter *limiter, const char *address)
{
    struct sockaddr_storage parsed;
    qvt_slice site = net_address_parse(&parsed, address) == QVT_OK ? site_of(&parsed) : qvt_slice_text(address);
    return XXH3_64bits_withSeed(site.data, site.len, limiter->seed) | 1;
}

/* The address's own, else a free one, else the one that is full first. */
static struct bucket *find(struct limiter *limiter, uint64_t key)
{
    struct bucket *set = &limiter->buckets[(key >> 1) % limiter->sets * WAYS];
    struct bucket *least = set;
    for (struct bucket *at = set; at < set + WAYS; at++) {
        if (at->key == key) {
            return at;
        }
        least = at->full_us < least->full_us ? at : least;
    }
    *least = (struct bucket){key, 0};
    return least;
}

uint32_t limiter_fail(struct limiter *limiter, const char *address, int64_t now_us)
{
    if (limiter->cost_us == 0) {
        return 0;
    }
    struct bucket *bucket = find(limiter, key_of(limiter, address));
    int64_t full_us = (bucket->full_us > now_us ? bucket->full_us : now_us) + limiter->cost_us;
    int64_t over_us = full_us - now_us - MINUTE_US;
    if (over_us > 0) {
        return (uint32_t)((over_us + 999) / 1000);
    }
    bucket->full_us = full_us;
    return 0;
}
