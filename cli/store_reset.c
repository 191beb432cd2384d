/* qvtctl store reset */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/entropy.h"
#include "cli/store_redis.h"
#include "protobuf-c/quark/version/v1/change.pb-c.h"

struct reset_options {
    struct store_redis redis;
    bool yes;
};

static size_t own_flags(void *options, struct flag *out)
{
    struct reset_options *reset = options;
    store_redis_flags(&reset->redis, out);
    out[STORE_REDIS_FLAGS] = (struct flag){
        "--yes", NULL, NULL, "every silo and policy of the cluster is to be forgotten", FLAG_SWITCH, &reset->yes, 0};
    return STORE_REDIS_FLAGS + 1;
}

/* Not just deleted: replicas would put back what they know. An empty cluster with a store_id of its own is another one. */
static const char SCRIPT[] = "if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end\n"
                             "redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6])\n"
                             "redis.call('XADD', KEYS[2], '1-0', 'change', ARGV[2])\n"
                             "redis.call('HSET', KEYS[1], 'head', ARGV[1], 'format', '" STORE_REDIS_FORMAT "')\n"
                             "return 1";

struct first {
    char store_id[33];
    char head[80];
    uint64_t token;
    uint8_t *change;
    size_t change_len;
};

static bool make_first(struct first *first)
{
    const struct entropy *entropy = entropy_system();
    Quark__Version__V1__Change change;
    Quark__Version__V1__Position position;
    Google__Protobuf__Timestamp now;
    quark__version__v1__change__init(&change);
    quark__version__v1__position__init(&position);
    google__protobuf__timestamp__init(&now);
    (void)snprintf(first->store_id, sizeof first->store_id, "%016" PRIx64 "%016" PRIx64, entropy_u64(entropy),
                   entropy_u64(entropy));
    first->token = entropy_u64(entropy);
    (void)snprintf(first->head, sizeof first->head, "%s 1 %016" PRIx64, first->store_id, first->token);
    position.store_id = first->store_id;
    position.revision = 1;
    position.token = first->token;
    now.seconds = (int64_t)time(NULL);
    change.position = &position;
    change.event = QUARK__VERSION__V1__CHANGE_EVENT__CHANGE_EVENT_CLUSTER_CREATED;
    change.time = &now;
    first->change_len = quark__version__v1__change__get_packed_size(&change);
    first->change = malloc(first->change_len);
    if (first->change != NULL) {
        (void)quark__version__v1__change__pack(&change, first->change);
    }
    return first->change != NULL;
}

static redisReply *send(redisContext *context, char keys[6][128], const struct first *first)
{
    const char *words[] = {"EVAL",  SCRIPT,  "6",     keys[0],     keys[1], keys[2],
                           keys[3], keys[4], keys[5], first->head, NULL};
    size_t lens[11];
    words[10] = (const char *)first->change;
    for (size_t i = 0; i < 10; i++) {
        lens[i] = strlen(words[i]);
    }
    lens[10] = first->change_len;
    return redisCommandArgv(context, 11, words, lens);
}

static enum exit_code reset(const struct settings *settings, redisContext *context, const struct first *first)
{
    static const char *const parts[6] = {"records", "changes", "leases", "ttls", "moves:records", "moves:changes"};
    char keys[6][128];
    for (size_t i = 0; i < 6; i++) {
        if (!store_redis_key(settings, parts[i], keys[i])) {
            return EXIT_USAGE;
        }
    }
    redisReply *reply = send(context, keys, first);
    enum exit_code code = store_redis_check(context, reply);
    if (code == EXIT_DONE && reply->integer == 0) {
        store_redis_report("there is no %s", keys[0]);
        code = EXIT_NOT_FOUND;
    } else if (code == EXIT_DONE) {
        printf("emptied %s, store_id %s\n", keys[0], first->store_id);
    }
    if (reply != NULL) {
        freeReplyObject(reply);
    }
    return code;
}

static enum exit_code run(const struct settings *settings, const struct arguments *arguments, void *options)
{
    const struct reset_options *asked = options;
    redisContext *context = NULL;
    struct first first = {.change = NULL};
    (void)arguments;
    if (!asked->yes) {
        store_redis_report("this forgets every silo and policy of the cluster: say so with --yes");
        return EXIT_USAGE;
    }
    enum exit_code code = store_redis_connect(&asked->redis, settings, &context);
    if (code != EXIT_DONE) {
        return code;
    }
    if (make_first(&first)) {
        code = reset(settings, context, &first);
    } else {
        store_redis_report("out of memory");
        code = EXIT_REFUSED;
    }
    free(first.change);
    redisFree(context);
    return code;
}

const struct command command_store_reset = {
    .words = "store reset",
    .arguments = "",
    .summary = "Empty a cluster in Redis on purpose",
    .details =
        "The cluster goes on, empty, under another store_id: replicas load it within a second, watchers start from a\n"
        "reset, and silos that live register again. Straight to Redis, as for store inspect.\n",
    .max_arguments = 0,
    .options_size = sizeof(struct reset_options),
    .own_flags = own_flags,
    .run = run,
};
