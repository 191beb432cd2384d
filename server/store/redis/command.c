#include "server/store/redis/command.h"

#include "base/check.h"

void redis_command_deinit(struct redis_command *command)
{
    buf_deinit(&command->bytes);
}

/* The digits end at end; an append has a thousand numbers. */
static char *format(char *end, uint64_t number)
{
    do {
        *--end = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return end;
}

static qvt_status add(struct buf *out, qvt_slice argument)
{
    char head[32];
    char *end = head + sizeof head;
    end[-2] = '\r';
    end[-1] = '\n';
    char *begin = format(end - 2, argument.len);
    *--begin = '$';
    QVT_TRY(buf_reserve(out, (size_t)(end - begin) + argument.len + 2));
    QVT_TRY(buf_append(out, begin, (size_t)(end - begin)));
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
    char *end = digits + sizeof digits;
    char *begin = format(end, argument);
    redis_command_bytes(command, qvt_slice_make(begin, (size_t)(end - begin)));
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
