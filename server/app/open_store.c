#include "server/app/open_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "server/app/state_dir.h"
#include "server/store/memory.h"
#include "server/store/redis/redis.h"
#include "server/store/sqlite.h"

enum { PATH_CAP = 4096 };

static qvt_status open_memory(struct store **out, qvt_error *error)
{
    if (store_memory_new(out, clock_system()) != QVT_OK) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    return QVT_OK;
}

/* The first line of the file. */
static qvt_status read_password(char out[REDIS_SECRET_MAX], const char *flag, const char *path, qvt_error *error)
{
    FILE *file = fopen(path, "re");
    bool read = file != NULL && fgets(out, REDIS_SECRET_MAX, file) != NULL;
    if (file != NULL) {
        (void)fclose(file);
    }
    size_t len = read ? strcspn(out, "\r\n") : 0;
    if (len == 0 || len + 1 >= REDIS_SECRET_MAX) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL,
                             "--%s: %s cannot be read, or its first line is not 1 to %u bytes", flag, path,
                             REDIS_SECRET_MAX - 2);
    }
    out[len] = '\0';
    return QVT_OK;
}

static qvt_status read_sentinel_login(struct redis_url *url, const struct settings *settings, qvt_error *error)
{
    const char *path = settings->redis_sentinel_password_file;
    int len = snprintf(url->sentinel_user, sizeof url->sentinel_user, "%s", settings->redis_sentinel_user);
    bool asked = path[0] != '\0' || len > 0;
    if (asked && url->kind != REDIS_SENTINEL) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL,
                             "--redis-sentinel-user and --redis-sentinel-password-file are for redis+sentinel:// only");
    }
    if (len >= (int)sizeof url->sentinel_user || (len > 0 && path[0] == '\0')) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL,
                             "--redis-sentinel-user: needs --redis-sentinel-password-file, and at most %u bytes",
                             REDIS_SECRET_MAX - 1);
    }
    return path[0] == '\0' ? QVT_OK
                           : read_password(url->sentinel_password, "redis-sentinel-password-file", path, error);
}

static qvt_status open_redis(struct store **out, uv_loop_t *loop, const struct settings *settings,
                             const struct entropy *entropy, const struct log *log, qvt_error *error)
{
    struct store_redis_options options = {
        .loop = loop,
        .clock = clock_system(),
        .entropy = entropy,
        .log = log,
        .timeout_ms = (uint32_t)settings->redis_timeout_ms,
        .replicas = (uint32_t)settings->redis_wait,
    };
    QVT_TRY(redis_url_parse(&options.url, settings->store, error));
    if (settings->redis_password_file[0] != '\0') {
        QVT_TRY(read_password(options.url.password, "redis-password-file", settings->redis_password_file, error));
    }
    QVT_TRY(read_sentinel_login(&options.url, settings, error));
    if (store_redis_new(out, &options) != QVT_OK) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    return QVT_OK;
}

qvt_status open_store(struct store **out, uv_loop_t *loop, const struct settings *settings,
                      const struct entropy *entropy, const struct log *log, qvt_error *error)
{
    const char *name = settings->store;
    static const char SQLITE[] = "sqlite:";
    char path[PATH_CAP];
    if (strcmp(name, "memory") == 0) {
        return open_memory(out, error);
    }
    if (name[0] == '\0') {
        QVT_TRY(state_dir_database(path, sizeof(path), getenv, error));
        return store_sqlite_new(out, loop, path, clock_system(), error);
    }
    if (strncmp(name, SQLITE, sizeof(SQLITE) - 1) == 0 && name[sizeof(SQLITE) - 1] != '\0') {
        return store_sqlite_new(out, loop, name + sizeof(SQLITE) - 1, clock_system(), error);
    }
    if (redis_url_matches(name)) {
        return open_redis(out, loop, settings, entropy, log, error);
    }
    /* What stands before an @ may be a secret. */
    size_t shown = strchr(name, '@') == NULL ? strlen(name) : strcspn(name, ":@");
    return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL,
                         "--store: \"%.*s\" is neither memory, sqlite:PATH nor a redis:// URL", (int)shown, name);
}
