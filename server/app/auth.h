/* The guard of a server: made from its settings, its credentials read from --auth-file, again on SIGHUP. */
#ifndef QVT_SERVER_APP_AUTH_H
#define QVT_SERVER_APP_AUTH_H

#include "base/log.h"
#include "server/app/settings.h"
#include "server/identity/guard.h"

/* *out is NULL without --auth-file. UNAVAILABLE, INVALID_ARGUMENT: the file, *error says where and why; NO_MEMORY. */
QVT_MUST_CHECK qvt_status auth_start(struct guard **out, const struct settings *settings, const struct log *log,
                                     qvt_error *error);

/* Reads the file again; one that is broken changes nothing but the log. True: the guard's credentials are others now. */
bool auth_reload(struct guard *guard, const struct settings *settings, const struct log *log);

#endif
