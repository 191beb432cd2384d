/* What the user says: command line, environment, file. */
#ifndef QVT_SERVER_APP_FLAGS_H
#define QVT_SERVER_APP_FLAGS_H

#include <stdio.h>

#include "qvt/error.h"
#include "server/app/settings.h"

enum flags_action { FLAGS_SERVE, FLAGS_HELP, FLAGS_VERSION };

/* Fills settings: defaults, then the file of --config or QVT_CONFIG, then QVT_… variables from `environment` (as getenv;
 * NULL: none), then the command line, `--name value` or `--name=value`; the last one wins. *action says what the user
 * wants; help and version win over faults elsewhere on the line. INVALID_ARGUMENT: the message is one sentence that names
 * the flag, or file and line, the value and the rule; UNAVAILABLE: the file cannot be read; NO_MEMORY. argv and the
 * environment must outlive settings, which settings_deinit ends. */
QVT_MUST_CHECK qvt_status flags_parse(struct settings *settings, int argc, char *const *argv,
                                      char *(*environment)(const char *name), enum flags_action *action,
                                      qvt_error *error);

/* Frees what settings own. Also fine after a failed flags_parse. */
void settings_deinit(struct settings *settings);

/* Writes the help text. */
void flags_help(FILE *out);

#endif
