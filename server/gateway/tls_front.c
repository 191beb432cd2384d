#include "server/gateway/tls_front.h"

#include <unistd.h>

#include "server/gateway/tls_relay.h"

enum { LOG_EVERY_MS = 1000 };

static void on_accept(struct net_listener *listener, int fd, const struct sockaddr_storage *peer)
{
    struct tls_front *front = LIST_ENTRY(listener, struct tls_front, listener);
    if (front->relay_count >= front->options.connections_max) {
        close(fd);
        return;
    }
    tls_relay_accept(front, fd, peer);
}

static void check_closed(struct tls_front *front)
{
    if (front->closing && !front->listening && front->relay_count == 0) {
        buf_deinit(&front->made);
        qvt_rpc_tls_unref(front->tls);
        front->options.on_closed(front->options.data);
    }
}

static void on_listener_closed(struct net_listener *listener)
{
    struct tls_front *front = LIST_ENTRY(listener, struct tls_front, listener);
    front->listening = false;
    check_closed(front);
}

qvt_status tls_front_open(struct tls_front *front, const struct tls_front_options *options, qvt_rpc_tls *tls,
                          const char *address, qvt_error *error)
{
    front->options = *options;
    front->listener.on_accept = on_accept;
    front->listener.on_closed = on_listener_closed;
    list_init(&front->relays);
    list_init(&front->unused);
    qvt_status status = net_listener_open(&front->listener, options->loop, address, error);
    if (status == QVT_OK) {
        front->listening = true;
        front->tls = qvt_rpc_tls_ref(tls);
    }
    return status;
}

const char *tls_front_address(const struct tls_front *front)
{
    return front->listener.address;
}

void tls_front_use(struct tls_front *front, qvt_rpc_tls *tls)
{
    qvt_rpc_tls *old = front->tls;
    front->tls = qvt_rpc_tls_ref(tls);
    qvt_rpc_tls_unref(old);
}

void tls_front_drain(struct tls_front *front)
{
    if (front->listener.fd >= 0) {
        net_listener_close(&front->listener);
    }
}

void tls_front_close(struct tls_front *front)
{
    struct list *next = NULL;
    tls_front_drain(front);
    front->closing = true;
    for (struct list *node = front->relays.next; node != &front->relays; node = next) {
        next = node->next;
        tls_relay_finish(LIST_ENTRY(node, struct tls_relay, node));
    }
    check_closed(front);
}

static void complain(struct tls_front *front, const struct sockaddr_storage *peer, const char *event,
                     const char *reason)
{
    char text[NET_ADDRESS_TEXT_MAX];
    uint64_t now_ms = uv_now(front->options.loop);
    if (front->complained_ms != 0 && now_ms - front->complained_ms < LOG_EVERY_MS) {
        front->complaints++;
        return;
    }
    net_address_format(text, peer);
    if (front->options.log != NULL) {
        log_write(front->options.log, LOG_INFO, event, log_text("protocol", "http"), log_text("peer", text),
                  log_text("reason", reason), log_uint("others", front->complaints));
    }
    front->complained_ms = now_ms;
    front->complaints = 0;
}

void tls_front_complain(struct tls_front *front, const struct sockaddr_storage *peer, const char *reason)
{
    front->handshakes_failed++;
    complain(front, peer, "tls handshake failed", reason);
}

void tls_front_note_unused(struct tls_front *front, const struct sockaddr_storage *peer)
{
    front->unused_closed++;
    complain(front, peer, "tls connection closed", "too many connections on which no request has come");
}

void tls_front_release(struct tls_front *front)
{
    front->relay_count--;
    check_closed(front);
}
