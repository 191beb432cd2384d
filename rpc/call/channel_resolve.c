#include "rpc/call/channel.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/net/address.h"

enum { ADDRESSES_MAX = 16 };

static bool take_addresses(struct channel_round *round, const struct addrinfo *found)
{
    size_t count = 0;
    for (const struct addrinfo *each = found; each != NULL && count < ADDRESSES_MAX; each = each->ai_next) {
        count++;
    }
    round->addresses = calloc(count == 0 ? 1 : count, sizeof(*round->addresses));
    if (round->addresses == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++, found = found->ai_next) {
        memcpy(&round->addresses[i], found->ai_addr, found->ai_addrlen);
    }
    round->address_count = count;
    return true;
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    qvt_rpc_channel *channel = request->data;
    bool stale = channel->is_resolve_stale;
    channel->is_resolving = false;
    channel->is_resolve_stale = false;
    if (!stale && status != 0) {
        channel_attempt_failed(channel, uv_strerror(status));
    } else if (!stale && !take_addresses(&channel->round, found)) {
        channel_attempt_failed(channel, "out of memory");
    } else {
        channel_step_soon(channel);
    }
    uv_freeaddrinfo(found);
}

static bool take_numeric(qvt_rpc_channel *channel, const struct channel_endpoint *endpoint)
{
    struct sockaddr_storage address;
    if (net_address_parse(&address, endpoint->text) != QVT_OK) {
        return false;
    }
    channel->round.addresses = malloc(sizeof(address));
    if (channel->round.addresses != NULL) {
        channel->round.addresses[0] = address;
        channel->round.address_count = 1;
    }
    channel_step_soon(channel);
    return true;
}

/* While an abandoned lookup is under way, its end repeats the step. */
void channel_resolve(qvt_rpc_channel *channel)
{
    const struct channel_endpoint *endpoint = &channel->endpoints[channel->endpoint];
    if (take_numeric(channel, endpoint)) {
        return;
    }
    if (channel->is_resolving) {
        channel->round.resolved = false;
        return;
    }
    struct addrinfo hints;
    memset(&hints, 0, sizeof(hints));
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    channel->resolving.data = channel;
    int result =
        uv_getaddrinfo(channel->runtime->uv, &channel->resolving, on_resolved, endpoint->host, endpoint->port, &hints);
    if (result != 0) {
        channel_attempt_failed(channel, uv_strerror(result));
        return;
    }
    channel->is_resolving = true;
}
