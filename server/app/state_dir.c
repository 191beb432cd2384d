#include "server/app/state_dir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"

/* Creates each missing directory of the path, which is cut and mended on the way. */
static qvt_status make_directories(char *path, qvt_error *error)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST) {
            return qvt_error_set(error, QVT_UNAVAILABLE, NULL, "cannot create %s: %s", path, strerror(errno));
        }
        *slash = '/';
    }
    return QVT_OK;
}

qvt_status state_dir_database(char *path, size_t cap, char *(*environment)(const char *name), qvt_error *error)
{
    const char *state = environment("XDG_STATE_HOME");
    const char *home = environment("HOME");
    int len = -1;
    if (state != NULL && state[0] == '/') {
        len = snprintf(path, cap, "%s/qvt/qvt.db", state);
    } else if (home != NULL && home[0] == '/') {
        len = snprintf(path, cap, "%s/.local/state/qvt/qvt.db", home);
    } else {
        return qvt_error_set(error, QVT_FAILED_PRECONDITION, NULL,
                             "no state directory: set HOME or XDG_STATE_HOME, or give --store");
    }
    if (len < 0 || (size_t)len >= cap) {
        return qvt_error_set(error, QVT_FAILED_PRECONDITION, NULL, "the state directory's path is too long");
    }
    return make_directories(path, error);
}
