/* One silo as people read it. */
#ifndef QVT_CLI_SILO_SHOW_H
#define QVT_CLI_SILO_SHOW_H

#include "cli/command.h"
#include "protobuf-c/quark/version/v1/silo.pb-c.h"

/* Prints names and values; NULL: nothing, EXIT_NOT_FOUND. */
enum exit_code silo_show(const Quark__Version__V1__SiloInfo *silo);

#endif
