#include "server/app/flags.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "server/app/config_file.h"
#include "server/app/flag_table.h"

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
    for (size_t i = 0; i < flag_count; i++) {
        char name[FLAG_NAME_MAX];
        flag_variable(&flag_table[i], name);
        const char *text = environment(name);
        if (text != NULL) {
            QVT_TRY(read_value(&flag_table[i], name, text, settings, error));
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
    const struct flag *flag = flag_find(word + 2, len - 2);
    if (flag == NULL) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "unknown flag %.*s; see qvtd --help", (int)len, word);
    }
    char source[FLAG_NAME_MAX];
    snprintf(source, sizeof(source), "--%s", flag->name);
    if (equals == NULL && flag->kind == FLAG_SWITCH) {
        return read_value(flag, source, "true", settings, error);
    }
    if (equals == NULL && *at + 1 >= argc) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "%s needs a value (%s)", word, flag->value);
    }
    return read_value(flag, source, equals == NULL ? argv[++*at] : equals + 1, settings, error);
}

/* The command line's last word on --config, else the variable's; NULL or "": no file. */
static const char *find_config(int argc, char *const *argv, char *(*environment)(const char *name))
{
    static const char NAME[] = "--config";
    const char *path = environment == NULL ? NULL : environment("QVT_CONFIG");
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], NAME) == 0 && i + 1 < argc) {
            path = argv[++i];
        } else if (strncmp(argv[i], NAME, sizeof(NAME) - 1) == 0 && argv[i][sizeof(NAME) - 1] == '=') {
            path = argv[i] + sizeof(NAME);
        }
    }
    return path;
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

static qvt_status read_all(struct settings *settings, int argc, char *const *argv,
                           char *(*environment)(const char *name), qvt_error *error)
{
    const char *config = find_config(argc, argv, environment);
    if (config != NULL && config[0] != '\0') {
        QVT_TRY(config_file_read(config, settings, error));
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

qvt_status flags_parse(struct settings *settings, int argc, char *const *argv, char *(*environment)(const char *name),
                       enum flags_action *action, qvt_error *error)
{
    qvt_error_clear(error);
    memset(settings, 0, sizeof(*settings));
    for (size_t i = 0; i < flag_count; i++) {
        QVT_ASSERT(flag_read(&flag_table[i], flag_table[i].fallback, settings, error) == QVT_OK);
    }
    *action = find_action(argc, argv);
    if (*action != FLAGS_SERVE) {
        return QVT_OK;
    }
    qvt_status status = read_all(settings, argc, argv, environment, error);
    if (status != QVT_OK) {
        settings_deinit(settings);
    }
    return status;
}

void settings_deinit(struct settings *settings)
{
    free(settings->config_text);
    settings->config_text = NULL;
}

void flags_help(FILE *out)
{
    fputs("usage: qvtd [--FLAG VALUE]...\n\n"
          "The version tracker's server: which silo can serve which actor type at which version.\n"
          "gRPC on one port, HTTP with JSON on another; GET /openapi.json describes it.\n"
          "Prints `ready grpc=ADDR:PORT http=ADDR:PORT` on stdout once it serves; logs on stderr.\n"
          "SIGTERM and SIGINT drain and end it with 0; what it cannot start with ends it with 2.\n\n"
          "flags, each also an environment variable (--log-level is QVT_LOG_LEVEL) and a line of the file that\n"
          "--config names (log-level = debug); flags win over variables, variables over the file:\n",
          out);
    for (size_t i = 0; i < flag_count; i++) {
        char left[FLAG_NAME_MAX];
        const char *value = flag_table[i].value;
        snprintf(left, sizeof(left), "--%s%s%s", flag_table[i].name, *value == '\0' ? "" : " ", value);
        const char *fallback = flag_table[i].fallback;
        fprintf(out, "  %-30s %s%s%s%s\n", left, flag_table[i].help, *fallback == '\0' ? "" : " [", fallback,
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
