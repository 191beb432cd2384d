#include "bench/load/load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MESSAGE_MAX = 64 << 20 };

void load_die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    exit(1);
}

void load_must(qvt_status status, const char *what)
{
    if (status != QVT_OK) {
        load_die("%s: %s", what, qvt_status_text(status));
    }
}

uint64_t load_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void load_wait_for_go(void)
{
    char line[16];
    (void)puts("ready");
    (void)fflush(stdout);
    if (fgets(line, sizeof(line), stdin) == NULL) {
        load_die("nobody says go");
    }
}

uint32_t load_number(const char *word, const char *name)
{
    char *end = NULL;
    unsigned long value = strtoul(word, &end, 10);
    if (end == word || *end != '\0' || value > UINT32_MAX) {
        load_die("%s: %s is no number", name, word);
    }
    return (uint32_t)value;
}

qvt_slice load_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        load_die("cannot open %s", path);
    }
    long size = ftell(file);
    uint8_t *bytes = size <= 0 ? NULL : malloc((size_t)size);
    rewind(file);
    if (bytes == NULL || fread(bytes, 1, (size_t)size, file) != (size_t)size) {
        load_die("cannot read %s", path);
    }
    (void)fclose(file);
    return qvt_slice_make(bytes, (size_t)size);
}

static size_t length_at(const uint8_t *bytes)
{
    return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

static size_t count_messages(qvt_slice file, const char *path)
{
    size_t count = 0;
    for (size_t at = 0; at < file.len; count++) {
        if (file.len - at < 4 || file.len - at - 4 < length_at(file.data + at)) {
            load_die("%s is cut short", path);
        }
        at += 4 + length_at(file.data + at);
    }
    return count;
}

struct load_messages load_messages_read(const char *path)
{
    qvt_slice file = load_file(path);
    struct load_messages messages = {.count = count_messages(file, path)};
    messages.each = calloc(messages.count, sizeof(*messages.each));
    if (messages.each == NULL) {
        load_die("out of memory");
    }
    const uint8_t *at = file.data;
    for (size_t i = 0; i < messages.count; i++) {
        messages.each[i] = qvt_slice_make(at + 4, length_at(at));
        at += 4 + messages.each[i].len;
    }
    return messages;
}

qvt_rpc_method load_method(const char *path, qvt_rpc_kind kind)
{
    return (qvt_rpc_method){.path = path, .name = "", .request_type = "", .response_type = "", .kind = kind};
}

qvt_rpc_channel **load_channels(qvt_rpc_runtime *runtime, const char *port, size_t count)
{
    char text[32];
    const char *endpoint = text;
    qvt_rpc_channel_options options = QVT_RPC_CHANNEL_OPTIONS_INIT;
    options.max_message_bytes = MESSAGE_MAX;
    (void)snprintf(text, sizeof(text), "127.0.0.1:%s", port);
    qvt_rpc_channel **channels = calloc(count, sizeof(qvt_rpc_channel *));
    if (channels == NULL) {
        load_die("out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        load_must(qvt_rpc_channel_new(&channels[i], runtime, &endpoint, 1, &options, NULL), "channel");
    }
    return channels;
}

void load_check_end(const qvt_rpc_result *result)
{
    if (result->error->status != QVT_OK) {
        load_die("a call ended with %s: %s", qvt_status_text(result->error->status), result->error->message);
    }
}
