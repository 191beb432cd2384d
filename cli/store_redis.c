#include "cli/store_redis.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECRET_CAP = 512 };

void store_redis_report(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("qvtctl: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
}

void store_redis_flags(struct store_redis *redis, struct flag *out)
{
    out[0] = (struct flag){
        "--redis",       NULL, "HOST:PORT", "the Redis that holds the cluster (127.0.0.1:6379)", FLAG_TEXT,
        &redis->address, 0};
    out[1] = (struct flag){"--redis-user", NULL, "NAME", "its ACL user", FLAG_TEXT, &redis->user, 0};
    out[2] = (struct flag){"--redis-password-file", NULL, "FILE", "whose first line is the password", FLAG_TEXT,
                           &redis->password_file,   0};
    out[3] = (struct flag){"--redis-database", NULL, "N", "the database (0)", FLAG_NUMBER, &redis->database, 65535};
}

enum exit_code store_redis_check(const redisContext *context, const redisReply *reply)
{
    if (reply == NULL) {
        store_redis_report("Redis: %s", context->errstr);
        return EXIT_UNREACHABLE;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        store_redis_report("Redis: %s", reply->str);
        return EXIT_REFUSED;
    }
    return EXIT_DONE;
}

static enum exit_code finish(const redisContext *context, redisReply *reply)
{
    enum exit_code code = store_redis_check(context, reply);
    if (reply != NULL) {
        freeReplyObject(reply);
    }
    return code;
}

static bool read_password(char out[SECRET_CAP], const char *path)
{
    FILE *file = fopen(path, "re");
    bool read = file != NULL && fgets(out, SECRET_CAP, file) != NULL;
    if (file != NULL) {
        (void)fclose(file);
    }
    out[read ? strcspn(out, "\r\n") : 0] = '\0';
    return read && out[0] != '\0';
}

static enum exit_code log_in(const struct store_redis *redis, redisContext *context)
{
    char password[SECRET_CAP];
    if (redis->password_file == NULL) {
        return EXIT_DONE;
    }
    if (!read_password(password, redis->password_file)) {
        store_redis_report("--redis-password-file: %s cannot be read, or is empty", redis->password_file);
        return EXIT_USAGE;
    }
    if (redis->user == NULL) {
        return finish(context, redisCommand(context, "AUTH %s", password));
    }
    return finish(context, redisCommand(context, "AUTH %s %s", redis->user, password));
}

static enum exit_code select_database(const struct store_redis *redis, redisContext *context)
{
    if (redis->database == 0) {
        return EXIT_DONE;
    }
    return finish(context, redisCommand(context, "SELECT %llu", (unsigned long long)redis->database));
}

struct place {
    char host[256];
    long port;
};

/* HOST:PORT, an IPv6 address in brackets or, as Redis writes it, without. */
static bool read_place(struct place *out, const char *text)
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);
    bool bracketed = len > 2 && text[0] == '[' && text[len - 1] == ']';
    text += bracketed ? 1 : 0;
    len -= bracketed ? 2 : 0;
    out->port = colon == NULL ? 0 : strtol(colon + 1, &end, 10);
    if (len == 0 || len >= sizeof out->host || out->port < 1 || out->port > 65535 || *end != '\0') {
        return false;
    }
    memcpy(out->host, text, len);
    out->host[len] = '\0';
    return true;
}

static enum exit_code reach(const struct store_redis *redis, const struct settings *settings, const struct place *place,
                            redisContext **out)
{
    struct timeval timeout = {settings->timeout_ms / 1000, (settings->timeout_ms % 1000) * 1000};
    redisContext *context = redisConnectWithTimeout(place->host, (int)place->port, timeout);
    if (context == NULL || context->err != 0) {
        store_redis_report("Redis at %s:%ld: %s", place->host, place->port,
                           context == NULL ? "out of memory" : context->errstr);
        redisFree(context);
        return EXIT_UNREACHABLE;
    }
    (void)redisSetTimeout(context, timeout);
    enum exit_code code = log_in(redis, context);
    code = code == EXIT_DONE ? select_database(redis, context) : code;
    if (code != EXIT_DONE) {
        redisFree(context);
        return code;
    }
    *out = context;
    return EXIT_DONE;
}

/* Whether another node of a Redis Cluster has the cluster's keys: `MOVED 3999 host:port`, without the host where the node
 * does not know its own name. */
static bool is_elsewhere(redisContext *context, const char *key, struct place *place)
{
    redisReply *reply = redisCommand(context, "EXISTS %s", key);
    bool moved = reply != NULL && reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "MOVED ", 6) == 0;
    const char *where = moved ? strchr(reply->str + 6, ' ') : NULL;
    struct place next;
    if (where != NULL && where[1] == ':') {
        next = *place;
        next.port = strtol(where + 2, NULL, 10);
    } else {
        moved = where != NULL && read_place(&next, where + 1);
    }
    if (moved) {
        *place = next;
    }
    if (reply != NULL) {
        freeReplyObject(reply);
    }
    return moved;
}

enum { MOVES_MOST = 5 };

enum exit_code store_redis_connect(const struct store_redis *redis, const struct settings *settings, redisContext **out)
{
    struct place place = {"127.0.0.1", 6379};
    char key[128];
    if (redis->address != NULL && strchr(redis->address, '@') != NULL) {
        store_redis_report("--redis is HOST:PORT; the login is --redis-user and --redis-password-file");
        return EXIT_USAGE;
    }
    if (redis->address != NULL && !read_place(&place, redis->address)) {
        store_redis_report("--redis: '%s' is not HOST:PORT", redis->address);
        return EXIT_USAGE;
    }
    if (!store_redis_key(settings, "records", key)) {
        return EXIT_USAGE;
    }
    enum exit_code code = reach(redis, settings, &place, out);
    for (int moves = 0; code == EXIT_DONE && moves < MOVES_MOST && is_elsewhere(*out, key, &place); moves++) {
        redisFree(*out);
        code = reach(redis, settings, &place, out);
    }
    return code;
}

bool store_redis_key(const struct settings *settings, const char *part, char out[128])
{
    const char *cluster = settings->cluster == NULL || settings->cluster[0] == '\0' ? "default" : settings->cluster;
    int len = snprintf(out, 128, "{qvt:%s}:%s", cluster, part);
    if (len < 0 || len >= 128) {
        store_redis_report("--cluster: longer than 64 characters");
        return false;
    }
    return true;
}
