/* Where the default store lives: the user's state directory (XDG base directory specification). */
#ifndef QVT_SERVER_APP_STATE_DIR_H
#define QVT_SERVER_APP_STATE_DIR_H

#include <stddef.h>

#include "qvt/error.h"

/* Writes "$XDG_STATE_HOME/qvt/qvt.db", or "$HOME/.local/state/qvt/qvt.db" when the first variable is unset, empty or
 * relative, into path, and creates the missing directories with mode 0700. UNAVAILABLE, FAILED_PRECONDITION
 * (neither variable): the message names the directory and the fault. */
QVT_MUST_CHECK qvt_status state_dir_database(char *path, size_t cap, char *(*environment)(const char *name),
                                             qvt_error *error);

#endif
