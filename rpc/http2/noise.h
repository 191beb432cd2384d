/* Counting of frames that cost much and carry nothing: empty DATA, WINDOW_UPDATE, PRIORITY, PING, SETTINGS, resets. */
#ifndef QVT_RPC_HTTP2_NOISE_H
#define QVT_RPC_HTTP2_NOISE_H

#include "rpc/http2/session_private.h"

/* A frame begins. 0, or NGHTTP2_ERR_CALLBACK_FAILURE when the connection is ended for it. */
int http2_noise_receive(struct http2_session *session, const nghttp2_frame_hd *head);

/* A reset of ours leaves: those that a peer provokes count like its own. */
void http2_noise_reset_sent(struct http2_session *session, uint32_t code);

/* A DATA frame leaves: it may be answered by a WINDOW_UPDATE for the stream, one for the connection, and a PING that
 * measures. */
static inline void http2_noise_data_sent(struct http2_session *session)
{
    uint32_t *updates = &session->noise[HTTP2_NOISE_WINDOW_UPDATE];
    uint32_t *pings = &session->noise[HTTP2_NOISE_PING];
    *updates -= *updates < 2 ? *updates : 2;
    *pings -= *pings < 1 ? 0 : 1;
}

#endif
