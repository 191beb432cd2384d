/* Straight to the Redis of a cluster, past the tracker: what `qvtctl store` commands share. */
#ifndef QVT_CLI_STORE_REDIS_H
#define QVT_CLI_STORE_REDIS_H

#include <hiredis/hiredis.h>

#include "cli/command.h"
#include "qvt/status.h"

/* The newest format that qvtd writes (server/store/redis/base.h); a test holds the two together. */
#define STORE_REDIS_FORMAT "1"

/* The flags of every such command; first member of its options. */
struct store_redis {
    char *address;
    char *user;
    char *password_file;
    uint64_t database;
};

enum { STORE_REDIS_FLAGS = 4 };

/* Fills the first STORE_REDIS_FLAGS. */
void store_redis_flags(struct store_redis *redis, struct flag *out);

/* Connects, logs in and selects, in a Redis Cluster to the node that has the cluster's keys; what fails is reported. */
enum exit_code store_redis_connect(const struct store_redis *redis, const struct settings *settings,
                                   redisContext **out);

/* Reports why there is no reply, or that it is an error; EXIT_DONE: it is a good one. NULL is fine. */
enum exit_code store_redis_check(const redisContext *context, const redisReply *reply);

/* One line on stderr. */
void store_redis_report(const char *format, ...) QVT_PRINTF(1, 2);

/* `{qvt:NAME}:part`. False: the name is too long. */
bool store_redis_key(const struct settings *settings, const char *part, char out[128]);

#endif
