#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "server/app/flags.h"
#include "server/app/server.h"

enum { EXIT_CANNOT_START = 2 };

static int fail(const qvt_error *error)
{
    fprintf(stderr, "qvtd: %s\n", error->message);
    return EXIT_CANNOT_START;
}

/* A peer that closes while it is written to, and a file that may not grow, are results, not signals. */
static void ignore_write_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL);
}

/* Every connection is a file: take all that the administrator allows. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* One part of the heap for the loop and one for all threads of the pool, of which one works at a time: each part keeps what
 * was once the most of it. */
static void share_heap(void)
{
    (void)mallopt(M_ARENA_MAX, 2);
}

int main(int argc, char **argv)
{
    struct settings settings;
    enum flags_action action;
    qvt_error error;
    if (flags_parse(&settings, argc, argv, getenv, &action, &error) != QVT_OK) {
        return fail(&error);
    }
    if (action == FLAGS_HELP) {
        flags_help(stdout);
        return 0;
    }
    if (action == FLAGS_VERSION) {
        puts("qvtd " QVT_VERSION);
        return 0;
    }
    const struct log log = {(enum log_level)settings.log_level, (enum log_format)settings.log_format, log_sink_file,
                            stderr, clock_system()};
    ignore_write_signals();
    raise_file_limit();
    share_heap();
    int code = server_run(&settings, &log, &error) == QVT_OK ? 0 : fail(&error);
    settings_deinit(&settings);
    return code;
}
