#include "server/app/flag_table.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "server/app/settings.h"

static const char *const LOG_LEVELS[] = {"debug", "info", "warn", "error", NULL};
static const char *const LOG_FORMATS[] = {"text", "json", NULL};
static const char *const CLIENT_AUTH[] = {"off", "request", "require", NULL};
static const char *const UNKNOWN_FIELDS[] = {"reject", "ignore", NULL};

#define AT(member) offsetof(struct settings, member)
#define TEXT(name, member, fallback, value, help)                                                                      \
    {                                                                                                                  \
        name, FLAG_TEXT, fallback, value, help, AT(member), 0, 0, NULL                                                 \
    }
#define CHOICE(name, member, fallback, value, choices, help)                                                           \
    {                                                                                                                  \
        name, FLAG_CHOICE, fallback, value, help, AT(member), 0, 0, choices                                            \
    }
#define SWITCH(name, member, help)                                                                                     \
    {                                                                                                                  \
        name, FLAG_SWITCH, "false", "", help, AT(member), 0, 0, NULL                                                   \
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

const struct flag flag_table[] = {
    TEXT("config", config, "", "FILE", "reads flags from a file, lines of `name = value`; # begins a comment"),
    TEXT("grpc-listen", grpc_listen, "127.0.0.1:7070", "ADDR:PORT", "where gRPC is served; port 0: a free one"),
    TEXT("http-listen", http_listen, "127.0.0.1:7080", "ADDR:PORT",
         "where HTTP and JSON are served; port 0: a free one"),
    SWITCH("insecure", insecure, "serves beyond loopback although anyone who reaches the port may do everything"),
    TEXT("auth-file", auth_file, "", "FILE",
         "who may do what, read again on SIGHUP; without one anyone may do everything"),
    COUNT("max-auth-failures", auth_failures_max, "100", 0, 1000000,
          "calls without a valid credential a minute of an address before they are slowed down; 0: any number"),
    COUNT("max-auth-addresses", auth_addresses_max, "4096", 8, 1000000, "addresses whose failures are remembered"),
    TEXT("tls-cert", tls_cert, "", "FILE",
         "certificate, then those that lead to its authority, in PEM: both ports speak TLS"),
    TEXT("tls-key", tls_key, "", "FILE", "its private key, in PEM"),
    TEXT("tls-client-ca", tls_client_ca, "", "FILE", "who may have signed a client's certificate, in PEM"),
    CHOICE("tls-client-auth", tls_client_auth, "off", "WHAT", CLIENT_AUTH,
           "whether clients show a certificate: off, request (they may) or require"),
    TEXT("store", store, "", "STORE",
         "memory, sqlite:PATH, or for several replicas redis://HOST:PORT/DB, redis+sentinel://HOSTS/MASTER, "
         "redis+cluster://HOSTS; left out: sqlite in $XDG_STATE_HOME/qvt or ~/.local/state/qvt"),
    TEXT("redis-password-file", redis_password_file, "", "FILE",
         "whose first line is the password for Redis, which the process list then does not show"),
    TEXT("redis-sentinel-user", redis_sentinel_user, "", "NAME", "the ACL user that asks the Sentinels"),
    TEXT("redis-sentinel-password-file", redis_sentinel_password_file, "", "FILE",
         "whose first line is the password for the Sentinels"),
    DURATION("redis-timeout", redis_timeout_ms, "2s", 100, MINUTE, "for Redis to answer; a write has twice as long"),
    COUNT("redis-wait", redis_wait, "0", 0, 16,
          "Redis replicas that must have a write before its caller is told OK; fewer: UNCERTAIN"),
    CHOICE("log-level", log_level, "info", "LEVEL", LOG_LEVELS, "debug, info, warn or error; on stderr"),
    CHOICE("log-format", log_format, "text", "FORMAT", LOG_FORMATS, "text (key=value) or json, one line an event"),

    CHOICE("json-unknown-fields", json_unknown_fields, "reject", "WHAT", UNKNOWN_FIELDS,
           "what becomes of fields in JSON that a message does not have: reject or ignore"),

    DURATION("cache-ttl", cache_ttl_ms, "10s", 0, HOUR, "how long callers may reuse an answer"),
    DURATION("watch-progress", progress_interval_ms, "4s", 100, HOUR, "between progress messages on a quiet watch"),
    DURATION("watch-stall", watch_stall_ms, "60s", SECOND, HOUR, "a watcher that takes no byte for so long is closed"),
    DURATION("http-keepalive", keepalive_interval_ms, "10s", 100, HOUR, "between comments on a quiet event stream"),
    DURATION("drain-grace", drain_grace_ms, "10s", 0, HOUR, "how long open calls may take after SIGTERM"),

    COUNT("max-clusters", clusters_max, "1024", 1, 65536, "clusters"),
    COUNT("max-silos", silos_max, "100000", 1, 10000000, "silos of a cluster that are not DEAD"),
    COUNT("max-actor-types", actor_types_max, "1024", 1, 65536, "actor types of a silo"),
    COUNT("max-labels", labels_max, "64", 0, 4096, "labels of a silo"),
    SIZE("max-label-bytes", label_bytes_max, "256", 1, 64 * KIB, "of a label's key, and of its value"),
    SIZE("max-registration-bytes", registration_bytes_max, "1MiB", KIB, 64 * MIB, "of a registration"),
    SIZE("max-message-bytes", message_bytes_max, "4MiB", KIB, 64 * MIB, "of a message, over gRPC and over HTTP"),
    COUNT("max-page-size", page_size_max, "1000", 1, 100000, "entries of a page of a list"),
    COUNT("max-connections", connections_max, "10000", 1, 1000000, "gRPC connections"),
    COUNT("max-connections-per-address", connections_per_address_max, "1000", 0, 1000000,
          "gRPC connections of an address (of an IPv6 /64), loopback apart; 0: any number"),
    COUNT("max-unused-connections", unused_connections_max, "1000", 0, 1000000,
          "connections on which no call has come yet, of gRPC, and of HTTP over TLS; beyond them the oldest is closed; "
          "0: any number"),
    COUNT("max-http-connections", http_connections_max, "10000", 1, 1000000, "HTTP connections"),
    DURATION("tls-handshake-timeout", handshake_timeout_ms, "5s", 100, HOUR,
             "a connection whose TLS handshake is not complete after so long is closed"),
    DURATION("preface-timeout", preface_timeout_ms, "5s", 100, HOUR,
             "a gRPC connection that does not begin HTTP/2 for so long is closed"),
    DURATION("header-timeout", header_timeout_ms, "10s", 0, HOUR,
             "a gRPC connection with a call whose headers take longer to come is closed; 0: never"),
    DURATION("write-timeout", write_timeout_ms, "60s", 0, DAY,
             "a gRPC client that takes no byte of what waits for it for so long is closed; 0: never"),
    DURATION("keepalive", keepalive_ms, "2h", 0, 30 * DAY,
             "a gRPC connection without a byte for so long is asked for a sign of life; 0: never"),
    DURATION("keepalive-timeout", keepalive_timeout_ms, "20s", 100, HOUR, "and closed without one for so long"),
    DURATION("min-ping-interval", min_ping_interval_ms, "5m", 0, DAY,
             "between PINGs of a gRPC client with calls; those that come sooner are strikes"),
    DURATION("min-idle-ping-interval", min_idle_ping_ms, "2h", 0, DAY, "the same without calls"),
    COUNT("max-ping-strikes", ping_strikes_max, "2", 0, 1000000,
          "more of them end the connection with too_many_pings; 0: any number"),
    DURATION("max-connection-idle", connection_idle_ms, "0s", 0, 30 * DAY,
             "a gRPC connection without calls for so long is ended gracefully; 0: never"),
    DURATION("max-connection-age", connection_age_ms, "0s", 0, 30 * DAY,
             "a gRPC connection this old, give or take a tenth, is ended gracefully; 0: never"),
    DURATION("max-connection-age-grace", connection_age_grace_ms, "0s", 0, 30 * DAY,
             "for the calls that are open then; 0: as long as they take"),
    COUNT("max-streams", streams_max, "1000", 1, 1000000, "concurrent calls of a gRPC connection"),
    SIZE("max-header-bytes", header_bytes_max, "8KiB", KIB, MIB, "of a gRPC call's metadata"),
    SIZE("max-queued-bytes", queued_bytes_max, "1MiB", 64 * KIB, 1024 * MIB,
         "of unsent answers of a gRPC connection before its calls wait"),
    SIZE("max-request-memory", request_memory_max, "16MiB", 64 * KIB, 1024 * MIB, "what one request may cost decoded"),
    SIZE("find-cache-bytes", find_cache_bytes, "16MiB", 0, 4096 * MIB,
         "of answers to finds kept until the next change"),
    COUNT("max-empty-data", empty_data_max, "100", 0, 1000000,
          "empty DATA frames a second of a gRPC connection; 0: any number, as for those below"),
    COUNT("max-window-updates", window_updates_max, "2000", 0, 1000000,
          "WINDOW_UPDATE frames a second of a gRPC connection"),
    COUNT("max-pings", pings_max, "500", 0, 1000000, "PING frames a second of a gRPC connection"),
    COUNT("max-settings", settings_max, "200", 0, 1000000, "SETTINGS frames a second of a gRPC connection"),
    COUNT("max-resets", resets_max, "1000", 0, 1000000, "calls a second that a gRPC connection may cancel"),
    COUNT("max-priorities", priorities_max, "500", 0, 1000000, "PRIORITY frames a second of a gRPC connection"),
    DURATION("http-idle", http_idle_ms, "75s", SECOND, DAY, "an HTTP connection without a byte for so long is closed"),

    DURATION("lease-ttl", lease_ttl_ms, "15s", 100, DAY, "of a silo that does not ask for another"),
    DURATION("min-lease-ttl", lease_ttl_min_ms, "2s", 100, DAY, "the shortest a silo can get"),
    DURATION("max-lease-ttl", lease_ttl_max_ms, "10m", 100, DAY, "the longest a silo can get"),
    COUNT("suspect-after", suspect_missed, "2", 1, 2,
          "heartbeats missed (one is due every third of the lease) and a quarter"),
    COUNT("recover-after", recover_renewals, "3", 1, 1000, "renewals in time that clear suspect and unhealthy"),
    COUNT("unhealthy-below", unhealthy_below, "50", 0, 100, "the health score, 0 to 100, that marks a silo unhealthy"),
    DURATION("keep-dead", dead_keep_ms, "7d", 0, 3650 * DAY, "how long dead silos stay on record"),
    COUNT("max-dead", dead_max, "1000", 0, 1000000, "dead silos on record in a cluster; the oldest go first"),

    COUNT("bulk-silos", bulk_silos, "1000", 1, 100000, "silos in one change of expiry, suspicion or purge"),
    SIZE("bulk-bytes", bulk_bytes, "1MiB", KIB, 64 * MIB, "of one change of expiry, suspicion or purge"),

    COUNT("preserve-silos", preserve_silos, "3", 1, 1000000, "expiry pauses when at least so many silos lapse at once"),
    COUNT("preserve-percent", preserve_percent, "15", 0, 100, "and they are more than this share of all"),
    DURATION("preserve-time", preserve_max_ms, "10m", SECOND, DAY, "how long expiry may pause"),

    COUNT("history-changes", history_changes_max, "10000", 1, 10000000, "changes a watcher can catch up on"),
    DURATION("history-age", history_age_ms, "1h", SECOND, 365 * DAY, "how far back a watcher can catch up"),
    SIZE("history-bytes", history_bytes_max, "64MiB", 64 * KIB, 4096 * MIB, "of kept changes"),
};

const size_t flag_count = sizeof(flag_table) / sizeof(flag_table[0]);

void flag_variable(const struct flag *flag, char out[FLAG_NAME_MAX])
{
    snprintf(out, FLAG_NAME_MAX, "QVT_%s", flag->name);
    for (char *at = out; *at != '\0'; at++) {
        *at = *at == '-' ? '_' : (char)toupper((unsigned char)*at);
    }
}

const struct flag *flag_find(const char *name, size_t len)
{
    for (size_t i = 0; i < flag_count; i++) {
        if (strlen(flag_table[i].name) == len && memcmp(flag_table[i].name, name, len) == 0) {
            return &flag_table[i];
        }
    }
    return NULL;
}
