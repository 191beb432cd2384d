#include "server/store/redis/command.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"

void redis_command_deinit(struct redis_command *command)
{
    buf_deinit(&command->bytes);
}

static qvt_status add(struct buf *out, qvt_slice argument)
{
    QVT_TRY(buf_printf(out, "$%zu\r\n", argument.len));
    QVT_TRY(buf_append_slice(out, argument));
    return buf_append(out, "\r\n", 2);
}

void redis_command_bytes(struct redis_command *command, qvt_slice argument)
{
    if (command->status == QVT_OK) {
        command->status = add(&command->bytes, argument);
        command->count++;
    }
}

void redis_command_text(struct redis_command *command, const char *argument)
{
    redis_command_bytes(command, qvt_slice_text(argument));
}

void redis_command_uint(struct redis_command *command, uint64_t argument)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, argument);
    redis_command_bytes(command, qvt_slice_make(digits, (size_t)len));
}

qvt_status redis_command_encode(const struct redis_command *command, const struct redis_command *before,
                                struct buf *out)
{
    QVT_TRY(command->status);
    QVT_TRY(before->status);
    QVT_TRY(buf_reserve(out, 32 + before->bytes.len + command->bytes.len));
    QVT_TRY(buf_printf(out, "*%zu\r\n", before->count + command->count));
    QVT_TRY(buf_append_slice(out, buf_slice(&before->bytes)));
    return buf_append_slice(out, buf_slice(&command->bytes));
}
