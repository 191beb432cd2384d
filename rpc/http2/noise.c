#include "rpc/http2/noise.h"

#include <string.h>

static int judge(struct http2_session *session, enum http2_noise kind)
{
    uint32_t limit = session->options.noise_limits[kind];
    if (limit == 0 || session->noise[kind] <= limit) {
        return 0;
    }
    if (session->events->on_noise(session->data, kind)) {
        memset(session->noise, 0, sizeof(session->noise));
        return 0;
    }
    return NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int count(struct http2_session *session, enum http2_noise kind)
{
    session->noise[kind]++;
    return judge(session, kind);
}

/* Padding is the other way to send DATA with nothing in it. */
static bool is_empty(const nghttp2_frame_hd *head)
{
    enum { PADDED_MIN = 256 };
    size_t least = (head->flags & NGHTTP2_FLAG_PADDED) != 0 ? PADDED_MIN : 0;
    return head->length <= least && (head->flags & NGHTTP2_FLAG_END_STREAM) == 0;
}

int http2_noise_receive(struct http2_session *session, const nghttp2_frame_hd *head)
{
    switch (head->type) {
    case NGHTTP2_DATA: return is_empty(head) ? count(session, HTTP2_NOISE_EMPTY_DATA) : 0;
    case NGHTTP2_HEADERS: return judge(session, HTTP2_NOISE_RESET);
    case NGHTTP2_RST_STREAM: return count(session, HTTP2_NOISE_RESET);
    case NGHTTP2_SETTINGS: return count(session, HTTP2_NOISE_SETTINGS);
    case NGHTTP2_PING: return count(session, HTTP2_NOISE_PING);
    case NGHTTP2_WINDOW_UPDATE: return count(session, HTTP2_NOISE_WINDOW_UPDATE);
    default: return count(session, HTTP2_NOISE_PRIORITY);
    }
}

void http2_noise_reset_sent(struct http2_session *session, uint32_t code)
{
    if (code != HTTP2_NO_ERROR && code != HTTP2_CANCEL && code != HTTP2_INTERNAL_ERROR) {
        session->noise[HTTP2_NOISE_RESET]++;
    }
}
