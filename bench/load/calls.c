/* Unary calls, as many as asked, a fixed number of them under way on each connection.
 * usage: bench_calls PORT PATH REQUESTS CONNECTIONS STREAMS CALLS [UNIQUE-FIELD]
 * REQUESTS are sent in turn, from the first on. UNIQUE-FIELD is a bytes field to which every request gets 16 bytes that
 * no other has. Says `calls=N seconds=S bytes=B`, bytes being those of the answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/entropy.h"
#include "bench/load/load.h"
#include "rpc/wire/protobuf.h"

struct work {
    qvt_rpc_runtime *runtime;
    qvt_rpc_method method;
    struct load_messages requests;
    uint32_t unique_field; /* 0: none */
    uint8_t unique[16];
    struct buf request;
    size_t to_start;
    size_t to_end;
    size_t started;
    uint64_t bytes;
};

struct slot {
    struct work *work;
    qvt_rpc_channel *channel;
};

static void start(struct slot *slot);

static void on_message(qvt_rpc_client_call *call, qvt_slice message, void *data)
{
    struct slot *slot = data;
    (void)call;
    slot->work->bytes += message.len;
}

static void on_end(qvt_rpc_client_call *call, const qvt_rpc_result *result, void *data)
{
    struct slot *slot = data;
    (void)call;
    load_check_end(result);
    slot->work->to_end--;
    if (slot->work->to_end == 0) {
        qvt_rpc_runtime_stop(slot->work->runtime);
    } else if (slot->work->to_start > 0) {
        start(slot);
    }
}

static qvt_slice next_request(struct work *work)
{
    qvt_slice request = work->requests.each[work->started % work->requests.count];
    if (work->unique_field == 0) {
        return request;
    }
    uint64_t number = work->started;
    memcpy(work->unique, &number, sizeof(number));
    buf_clear(&work->request);
    load_must(buf_append(&work->request, request.data, request.len), "request");
    load_must(protobuf_put_bytes(&work->request, work->unique_field, qvt_slice_make(work->unique, 16)), "request");
    return buf_slice(&work->request);
}

static void start(struct slot *slot)
{
    static const qvt_rpc_client_callbacks callbacks = {.on_message = on_message, .on_end = on_end};
    struct work *work = slot->work;
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    options.wait_for_ready = true;
    qvt_rpc_client_call *call = NULL;
    qvt_slice request = next_request(work);
    work->started++;
    work->to_start--;
    load_must(qvt_rpc_client_call_unary(&call, slot->channel, &work->method, request, &options, &callbacks, slot),
              "call");
}

int main(int argc, char **argv)
{
    struct work work = {0};
    if (argc != 7 && argc != 8) {
        load_die("usage: bench_calls PORT PATH REQUESTS CONNECTIONS STREAMS CALLS [UNIQUE-FIELD]");
    }
    size_t connections = load_number(argv[4], "CONNECTIONS");
    size_t width = connections * load_number(argv[5], "STREAMS");
    size_t calls = load_number(argv[6], "CALLS");
    work.method = load_method(argv[2], QVT_RPC_UNARY);
    work.requests = load_messages_read(argv[3]);
    work.unique_field = argc == 8 ? load_number(argv[7], "UNIQUE-FIELD") : 0;
    work.to_start = work.to_end = calls;
    entropy_fill(entropy_system(), work.unique, sizeof(work.unique));
    load_must(qvt_rpc_runtime_new(&work.runtime, NULL), "runtime");
    qvt_rpc_channel **channels = load_channels(work.runtime, argv[1], connections);
    struct slot *slots = calloc(width, sizeof(*slots));
    if (slots == NULL) {
        load_die("out of memory");
    }
    uint64_t begun_ns = load_now_ns();
    for (size_t i = 0; i < width && work.to_start > 0; i++) {
        slots[i] = (struct slot){.work = &work, .channel = channels[i % connections]};
        start(&slots[i]);
    }
    qvt_rpc_runtime_run(work.runtime);
    double seconds = (double)(load_now_ns() - begun_ns) / 1e9;
    printf("calls=%zu seconds=%.6f bytes=%llu\n", calls, seconds, (unsigned long long)work.bytes);
    return 0;
}
