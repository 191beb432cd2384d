/* The settings that a registry goes by. */
#ifndef QVT_SERVER_APP_SETTINGS_LIMITS_H
#define QVT_SERVER_APP_SETTINGS_LIMITS_H

#include "server/app/settings.h"
#include "server/registry/limits.h"

struct registry_limits settings_limits(const struct settings *settings);

#endif
