/* What the load generators share: their files, their clock, their words with the script that runs them.
 * A load generator that cannot do its work says why on stderr and exits 1; it takes nothing down that it built. */
#ifndef QVT_BENCH_LOAD_H
#define QVT_BENCH_LOAD_H

#include <stdint.h>

#include "base/buf.h"
#include "qvt/rpc/client.h"
#include "qvt/slice.h"

/* A printf message on stderr, then exit 1. */
_Noreturn void load_die(const char *format, ...) QVT_PRINTF(1, 2);

/* Dies with the sentence unless the status is OK. */
void load_must(qvt_status status, const char *what);

/* Nanoseconds since some moment; never steps back. */
uint64_t load_now_ns(void);

/* Says "ready" on stdout and waits for a line on stdin. */
void load_wait_for_go(void);

/* The number that the word is; dies when it is none, naming it. */
uint32_t load_number(const char *word, const char *name);

/* The whole file, of at least one byte; never freed. */
qvt_slice load_file(const char *path);

struct load_messages {
    qvt_slice *each; /* borrowed from the file */
    size_t count;    /* at least 1 */
};

/* A file of messages, each after its length in 4 bytes, the most significant first; never freed. */
struct load_messages load_messages_read(const char *path);

/* A method for that path; static strings but for the path, which is kept. */
qvt_rpc_method load_method(const char *path, qvt_rpc_kind kind);

/* Channels to the port on loopback that take messages of up to 64 MiB; nothing connects yet. Never freed. */
qvt_rpc_channel **load_channels(qvt_rpc_runtime *runtime, const char *port, size_t count);

/* Dies unless the call ended well. */
void load_check_end(const qvt_rpc_result *result);

#endif
