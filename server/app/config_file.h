/* A file of settings: `key = value` lines, # comments. */
#ifndef QVT_SERVER_APP_CONFIG_FILE_H
#define QVT_SERVER_APP_CONFIG_FILE_H

#include "server/app/settings.h"

#include "qvt/error.h"

enum { CONFIG_FILE_MAX = 1 << 20 };

/* Reads the file's keys, the names of flags, into settings, which takes over the text that its values point into.
 * # begins a comment at the start of a line and after a space. INVALID_ARGUMENT (unknown key, key set twice, bad value,
 * no UTF-8, over CONFIG_FILE_MAX): the message begins with FILE:LINE: . UNAVAILABLE: it cannot be read; NO_MEMORY. */
QVT_MUST_CHECK qvt_status config_file_read(const char *path, struct settings *settings, qvt_error *error);

#endif
