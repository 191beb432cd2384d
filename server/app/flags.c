#include "server/app/flags.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "base/check.h"
#include "server/app/flag_value.h"

static const char *const LOG_LEVELS[] = {"debug", "info", "warn", "error", NULL};
static const char *const LOG_FORMATS[] = {"text", "json", NULL};

#define AT(member) offsetof(struct settings, member)
#define TEXT(name, member, fallback, value, help)                                                                      \
    {                                                                                                                  \
        name, FLAG_TEXT, fallback, value, help, AT(member), 0, 0, NULL                                                 \
    }
#define CHOICE(name, member, fallback, value, choices, help)                                                           \
    {                                                                                                                  \
        name, FLAG_CHOICE, fallback, value, help, AT(member), 0, 0, choices                                            \
    }
#define COUNT(name, member, fallback, min, max, help)                                                                  \
    {                                                                                                                  \
        name, FLAG_COUNT, fallback, "N", help, AT(member), min, max, NULL                                              \
    }
#define DURATION(name, member, fallback, min, max, help)                                                               \
    {                                                                                                                  \
        name, FLAG_DURATION, fallback, "TIME", help, AT(member), min, max, NULL                                        \
    }
#define SIZE(name, member, fallback, min, max, help)                                                                   \
    {                                                                                                                  \
        name, FLAG_SIZE, fallback, "SIZE", help, AT(member), min, max, NULL                                            \
    }

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
#define DAY ((uint64_t)24 * HOUR)
#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)

static const struct flag FLAGS[] = {
    TEXT("grpc-listen", grpc_listen, "127.0.0.1:7070", "ADDR:PORT", "where gRPC is served; port 0: a free one"),
    TEXT("http-listen", http_listen, "127.0.0.1:7080", "ADDR:PORT",
         "where HTTP and JSON are served; port 0: a free one"),
    TEXT("store", store, "", "STORE",
         "memory, or sqlite:PATH; left out: sqlite in $XDG_STATE_HOME/qvt or "
         "~/.local/state/qvt"),
    CHOICE("log-level", log_level, "info", "LEVEL", LOG_LEVELS, "debug, info, warn or error; on stderr"),
    CHOICE("log-format", log_format, "text", "FORMAT", LOG_FORMATS, "text (key=value) or json, one line an event"),

    DURATION("cache-ttl", cache_ttl_ms, "10s", 0, HOUR, "how long callers may reuse an answer"),
    DURATION("watch-progress", progress_interval_ms, "4s", 100, HOUR, "between progress messages on a quiet watch"),
    DURATION("watch-stall", watch_stall_ms, "60s", SECOND, HOUR, "a watcher that takes no byte for so long is closed"),
    DURATION("http-keepalive", keepalive_interval_ms, "10s", 100, HOUR, "between comments on a quiet event stream"),
    DURATION("drain-grace", drain_grace_ms, "10s", 0, HOUR, "how long open calls may take after SIGTERM"),

    COUNT("max-clusters", clusters_max, "1024", 1, 65536, "clusters"),
    COUNT("max-silos", silos_max, "100000", 1, 10000000, "silos of a cluster"),
    COUNT("max-actor-types", actor_types_max, "1024", 1, 65536, "actor types of a silo"),
    COUNT("max-labels", labels_max, "64", 0, 4096, "labels of a silo"),
    SIZE("max-label-bytes", label_bytes_max, "256", 1, 64 * KIB, "of a label's key, and of its value"),
    SIZE("max-registration-bytes", registration_bytes_max, "1MiB", KIB, 64 * MIB, "of a registration"),
    SIZE("max-message-bytes", message_bytes_max, "4MiB", KIB, 64 * MIB, "of a message, over gRPC and over HTTP"),
    COUNT("max-page-size", page_size_max, "1000", 1, 100000, "entries of a page of a list"),
    COUNT("max-connections", connections_max, "10000", 1, 1000000, "gRPC connections"),
    COUNT("max-http-connections", http_connections_max, "10000", 1, 1000000, "HTTP connections"),
    COUNT("max-streams", streams_max, "1000", 1, 1000000, "concurrent calls of a gRPC connection"),
    SIZE("max-header-bytes", header_bytes_max, "8KiB", KIB, MIB, "of a gRPC call's metadata"),
    SIZE("max-request-memory", request_memory_max, "16MiB", 64 * KIB, 1024 * MIB, "what one request may cost decoded"),
    DURATION("http-idle", http_idle_ms, "75s", SECOND, DAY, "an HTTP connection without a byte for so long is closed"),

    DURATION("lease-ttl", lease_ttl_ms, "15s", 100, DAY, "of a silo that does not ask for another"),
    DURATION("min-lease-ttl", lease_ttl_min_ms, "2s", 100, DAY, "the shortest a silo can get"),
    DURATION("max-lease-ttl", lease_ttl_max_ms, "10m", 100, DAY, "the longest a silo can get"),
    DURATION("keep-dead", dead_keep_ms, "7d", 0, 3650 * DAY, "how long dead silos stay on record"),
    COUNT("max-dead", dead_max, "1000", 0, 1000000, "dead silos on record in a cluster; the oldest go first"),

    COUNT("preserve-silos", preserve_silos, "3", 1, 1000000, "expiry pauses when at least so many silos lapse at once"),
    COUNT("preserve-percent", preserve_percent, "15", 0, 100, "and they are more than this share of all"),
    DURATION("preserve-time", preserve_max_ms, "10m", SECOND, DAY, "how long expiry may pause"),

    COUNT("history-changes", history_changes_max, "10000", 1, 10000000, "changes a watcher can catch up on"),
    DURATION("history-age", history_age_ms, "1h", SECOND, 365 * DAY, "how far back a watcher can catch up"),
    SIZE("history-bytes", history_bytes_max, "64MiB", 64 * KIB, 4096 * MIB, "of kept changes"),
};
enum { FLAG_TOTAL = sizeof(FLAGS) / sizeof(FLAGS[0]), ENV_NAME_MAX = 64 };

static void env_name(const struct flag *flag, char out[ENV_NAME_MAX])
{
    snprintf(out, ENV_NAME_MAX, "QVT_%s", flag->name);
    for (char *at = out; *at != '\0'; at++) {
        *at = *at == '-' ? '_' : (char)toupper((unsigned char)*at);
    }
}

static const struct flag *find_flag(const char *name, size_t len)
{
    for (size_t i = 0; i < FLAG_TOTAL; i++) {
        if (strlen(FLAGS[i].name) == len && memcmp(FLAGS[i].name, name, len) == 0) {
            return &FLAGS[i];
        }
    }
    return NULL;
}

static qvt_status read_value(const struct flag *flag, const char *source, const char *text, struct settings *settings,
                             qvt_error *error)
{
    qvt_error fault;
    if (flag_read(flag, text, settings, &fault) == QVT_OK) {
        return QVT_OK;
    }
    return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "%s: %s", source, fault.message);
}

static qvt_status read_environment(struct settings *settings, char *(*environment)(const char *), qvt_error *error)
{
    for (size_t i = 0; i < FLAG_TOTAL; i++) {
        char name[ENV_NAME_MAX];
        env_name(&FLAGS[i], name);
        const char *text = environment(name);
        if (text != NULL) {
            QVT_TRY(read_value(&FLAGS[i], name, text, settings, error));
        }
    }
    return QVT_OK;
}

/* Reads the flag at argv[*at] and leaves *at on its last word. */
static qvt_status read_flag(int argc, char *const *argv, int *at, struct settings *settings, qvt_error *error)
{
    const char *word = argv[*at];
    if (strncmp(word, "--", 2) != 0) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "unexpected argument \"%s\"; see qvtd --help", word);
    }
    const char *equals = strchr(word, '=');
    size_t len = equals == NULL ? strlen(word) : (size_t)(equals - word);
    const struct flag *flag = find_flag(word + 2, len - 2);
    if (flag == NULL) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "unknown flag %.*s; see qvtd --help", (int)len, word);
    }
    if (equals == NULL && *at + 1 >= argc) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "%s needs a value (%s)", word, flag->value);
    }
    char source[ENV_NAME_MAX];
    snprintf(source, sizeof(source), "--%s", flag->name);
    return read_value(flag, source, equals == NULL ? argv[++*at] : equals + 1, settings, error);
}

static enum flags_action find_action(int argc, char *const *argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return FLAGS_HELP;
        }
        if (strcmp(argv[i], "--version") == 0) {
            return FLAGS_VERSION;
        }
    }
    return FLAGS_SERVE;
}

qvt_status flags_parse(struct settings *settings, int argc, char *const *argv, char *(*environment)(const char *name),
                       enum flags_action *action, qvt_error *error)
{
    qvt_error_clear(error);
    memset(settings, 0, sizeof(*settings));
    for (size_t i = 0; i < FLAG_TOTAL; i++) {
        QVT_ASSERT(flag_read(&FLAGS[i], FLAGS[i].fallback, settings, error) == QVT_OK);
    }
    *action = find_action(argc, argv);
    if (*action != FLAGS_SERVE) {
        return QVT_OK;
    }
    if (environment != NULL) {
        QVT_TRY(read_environment(settings, environment, error));
    }
    for (int at = 1; at < argc; at++) {
        QVT_TRY(read_flag(argc, argv, &at, settings, error));
    }
    if (settings->lease_ttl_min_ms > settings->lease_ttl_max_ms) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "--min-lease-ttl is above --max-lease-ttl");
    }
    return QVT_OK;
}

void flags_help(FILE *out)
{
    fputs("usage: qvtd [--FLAG VALUE]...\n\n"
          "The version tracker's server: which silo can serve which actor type at which version.\n"
          "gRPC on one port, HTTP with JSON on another; GET /openapi.json describes it.\n"
          "Prints `ready grpc=ADDR:PORT http=ADDR:PORT` on stdout once it serves; logs on stderr.\n"
          "SIGTERM and SIGINT drain and end it with 0; what it cannot start with ends it with 2.\n\n"
          "flags, each also an environment variable (--log-level is QVT_LOG_LEVEL):\n",
          out);
    for (size_t i = 0; i < FLAG_TOTAL; i++) {
        char left[ENV_NAME_MAX];
        snprintf(left, sizeof(left), "--%s %s", FLAGS[i].name, FLAGS[i].value);
        const char *fallback = FLAGS[i].fallback;
        fprintf(out, "  %-30s %s%s%s%s\n", left, FLAGS[i].help, *fallback == '\0' ? "" : " [", fallback,
                *fallback == '\0' ? "" : "]");
    }
    fputs("  --help                         this text\n"
          "  --version                      the version\n\n"
          "try:\n"
          "  curl -X POST localhost:7080/v1/silos -d '{\"silo\": {\"siloId\": \"silo-1\", \"address\": \"10.0.0.1\", "
          "\"port\": 9000,\n"
          "       \"actorTypeVersions\": {\"Order\": {\"version\": \"1.2.0\"}}}}'\n"
          "  curl 'localhost:7080/v1/actor-types/Order/compatible-silos?version=1.2.0'\n",
          out);
}
