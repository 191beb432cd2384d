#include "server/app/auth.h"

#include <stdlib.h>

#include "base/check.h"
#include "server/app/text_file.h"

static qvt_status load(struct guard *guard, const char *path, qvt_error *error)
{
    char *text = NULL;
    size_t len = 0;
    struct credentials *credentials = NULL;
    QVT_TRY(text_file_read(path, CREDENTIALS_FILE_MAX, &text, &len, error));
    QVT_TRY(credentials_parse(&credentials, path, text, len, error));
    if (guard_use(guard, credentials) != QVT_OK) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory for %s", path);
    }
    return QVT_OK;
}

qvt_status auth_start(struct guard **out, const struct settings *settings, const struct log *log, qvt_error *error)
{
    const struct guard_options options = {
        .entropy = entropy_system(),
        .clock = clock_system(),
        .log = log,
        .failures_a_minute = (uint32_t)settings->auth_failures_max,
        .addresses = (uint32_t)settings->auth_addresses_max,
    };
    *out = NULL;
    if (settings->auth_file[0] == '\0') {
        return QVT_OK;
    }
    if (guard_new(out, &options) != QVT_OK) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    qvt_status status = load(*out, settings->auth_file, error);
    if (status != QVT_OK) {
        guard_free(*out);
        *out = NULL;
    }
    return status;
}

bool auth_reload(struct guard *guard, const struct settings *settings, const struct log *log)
{
    qvt_error error;
    bool loaded = load(guard, settings->auth_file, &error) == QVT_OK;
    guard_count_reload(guard, loaded);
    if (loaded) {
        log_write(log, LOG_INFO, "credentials read again", log_text("file", settings->auth_file),
                  log_uint("credentials", guard_credential_count(guard)));
    } else {
        log_write(log, LOG_ERROR, "credentials not read again, those before stay in force",
                  log_text("error", error.message));
    }
    return loaded;
}
