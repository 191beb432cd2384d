/* Policies as people read them. */
#ifndef QVT_CLI_POLICY_SHOW_H
#define QVT_CLI_POLICY_SHOW_H

#include "cli/command.h"
#include "protobuf-c/quark/version/v1/policy.pb-c.h"

/* A table of policies. */
enum exit_code policy_show_all(void *const *items, size_t count);

/* One policy, which may be NULL: nothing. */
enum exit_code policy_show(Quark__Version__V1__Policy *policy);

#endif
