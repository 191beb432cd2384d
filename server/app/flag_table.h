/* The one table of qvtd's flags: name, kind, default, help. */
#ifndef QVT_SERVER_APP_FLAG_TABLE_H
#define QVT_SERVER_APP_FLAG_TABLE_H

#include "server/app/flag_value.h"

enum { FLAG_TABLE_MAX = 128, FLAG_NAME_MAX = 64 };

/* Offsets are those of struct settings. In the order of the help. */
extern const struct flag flag_table[];
extern const size_t flag_count; /* <= FLAG_TABLE_MAX */

/* The flag's environment variable: QVT_LOG_LEVEL for log-level. */
void flag_variable(const struct flag *flag, char out[FLAG_NAME_MAX]);

/* The flag with this name, without dashes, or NULL. */
const struct flag *flag_find(const char *name, size_t len);

#endif
