/* qvtctl store upgrade */
#include <stdio.h>
#include <string.h>

#include "cli/store_redis.h"

struct upgrade_options {
    struct store_redis redis;
    bool yes;
};

static size_t own_flags(void *options, struct flag *out)
{
    struct upgrade_options *upgrade = options;
    store_redis_flags(&upgrade->redis, out);
    out[STORE_REDIS_FLAGS] = (struct flag){
        "--yes", NULL, NULL, "every qvtd of the cluster can write the newer format", FLAG_SWITCH, &upgrade->yes, 0};
    return STORE_REDIS_FLAGS + 1;
}

/* Answers what it did, and the format it found. */
static const char SCRIPT[] = "local found = redis.call('HMGET', KEYS[1], 'head', 'format')\n"
                             "local format = found[2] or '0'\n"
                             "if not found[1] then return {'nothing', format} end\n"
                             "if tonumber(format) == tonumber(ARGV[1]) then return {'same', format} end\n"
                             "if tonumber(format) > tonumber(ARGV[1]) then return {'newer', format} end\n"
                             "if ARGV[2] == '0' then return {'asks', format} end\n"
                             "redis.call('HSET', KEYS[1], 'format', ARGV[1])\n"
                             "return {'raised', format}";

static enum exit_code tell(const redisReply *reply, const char *key)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) {
        store_redis_report("Redis gave another answer than expected");
        return EXIT_REFUSED;
    }
    const char *outcome = reply->element[0]->str;
    const char *format = reply->element[1]->str;
    if (strcmp(outcome, "nothing") == 0) {
        store_redis_report("there is no cluster in %s", key);
        return EXIT_NOT_FOUND;
    }
    if (strcmp(outcome, "newer") == 0) {
        store_redis_report("the cluster has format %s, and this qvtctl knows formats up to " STORE_REDIS_FORMAT,
                           format);
        return EXIT_REFUSED;
    }
    if (strcmp(outcome, "asks") == 0) {
        store_redis_report("this raises format %s to " STORE_REDIS_FORMAT
                           " for good, and a qvtd that cannot write it is refused: say so with --yes",
                           format);
        return EXIT_USAGE;
    }
    if (strcmp(outcome, "same") == 0) {
        printf("format %s, the newest there is\n", format);
    } else {
        printf("format raised from %s to " STORE_REDIS_FORMAT "\n", format);
    }
    return EXIT_DONE;
}

static enum exit_code run(const struct settings *settings, const struct arguments *arguments, void *options)
{
    const struct upgrade_options *asked = options;
    char key[128];
    redisContext *context = NULL;
    (void)arguments;
    if (!store_redis_key(settings, "records", key)) {
        return EXIT_USAGE;
    }
    enum exit_code code = store_redis_connect(&asked->redis, settings, &context);
    if (code != EXIT_DONE) {
        return code;
    }
    redisReply *reply =
        redisCommand(context, "EVAL %s 1 %s " STORE_REDIS_FORMAT " %d", SCRIPT, key, asked->yes ? 1 : 0);
    code = store_redis_check(context, reply);
    if (code == EXIT_DONE) {
        code = tell(reply, key);
    }
    if (reply != NULL) {
        freeReplyObject(reply);
    }
    redisFree(context);
    return code;
}

const struct command command_store_upgrade = {
    .words = "store upgrade",
    .arguments = "",
    .summary = "Raise the format of a cluster's records in Redis",
    .details = "Nothing else raises it: a newer qvtd writes the format that it finds. A qvtd that cannot write the "
               "raised one\n"
               "does not start, and one that runs refuses writes with reason FORMAT. Straight to Redis, as for store "
               "inspect.\n",
    .max_arguments = 0,
    .options_size = sizeof(struct upgrade_options),
    .own_flags = own_flags,
    .run = run,
};
