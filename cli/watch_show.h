/* Messages of a watch as lines for people. */
#ifndef QVT_CLI_WATCH_SHOW_H
#define QVT_CLI_WATCH_SHOW_H

#include "protobuf-c/quark/version/v1/version_tracker.pb-c.h"

/* Prints the message on stdout: one line, and one more for each record of a change. */
void watch_show(const Quark__Version__V1__WatchResponse *message);

#endif
