/* One log line a change: what operators look for at INFO, the everyday ones at DEBUG. */
#ifndef QVT_SERVER_SERVICE_CHANGE_LOG_H
#define QVT_SERVER_SERVICE_CHANGE_LOG_H

#include "base/log.h"
#include "server/registry/change.h"

/* log may be NULL. */
void change_log_write(const struct log *log, const char *cluster, const struct change *change);

#endif
