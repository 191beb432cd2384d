/* A runtime, a scripted server and a channel to it, and calls that remember what happened to them. */
#ifndef QVT_TESTS_RPC_CALL_CLIENT_HARNESS_H
#define QVT_TESTS_RPC_CALL_CLIENT_HARNESS_H

#include "base/buf.h"
#include "qvt/rpc/client.h"
#include "tests/unit/rpc/call/script_server.h"

/* What a call saw. */
struct record {
    qvt_rpc_client_call *call; /* NULL once it has ended */
    qvt_error error;
    char reason[64];
    struct buf messages; /* each followed by '|' */
    size_t message_count;
    unsigned initials, drains, ends;
    unsigned came_compressed; /* messages */
    char initial[256];        /* "name=value;" of each entry */
    char trailing[256];
    uint8_t details[64]; /* their beginning */
    size_t details_len;
    unsigned stop_after; /* run_until_messages */
    bool in_start;       /* callbacks would be too early */
    bool hold_each;      /* hold the call in every on_message */
    bool cancel_in_message;
    struct record *start_at_end; /* begin this call inside on_end */
};

struct harness {
    qvt_rpc_runtime *runtime;
    struct script_server server;
    qvt_rpc_channel *channel;
    bool channel_closed;
    qvt_rpc_channel_state states[32];
    size_t state_count;
};

extern const qvt_rpc_method unary_method;
extern const qvt_rpc_method bidi_method;

/* Starts server and channel; on_event as script_server_start. options may be NULL. */
void harness_start(struct harness *harness, void (*on_event)(struct script_stream *stream, void *data),
                   const qvt_rpc_channel_options *options);

/* As harness_start, the channel has the endpoints given and the server is started all the same. */
void harness_start_with(struct harness *harness, void (*on_event)(struct script_stream *stream, void *data),
                        const char *const *endpoints, size_t count, const qvt_rpc_channel_options *options);

/* Closes channel and server, frees the runtime. Fails the test when a call has not ended. */
void harness_stop(struct harness *harness);

/* Runs the loop until *done > 0; ends the process after 20 s. */
void harness_run_until(struct harness *harness, const unsigned *done);

/* Runs the turns that are due now, without waiting. */
void harness_turn(struct harness *harness, unsigned turns);

/* Starts a call that fills the record; the record must be zeroed. */
void record_unary(struct harness *harness, struct record *record, const char *request,
                  const qvt_rpc_call_options *options);
void record_start(struct harness *harness, struct record *record, const qvt_rpc_method *method,
                  const qvt_rpc_call_options *options);
void record_deinit(struct record *record);

/* Starts a unary call and runs until it has ended. */
void record_whole_call(struct harness *harness, struct record *record);

/* An endpoint where nobody listens, as "127.0.0.1:PORT". */
void unused_endpoint(char out[32]);

#endif
