/* The one table of qvtd's flags: name, environment variable, kind, default, help. */
#ifndef QVT_SERVER_APP_FLAGS_H
#define QVT_SERVER_APP_FLAGS_H

#include <stdio.h>

#include "qvt/error.h"
#include "server/app/settings.h"

enum flags_action { FLAGS_SERVE, FLAGS_HELP, FLAGS_VERSION };

/* Fills settings: defaults, then QVT_… variables from `environment` (as getenv; NULL: none), then the command line,
 * `--name value` or `--name=value`; the last one wins. *action says what the user wants; help and version win over
 * faults elsewhere on the line. INVALID_ARGUMENT: the message is one sentence that names the flag, the value and the
 * rule. argv and the environment must outlive settings. */
QVT_MUST_CHECK qvt_status flags_parse(struct settings *settings, int argc, char *const *argv,
                                      char *(*environment)(const char *name), enum flags_action *action,
                                      qvt_error *error);

/* Writes the help text. */
void flags_help(FILE *out);

#endif
