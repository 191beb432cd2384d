/* Where Redis is: the text after --store. */
#ifndef QVT_SERVER_STORE_REDIS_URL_H
#define QVT_SERVER_STORE_REDIS_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "qvt/error.h"

#define REDIS_HOST_MAX 256u
#define REDIS_ADDRESSES_MAX 16u
#define REDIS_SECRET_MAX 512u

enum redis_kind { REDIS_SINGLE, REDIS_SENTINEL, REDIS_CLUSTER };

struct redis_address {
    char host[REDIS_HOST_MAX]; /* a name, an IPv4 address, or an IPv6 address without brackets */
    uint16_t port;
};

struct redis_url {
    enum redis_kind kind;
    struct redis_address addresses[REDIS_ADDRESSES_MAX]; /* of Redis, of Sentinels, or of some nodes */
    uint32_t count;
    uint32_t database;
    char master[REDIS_HOST_MAX];     /* SENTINEL: the name of the group */
    char user[REDIS_SECRET_MAX];     /* "": none */
    char password[REDIS_SECRET_MAX]; /* "": none */
    /* Of the Sentinels; not in the text, "" when parsed. */
    char sentinel_user[REDIS_SECRET_MAX];
    char sentinel_password[REDIS_SECRET_MAX];
};

/* Whether the text begins as one of ours does. */
bool redis_url_matches(const char *text);

/* Reads redis://[user:pass@]host[:port][/db], redis+sentinel://[user:pass@]host[:port],…/master[/db] or
 * redis+cluster://[user:pass@]host[:port],…. User and password are percent-decoded. INVALID_ARGUMENT; no error repeats
 * what may be a secret. */
QVT_MUST_CHECK qvt_status redis_url_parse(struct redis_url *out, const char *text, qvt_error *error);

#endif
