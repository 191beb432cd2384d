#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CUnit/Basic.h>

#include "server/app/entropy_pool.h"
#include "server/app/exposure.h"
#include "server/app/flags.h"
#include "server/app/listen_address.h"
#include "server/app/settings_limits.h"
#include "server/app/state_dir.h"
#include "tests/support/suite.h"

static struct settings settings;
static enum flags_action action;
static qvt_error error;
static const char *environment_name;
static char environment_value[256];

static char *fake_environment(const char *name)
{
    return environment_name != NULL && strcmp(name, environment_name) == 0 ? environment_value : NULL;
}

static void set_environment(const char *name, const char *value)
{
    environment_name = name;
    snprintf(environment_value, sizeof(environment_value), "%s", value);
}

/* The words are copied into storage that outlives the settings, as argv does. */
static qvt_status parse(const char *first, const char *second)
{
    static char words[3][128];
    char *argv[] = {words[0], words[1], words[2], NULL};
    snprintf(words[0], sizeof(words[0]), "qvtd");
    snprintf(words[1], sizeof(words[1]), "%s", first == NULL ? "" : first);
    snprintf(words[2], sizeof(words[2]), "%s", second == NULL ? "" : second);
    int argc = first == NULL ? 1 : second == NULL ? 2 : 3;
    return flags_parse(&settings, argc, argv, fake_environment, &action, &error);
}

static void without_flags_the_defaults_of_the_specification_hold(void)
{
    environment_name = NULL;
    CU_ASSERT_EQUAL(parse(NULL, NULL), QVT_OK);
    CU_ASSERT_EQUAL(action, FLAGS_SERVE);
    CU_ASSERT_STRING_EQUAL(settings.grpc_listen, "127.0.0.1:7070");
    CU_ASSERT_STRING_EQUAL(settings.http_listen, "127.0.0.1:7080");
    CU_ASSERT_STRING_EQUAL(settings.store, "");
    CU_ASSERT_EQUAL(settings.cache_ttl_ms, 10000);
    CU_ASSERT_EQUAL(settings.progress_interval_ms, 4000);
    CU_ASSERT_EQUAL(settings.lease_ttl_ms, 15000);
    CU_ASSERT_EQUAL(settings.silos_max, 100000);
    CU_ASSERT_EQUAL(settings.message_bytes_max, 4u << 20);
    CU_ASSERT_EQUAL(settings.history_bytes_max, 64u << 20);
    CU_ASSERT_EQUAL(settings.dead_keep_ms, UINT64_C(7) * 24 * 3600 * 1000);
}

static void a_value_follows_as_next_word_or_after_an_equals_sign(void)
{
    environment_name = NULL;
    CU_ASSERT_EQUAL(parse("--store", "memory"), QVT_OK);
    CU_ASSERT_STRING_EQUAL(settings.store, "memory");
    CU_ASSERT_EQUAL(parse("--store=sqlite:/x=y", NULL), QVT_OK);
    CU_ASSERT_STRING_EQUAL(settings.store, "sqlite:/x=y");
    CU_ASSERT_EQUAL(parse("--history-age=90m", NULL), QVT_OK);
    CU_ASSERT_EQUAL(settings.history_age_ms, 5400000);
    CU_ASSERT_EQUAL(parse("--history-bytes=128KiB", NULL), QVT_OK);
    CU_ASSERT_EQUAL(settings.history_bytes_max, 131072);
    CU_ASSERT_EQUAL(parse("--log-format=json", NULL), QVT_OK);
    CU_ASSERT_EQUAL(settings.log_format, 1);
}

static void the_command_line_wins_over_the_environment(void)
{
    set_environment("QVT_LEASE_TTL", "20s");
    CU_ASSERT_EQUAL(parse(NULL, NULL), QVT_OK);
    CU_ASSERT_EQUAL(settings.lease_ttl_ms, 20000);
    CU_ASSERT_EQUAL(parse("--lease-ttl", "30s"), QVT_OK);
    CU_ASSERT_EQUAL(settings.lease_ttl_ms, 30000);
}

static void help_and_version_win_over_faults(void)
{
    environment_name = NULL;
    CU_ASSERT_EQUAL(parse("--bogus", "--help"), QVT_OK);
    CU_ASSERT_EQUAL(action, FLAGS_HELP);
    CU_ASSERT_EQUAL(parse("--version", NULL), QVT_OK);
    CU_ASSERT_EQUAL(action, FLAGS_VERSION);
}

static void expect_fault(qvt_status status, const char *message)
{
    CU_ASSERT_EQUAL(status, QVT_INVALID_ARGUMENT);
    CU_ASSERT_STRING_EQUAL(error.message, message);
}

static void a_fault_names_the_flag_the_value_and_the_rule(void)
{
    environment_name = NULL;
    expect_fault(parse("--bogus", NULL), "unknown flag --bogus; see qvtd --help");
    expect_fault(parse("--bogus=1", NULL), "unknown flag --bogus; see qvtd --help");
    expect_fault(parse("extra", NULL), "unexpected argument \"extra\"; see qvtd --help");
    expect_fault(parse("--store", NULL), "--store needs a value (STORE)");
    expect_fault(parse("--log-level", "loud"), "--log-level: \"loud\" is none of debug, info, warn, error");
    expect_fault(parse("--lease-ttl=15", NULL),
                 "--lease-ttl: \"15\" is not a duration such as 500ms, 10s, 5m, 1h or 7d");
    expect_fault(parse("--max-silos=-1", NULL), "--max-silos: \"-1\" is not a whole number");
    expect_fault(parse("--max-silos=0", NULL), "--max-silos: 0 is not within 1 and 10000000");
    expect_fault(parse("--suspect-after=3", NULL), "--suspect-after: 3 is not within 1 and 2");
    expect_fault(parse("--max-silos=99999999999999999999999", NULL),
                 "--max-silos: \"99999999999999999999999\" is not a whole number");
    expect_fault(parse("--max-message-bytes=1GiB", NULL), "--max-message-bytes: 1GiB is not within 1KiB and 64MiB");
    expect_fault(parse("--min-lease-ttl", "20m"), "--min-lease-ttl is above --max-lease-ttl");
    set_environment("QVT_LOG_LEVEL", "");
    expect_fault(parse(NULL, NULL), "QVT_LOG_LEVEL: \"\" is none of debug, info, warn, error");
}

static void the_help_names_every_default(void)
{
    FILE *file = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    flags_help(file);
    char text[8192] = "";
    rewind(file);
    CU_ASSERT(fread(text, 1, sizeof(text) - 1, file) > 1000);
    fclose(file);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "--grpc-listen ADDR:PORT"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "[127.0.0.1:7080]"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "QVT_LOG_LEVEL"));
}

static void the_state_directory_is_made_for_its_owner_alone(void)
{
    char base[] = "/tmp/qvt-test-XXXXXX";
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(base));
    char path[256];
    char expected[256];
    struct stat info;
    set_environment("HOME", base);
    CU_ASSERT_EQUAL(state_dir_database(path, sizeof(path), fake_environment, &error), QVT_OK);
    snprintf(expected, sizeof(expected), "%s/.local/state/qvt/qvt.db", base);
    CU_ASSERT_STRING_EQUAL(path, expected);
    *strrchr(path, '/') = '\0';
    CU_ASSERT_EQUAL_FATAL(stat(path, &info), 0);
    CU_ASSERT_EQUAL(info.st_mode & 0777, 0700);
    static const char *const LEFT[] = {"/.local/state/qvt", "/.local/state", "/.local", ""};
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s%s", base, LEFT[i]);
        CU_ASSERT_EQUAL(rmdir(path), 0);
    }
}

static void without_a_home_the_user_is_told_what_to_set(void)
{
    char path[64];
    set_environment("XDG_STATE_HOME", "relative");
    CU_ASSERT_EQUAL(state_dir_database(path, sizeof(path), fake_environment, &error), QVT_FAILED_PRECONDITION);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "--store"));
    set_environment("XDG_STATE_HOME", "/proc/nowhere");
    CU_ASSERT_EQUAL(state_dir_database(path, sizeof(path), fake_environment, &error), QVT_UNAVAILABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "/proc/nowhere"));
}

static void random_bytes_are_given_once(void)
{
    static uint64_t seen[1000];
    struct entropy_pool pool;
    entropy_pool_init(&pool);
    for (size_t i = 0; i < 1000; i++) {
        seen[i] = entropy_u64(&pool.entropy);
        for (size_t j = 0; j < i; j++) {
            CU_ASSERT_NOT_EQUAL_FATAL(seen[i], seen[j]);
        }
    }
    static uint8_t large[5000];
    entropy_fill(&pool.entropy, large, sizeof(large));
    CU_ASSERT_NOT_EQUAL(memcmp(large, large + 2500, 2500), 0);
}

static void the_defaults_are_those_of_the_registry(void)
{
    const struct registry_limits expected = REGISTRY_LIMITS_DEFAULT;
    environment_name = NULL;
    CU_ASSERT_EQUAL(parse(NULL, NULL), QVT_OK);
    struct registry_limits limits = settings_limits(&settings);
    CU_ASSERT_EQUAL(limits.silos, expected.silos);
    CU_ASSERT_EQUAL(limits.silo_types, expected.silo_types);
    CU_ASSERT_EQUAL(limits.labels, expected.labels);
    CU_ASSERT_EQUAL(limits.label_bytes, expected.label_bytes);
    CU_ASSERT_EQUAL(limits.registration_bytes, expected.registration_bytes);
    CU_ASSERT_EQUAL(limits.lease_default_ms, expected.lease_default_ms);
    CU_ASSERT_EQUAL(limits.lease_min_ms, expected.lease_min_ms);
    CU_ASSERT_EQUAL(limits.lease_max_ms, expected.lease_max_ms);
    CU_ASSERT_EQUAL(limits.suspect_missed, expected.suspect_missed);
    CU_ASSERT_EQUAL(limits.recover_renewals, expected.recover_renewals);
    CU_ASSERT_EQUAL(limits.unhealthy_below, expected.unhealthy_below);
    CU_ASSERT_EQUAL(limits.bulk_silos, expected.bulk_silos);
    CU_ASSERT_EQUAL(limits.bulk_bytes, expected.bulk_bytes);
    CU_ASSERT_EQUAL(limits.dead_silos, expected.dead_silos);
    CU_ASSERT_EQUAL(limits.dead_us, expected.dead_us);
    CU_ASSERT_EQUAL(limits.history_changes, expected.history_changes);
    CU_ASSERT_EQUAL(limits.history_us, expected.history_us);
    CU_ASSERT_EQUAL(limits.history_bytes, expected.history_bytes);
    CU_ASSERT_EQUAL(limits.preserve_silos, expected.preserve_silos);
    CU_ASSERT_EQUAL(limits.preserve_percent, expected.preserve_percent);
    CU_ASSERT_EQUAL(limits.preserve_max_us, expected.preserve_max_us);
}

static void beyond_loopback_needs_a_word(void)
{
    struct settings asked = {
        .grpc_listen = "127.0.0.1:1", .http_listen = "localhost:1", .auth_file = "", .tls_cert = ""};
    CU_ASSERT_EQUAL(exposure_check(&asked, &error), QVT_OK);
    asked.http_listen = "[::]:1";
    CU_ASSERT_EQUAL(exposure_check(&asked, &error), QVT_FAILED_PRECONDITION);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "--http-listen [::]:1"));
    asked.insecure = 1;
    CU_ASSERT_EQUAL(exposure_check(&asked, &error), QVT_OK);
    asked =
        (struct settings){.grpc_listen = "10.0.0.1:1", .http_listen = "no address", .auth_file = "", .tls_cert = ""};
    CU_ASSERT_EQUAL(exposure_check(&asked, &error), QVT_FAILED_PRECONDITION);
    asked.tls_cert = "server.pem";
    CU_ASSERT_EQUAL(exposure_check(&asked, &error), QVT_FAILED_PRECONDITION);
    asked.auth_file = "credentials";
    CU_ASSERT_EQUAL(exposure_check(&asked, &error), QVT_OK);
    asked.tls_cert = "";
    CU_ASSERT_EQUAL(exposure_check(&asked, &error), QVT_FAILED_PRECONDITION);
    asked.grpc_listen = "[::1]:1";
    CU_ASSERT_EQUAL(exposure_check(&asked, &error), QVT_OK);
}

static void localhost_is_the_loopback_address(void)
{
    char out[LISTEN_ADDRESS_MAX];
    listen_address(out, "localhost:7080");
    CU_ASSERT_STRING_EQUAL(out, "127.0.0.1:7080");
    listen_address(out, "LocalHost:0");
    CU_ASSERT_STRING_EQUAL(out, "127.0.0.1:0");
    listen_address(out, "localhosts:1");
    CU_ASSERT_STRING_EQUAL(out, "localhosts:1");
    listen_address(out, "[::1]:1");
    CU_ASSERT_STRING_EQUAL(out, "[::1]:1");
}

SUITE_MAIN("server/app", SUITE_CASE(the_defaults_are_those_of_the_registry),
           SUITE_CASE(localhost_is_the_loopback_address), SUITE_CASE(beyond_loopback_needs_a_word),
           SUITE_CASE(without_flags_the_defaults_of_the_specification_hold),
           SUITE_CASE(a_value_follows_as_next_word_or_after_an_equals_sign),
           SUITE_CASE(the_command_line_wins_over_the_environment), SUITE_CASE(help_and_version_win_over_faults),
           SUITE_CASE(a_fault_names_the_flag_the_value_and_the_rule), SUITE_CASE(the_help_names_every_default),
           SUITE_CASE(the_state_directory_is_made_for_its_owner_alone),
           SUITE_CASE(without_a_home_the_user_is_told_what_to_set), SUITE_CASE(random_bytes_are_given_once))
