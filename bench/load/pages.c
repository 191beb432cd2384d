/* Reads a list over gRPC, page by page until there is no next one, again and again.
 * usage: bench_pages PORT PATH REQUEST ITEM-FIELD TOKEN-FIELD NEXT-FIELD ROUNDS
 * The answer has its items in the repeated field ITEM-FIELD; NEXT-FIELD of it, unless empty, is the TOKEN-FIELD of the
 * request for the next page. Says `seconds=S items=I bytes=B pages=P` a round, after one to warm up. */
#include <stdio.h>

#include "bench/load/load.h"
#include "rpc/wire/protobuf.h"

struct work {
    qvt_rpc_runtime *runtime;
    qvt_rpc_channel *channel;
    qvt_rpc_method method;
    struct buf request;
    size_t request_len; /* without a token */
    uint32_t item_field;
    uint32_t token_field;
    uint32_t next_field;
    bool more;
    size_t pages;
    size_t items;
    size_t bytes;
};

static void on_page(qvt_rpc_client_call *call, qvt_slice message, void *data)
{
    struct work *work = data;
    struct protobuf_field field;
    (void)call;
    work->pages++;
    work->bytes += message.len;
    work->more = false;
    while (message.len > 0) {
        load_must(protobuf_next(&message, &field), "answer");
        work->items += field.number == work->item_field ? 1 : 0;
        if (field.number == work->next_field && field.bytes.len > 0) {
            work->more = true;
            work->request.len = work->request_len;
            load_must(protobuf_put_bytes(&work->request, work->token_field, field.bytes), "request");
        }
    }
}

static void ask(struct work *work);

static void on_end(qvt_rpc_client_call *call, const qvt_rpc_result *result, void *data)
{
    struct work *work = data;
    (void)call;
    load_check_end(result);
    if (work->more) {
        ask(work);
    } else {
        qvt_rpc_runtime_stop(work->runtime);
    }
}

static void ask(struct work *work)
{
    static const qvt_rpc_client_callbacks callbacks = {.on_message = on_page, .on_end = on_end};
    qvt_rpc_call_options options = QVT_RPC_CALL_OPTIONS_INIT;
    qvt_rpc_client_call *call = NULL;
    options.wait_for_ready = true;
    load_must(qvt_rpc_client_call_unary(&call, work->channel, &work->method, buf_slice(&work->request), &options,
                                        &callbacks, work),
              "call");
}

static void play_round(struct work *work, bool warm)
{
    work->pages = work->items = work->bytes = 0;
    work->request.len = work->request_len;
    uint64_t begun_ns = load_now_ns();
    ask(work);
    qvt_rpc_runtime_run(work->runtime);
    double seconds = (double)(load_now_ns() - begun_ns) / 1e9;
    if (warm) {
        printf("seconds=%.6f items=%zu bytes=%zu pages=%zu\n", seconds, work->items, work->bytes, work->pages);
    }
}

int main(int argc, char **argv)
{
    struct work work = {0};
    if (argc != 8) {
        load_die("usage: bench_pages PORT PATH REQUEST ITEM-FIELD TOKEN-FIELD NEXT-FIELD ROUNDS");
    }
    struct load_messages requests = load_messages_read(argv[3]);
    work.method = load_method(argv[2], QVT_RPC_UNARY);
    work.item_field = load_number(argv[4], "ITEM-FIELD");
    work.token_field = load_number(argv[5], "TOKEN-FIELD");
    work.next_field = load_number(argv[6], "NEXT-FIELD");
    uint32_t rounds = load_number(argv[7], "ROUNDS");
    load_must(buf_append(&work.request, requests.each[0].data, requests.each[0].len), "request");
    work.request_len = requests.each[0].len;
    load_must(qvt_rpc_runtime_new(&work.runtime, NULL), "runtime");
    work.channel = load_channels(work.runtime, argv[1], 1)[0];
    for (uint32_t i = 0; i <= rounds; i++) {
        play_round(&work, i > 0);
    }
    return 0;
}
