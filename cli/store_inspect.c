/* qvtctl store inspect */
#include <string.h>

#include "cli/json_output.h"
#include "cli/store_redis.h"
#include "cli/table.h"
#include "protobuf-c/quark/version/v1/change.pb-c.h"
#include "qvt/quark/version/v1/change.json.h"

static size_t own_flags(void *options, struct flag *out)
{
    store_redis_flags(options, out);
    return STORE_REDIS_FLAGS;
}

/* What is kept of a record is the contract's Record, with two fields of the store's own behind it. */
static enum exit_code show_record(const redisReply *reply, const char *field)
{
    Quark__Version__V1__Record *record = NULL;
    if (reply->type != REDIS_REPLY_STRING) {
        store_redis_report("there is no record %s", field);
        return EXIT_NOT_FOUND;
    }
    record = quark__version__v1__record__unpack(NULL, reply->len, (const uint8_t *)reply->str);
    if (record == NULL) {
        store_redis_report("record %s cannot be decoded", field);
        return EXIT_REFUSED;
    }
    enum exit_code code = json_output(&quark_version_v1_record_json_type, &record->base);
    quark__version__v1__record__free_unpacked(record, NULL);
    return code;
}

static void add_row(struct table *table, const char *name, const redisReply *value)
{
    table_add(table, name);
    table_add(table, value->str != NULL ? value->str : "");
}

static enum exit_code show_log(const redisReply *reply, const char *key)
{
    struct table table = TABLE_INIT(2);
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 5 || reply->element[0]->str == NULL) {
        store_redis_report("there is no cluster in %s", key);
        return EXIT_NOT_FOUND;
    }
    add_row(&table, "head (store_id revision token)", reply->element[0]);
    add_row(&table, "second log", reply->element[4]);
    add_row(&table, "format", reply->element[1]);
    add_row(&table, "last tick, microseconds", reply->element[2]);
    add_row(&table, "nobody expires before", reply->element[3]);
    return table_show(&table);
}

static enum exit_code run(const struct settings *settings, const struct arguments *arguments, void *options)
{
    char key[128];
    redisContext *context = NULL;
    if (!store_redis_key(settings, "records", key)) {
        return EXIT_USAGE;
    }
    enum exit_code code = store_redis_connect(options, settings, &context);
    if (code != EXIT_DONE) {
        return code;
    }
    const char *field = arguments->count > 0 ? arguments->items[0] : NULL;
    redisReply *reply = field == NULL ? redisCommand(context, "HMGET %s head format tick hold moves", key)
                                      : redisCommand(context, "HGET %s %s", key, field);
    code = store_redis_check(context, reply);
    if (code == EXIT_DONE) {
        code = field == NULL ? show_log(reply, key) : show_record(reply, field);
    }
    if (reply != NULL) {
        freeReplyObject(reply);
    }
    redisFree(context);
    return code;
}

const struct command command_store_inspect = {
    .words = "store inspect",
    .arguments = "[KIND/KEY]",
    .summary = "Show what Redis keeps of a cluster, or one record of it",
    .details =
        "KIND/KEY is a field of {qvt:CLUSTER}:records, such as silo/s1 or policy/Order. Reads Redis itself, not\n"
        "through a tracker; with Sentinel or Redis Cluster name the master that has the cluster.\n",
    .max_arguments = 1,
    .options_size = sizeof(struct store_redis),
    .own_flags = own_flags,
    .run = run,
};
