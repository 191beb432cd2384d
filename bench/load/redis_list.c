/* Reads all values under a prefix from Redis: SCAN, then GET of each key.
 * usage: bench_redis_list PORT PREFIX single|pipelined ROUNDS
 * `single` waits for every answer before the next question, `pipelined` asks for all values of a SCAN's keys at once. Says
 * `seconds=S items=I bytes=B pages=P` a round, after one to warm up; pages are the SCANs. */
#include <stdio.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "bench/load/load.h"

struct work {
    redisContext *redis;
    const char *pattern;
    bool pipelined;
    size_t pages;
    size_t items;
    size_t bytes;
};

static redisReply *check(struct work *work, void *reply)
{
    redisReply *checked = reply;
    if (checked == NULL || checked->type == REDIS_REPLY_ERROR) {
        load_die("redis: %s", checked == NULL ? work->redis->errstr : checked->str);
    }
    return checked;
}

static void count_value(struct work *work, redisReply *value)
{
    if (value->type == REDIS_REPLY_STRING) {
        work->items++;
        work->bytes += value->len;
    }
    freeReplyObject(value);
}

static void get_single(struct work *work, const redisReply *keys)
{
    for (size_t i = 0; i < keys->elements; i++) {
        count_value(work, check(work, redisCommand(work->redis, "GET %s", keys->element[i]->str)));
    }
}

static void get_pipelined(struct work *work, const redisReply *keys)
{
    void *reply = NULL;
    for (size_t i = 0; i < keys->elements; i++) {
        (void)redisAppendCommand(work->redis, "GET %s", keys->element[i]->str);
    }
    for (size_t i = 0; i < keys->elements; i++) {
        (void)redisGetReply(work->redis, &reply);
        count_value(work, check(work, reply));
    }
}

static void play_round(struct work *work)
{
    char cursor[32] = "0";
    work->pages = work->items = work->bytes = 0;
    do {
        redisReply *page = check(work, redisCommand(work->redis, "SCAN %s MATCH %s COUNT 1000", cursor, work->pattern));
        work->pages++;
        (work->pipelined ? get_pipelined : get_single)(work, page->element[1]);
        (void)snprintf(cursor, sizeof(cursor), "%s", page->element[0]->str);
        freeReplyObject(page);
    } while (strcmp(cursor, "0") != 0);
}

int main(int argc, char **argv)
{
    char pattern[128];
    if (argc != 5) {
        load_die("usage: bench_redis_list PORT PREFIX single|pipelined ROUNDS");
    }
    struct work work = {.pattern = pattern, .pipelined = strcmp(argv[3], "pipelined") == 0};
    (void)snprintf(pattern, sizeof(pattern), "%s*", argv[2]);
    work.redis = redisConnect("127.0.0.1", (int)load_number(argv[1], "PORT"));
    if (work.redis == NULL || work.redis->err != 0) {
        load_die("cannot connect to redis on port %s", argv[1]);
    }
    uint32_t rounds = load_number(argv[4], "ROUNDS");
    for (uint32_t i = 0; i <= rounds; i++) {
        uint64_t begun_ns = load_now_ns();
        play_round(&work);
        double seconds = (double)(load_now_ns() - begun_ns) / 1e9;
        if (i > 0) {
            printf("seconds=%.6f items=%zu bytes=%zu pages=%zu\n", seconds, work.items, work.bytes, work.pages);
        }
    }
    return 0;
}
