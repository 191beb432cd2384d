/* The streams that the peer ended last. nghttp2 forgets a stream once it is over and ignores what comes for it; RFC 9113
 * §5.1 wants that told apart from frames that were on their way when our own reset went out. */
#ifndef QVT_RPC_HTTP2_ENDED_H
#define QVT_RPC_HTTP2_ENDED_H

#include <stdbool.h>
#include <stdint.h>

enum { HTTP2_ENDED_KEPT = 16 };

enum http2_end {
    HTTP2_END_UNKNOWN, /* not the peer's doing, or too long ago */
    HTTP2_END_SENT,    /* it sent END_STREAM */
    HTTP2_END_RESET    /* it sent RST_STREAM */
};

/* Start from zeroed memory. Ids are positive. */
struct http2_ended {
    int32_t ids[HTTP2_ENDED_KEPT];
    bool resets[HTTP2_ENDED_KEPT];
    uint32_t next;
};

/* A stream is over that the peer ended. */
static inline void http2_ended_note(struct http2_ended *ended, int32_t id, enum http2_end how)
{
    uint32_t at = ended->next++ % HTTP2_ENDED_KEPT;
    ended->ids[at] = id;
    ended->resets[at] = how == HTTP2_END_RESET;
}

/* How the peer ended the stream. */
static inline enum http2_end http2_ended_find(const struct http2_ended *ended, int32_t id)
{
    for (uint32_t i = 0; i < HTTP2_ENDED_KEPT; i++) {
        if (ended->ids[i] == id) {
            return ended->resets[i] ? HTTP2_END_RESET : HTTP2_END_SENT;
        }
    }
    return HTTP2_END_UNKNOWN;
}

#endif
