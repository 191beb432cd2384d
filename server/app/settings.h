/* Everything about qvtd that its user may choose, as plain values. */
#ifndef QVT_SERVER_APP_SETTINGS_H
#define QVT_SERVER_APP_SETTINGS_H

#include <stdint.h>

/* Filled by flags_parse; texts are borrowed from argv, the environment, config_text or static storage. Durations in milliseconds,
 * sizes in bytes, choices as the index of the choice (the order of enum log_level and enum log_format). */
struct settings {
    const char *config;
    char *config_text; /* owned: the file's, cut into words; NULL: no file */
    const char *grpc_listen;
    const char *http_listen;
    uint64_t insecure;          /* 0 or 1 */
    const char *auth_file;      /* "": anyone may do everything */
    uint64_t auth_failures_max; /* a minute */
    uint64_t auth_addresses_max;
    const char *tls_cert; /* "": cleartext */
    const char *tls_key;
    const char *tls_client_ca;
    uint64_t tls_client_auth;        /* the order of enum qvt_rpc_tls_client_auth */
    const char *store;               /* "" : the default, sqlite in the user's state directory */
    const char *redis_password_file; /* "": the URL's */
    const char *redis_sentinel_user;
    const char *redis_sentinel_password_file;
    uint64_t log_level;
    uint64_t log_format;
    uint64_t json_unknown_fields; /* 0: reject, 1: ignore */

    uint64_t redis_timeout_ms;
    uint64_t redis_wait; /* Redis replicas */
    uint64_t cache_ttl_ms;
    uint64_t progress_interval_ms;
    uint64_t watch_stall_ms;
    uint64_t keepalive_interval_ms;
    uint64_t drain_grace_ms;

    uint64_t clusters_max;
    uint64_t silos_max;
    uint64_t actor_types_max;
    uint64_t labels_max;
    uint64_t label_bytes_max;
    uint64_t registration_bytes_max;
    uint64_t message_bytes_max;
    uint64_t page_size_max;
    uint64_t connections_max;
    uint64_t connections_per_address_max;
    uint64_t unused_connections_max;
    uint64_t header_timeout_ms;
    uint64_t http_connections_max;
    uint64_t http_idle_ms;
    uint64_t handshake_timeout_ms;
    uint64_t preface_timeout_ms;
    uint64_t write_timeout_ms;
    uint64_t keepalive_ms;
    uint64_t keepalive_timeout_ms;
    uint64_t min_ping_interval_ms;
    uint64_t min_idle_ping_ms;
    uint64_t ping_strikes_max;
    uint64_t connection_idle_ms;
    uint64_t connection_age_ms;
    uint64_t connection_age_grace_ms;
    uint64_t streams_max;
    uint64_t header_bytes_max;
    uint64_t queued_bytes_max;
    uint64_t empty_data_max;     /* a second */
    uint64_t window_updates_max; /* a second */
    uint64_t pings_max;          /* a second */
    uint64_t settings_max;       /* a second */
    uint64_t resets_max;         /* a second */
    uint64_t priorities_max;     /* a second */
    uint64_t request_memory_max;
    uint64_t find_cache_bytes;

    uint64_t lease_ttl_ms;
    uint64_t lease_ttl_min_ms;
    uint64_t lease_ttl_max_ms;
    uint64_t suspect_missed;
    uint64_t recover_renewals;
    uint64_t unhealthy_below;
    uint64_t dead_keep_ms;
    uint64_t dead_max;

    uint64_t bulk_silos;
    uint64_t bulk_bytes;

    uint64_t preserve_silos;
    uint64_t preserve_percent;
    uint64_t preserve_max_ms;

    uint64_t history_changes_max;
    uint64_t history_age_ms;
    uint64_t history_bytes_max;
};

#endif
