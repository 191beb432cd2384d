/* A Redis command as its arguments, encoded (RESP) as they are added. */
#ifndef QVT_SERVER_STORE_REDIS_COMMAND_H
#define QVT_SERVER_STORE_REDIS_COMMAND_H

#include "base/buf.h"

/* Start from {0}; running out of memory is remembered in status. */
struct redis_command {
    struct buf bytes;
    size_t count;
    qvt_status status;
};

void redis_command_deinit(struct redis_command *command);

void redis_command_bytes(struct redis_command *command, qvt_slice argument);
void redis_command_text(struct redis_command *command, const char *argument);
void redis_command_uint(struct redis_command *command, uint64_t argument);

/* Appends the whole command, `before` in front of the arguments. NO_MEMORY. */
QVT_MUST_CHECK qvt_status redis_command_encode(const struct redis_command *command, const struct redis_command *before,
                                               struct buf *out);

#endif
