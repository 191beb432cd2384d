/* The tracker's methods, by name: METHOD(HEARTBEAT). */
#ifndef QVT_CLIENT_METHODS_H
#define QVT_CLIENT_METHODS_H

#include "qvt/quark/version/v1/version_tracker.methods.h"

#define METHOD(name) (&quark_version_v1_version_tracker.methods[QUARK_VERSION_V1_VERSION_TRACKER_##name])

#endif
