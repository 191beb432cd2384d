/* The store that --store names. */
#ifndef QVT_SERVER_APP_OPEN_STORE_H
#define QVT_SERVER_APP_OPEN_STORE_H

#include <uv.h>

#include "qvt/error.h"
#include "server/store/store.h"

/* "memory", "sqlite:PATH", or "" for sqlite in the user's state directory. *error says in one line what is wrong with the
 * text or the file. */
QVT_MUST_CHECK qvt_status open_store(struct store **out, uv_loop_t *loop, const char *name, qvt_error *error);

#endif
