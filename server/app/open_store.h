/* The store that --store names. */
#ifndef QVT_SERVER_APP_OPEN_STORE_H
#define QVT_SERVER_APP_OPEN_STORE_H

#include <uv.h>

#include "base/entropy.h"
#include "base/log.h"
#include "qvt/error.h"
#include "server/app/settings.h"
#include "server/store/store.h"

/* "memory", "sqlite:PATH", a redis URL, or "" for sqlite in the user's state directory. The log may be NULL; it and entropy
 * outlive the store. *error says in one line what is wrong with the text or the file; never a password. */
QVT_MUST_CHECK qvt_status open_store(struct store **out, uv_loop_t *loop, const struct settings *settings,
                                     const struct entropy *entropy, const struct log *log, qvt_error *error);

#endif
