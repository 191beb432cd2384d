#include "server/store/redis/url.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "qvt/slice.h"

enum { REDIS_PORT = 6379, SENTINEL_PORT = 26379, DATABASE_MAX = 65535 };

static const struct scheme {
    const char *prefix;
    enum redis_kind kind;
    uint16_t port;
} SCHEMES[] = {
    {"redis://", REDIS_SINGLE, REDIS_PORT},
    {"redis+sentinel://", REDIS_SENTINEL, SENTINEL_PORT},
    {"redis+cluster://", REDIS_CLUSTER, REDIS_PORT},
};

static const struct scheme *find_scheme(const char *text)
{
    for (size_t i = 0; i < sizeof(SCHEMES) / sizeof(SCHEMES[0]); i++) {
        if (strncmp(text, SCHEMES[i].prefix, strlen(SCHEMES[i].prefix)) == 0) {
            return &SCHEMES[i];
        }
    }
    return NULL;
}

bool redis_url_matches(const char *text)
{
    return strncmp(text, "redis", 5) == 0 && (text[5] == ':' || text[5] == '+');
}

static qvt_status wrong(qvt_error *error, const char *rule)
{
    return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "--store: %s", rule);
}

static qvt_status copy(char *out, size_t cap, qvt_slice text, const char *what, qvt_error *error)
{
    if (text.len == 0) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "--store: the %s is empty", what);
    }
    if (text.len >= cap) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "--store: the %s is longer than %zu bytes", what,
                             cap - 1);
    }
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return QVT_OK;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static qvt_status decode(char *out, qvt_slice text, const char *what, qvt_error *error)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        int c = text.data[i];
        if (c == '%') {
            int first = i + 1 < text.len ? hex_digit(text.data[i + 1]) : -1;
            int second = i + 2 < text.len ? hex_digit(text.data[i + 2]) : -1;
            c = first < 0 || second < 0 ? 0 : first * 16 + second;
            i += 2;
        }
        if (c == 0 || len + 1 >= REDIS_SECRET_MAX) {
            return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL,
                                 "--store: the %s is longer than %u bytes, or %% in it is not followed by two hex "
                                 "digits that are not 00",
                                 what, REDIS_SECRET_MAX - 1);
        }
        out[len++] = (char)c;
    }
    out[len] = '\0';
    return QVT_OK;
}

static bool parse_number(qvt_slice text, uint32_t min, uint32_t max, uint32_t *out)
{
    uint32_t value = 0;
    if (text.len == 0 || text.len > 5) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        value = value * 10 + (uint32_t)(text.data[i] - '0');
    }
    *out = value;
    return value >= min && value <= max;
}

static const uint8_t *find(qvt_slice text, char c)
{
    return text.len == 0 ? NULL : memchr(text.data, c, text.len);
}

/* What stands before the first `c`, which is cut off with it; everything where there is none. */
static qvt_slice cut(qvt_slice *rest, char c, bool *found)
{
    const uint8_t *at = find(*rest, c);
    qvt_slice head = *rest;
    *found = at != NULL;
    if (at == NULL) {
        *rest = qvt_slice_make(rest->data + rest->len, 0);
        return head;
    }
    head.len = (size_t)(at - rest->data);
    *rest = qvt_slice_make(at + 1, rest->len - head.len - 1);
    return head;
}

static qvt_status parse_address(struct redis_address *out, qvt_slice text, uint16_t port, qvt_error *error)
{
    uint32_t number = port;
    bool found = false;
    qvt_slice host;
    qvt_slice rest = text;
    if (text.len > 0 && text.data[0] == '[') {
        rest = qvt_slice_make(text.data + 1, text.len - 1);
        host = cut(&rest, ']', &found);
        if (!found || (rest.len > 0 && rest.data[0] != ':')) {
            return wrong(error, "an IPv6 address in brackets is followed by :PORT or nothing");
        }
        if (rest.len > 0) {
            rest = qvt_slice_make(rest.data + 1, rest.len - 1);
        } else {
            found = false;
        }
    } else {
        host = cut(&rest, ':', &found);
    }
    if (found && !parse_number(rest, 1, 65535, &number)) {
        return wrong(error, "a port is a number from 1 to 65535");
    }
    out->port = (uint16_t)number;
    return copy(out->host, sizeof(out->host), host, "host", error);
}

static qvt_status parse_addresses(struct redis_url *out, qvt_slice text, uint16_t port, qvt_error *error)
{
    bool more = true;
    while (more) {
        qvt_slice one = cut(&text, ',', &more);
        if (out->count == REDIS_ADDRESSES_MAX) {
            return wrong(error, "more than 16 addresses");
        }
        QVT_TRY(parse_address(&out->addresses[out->count], one, port, error));
        out->count++;
    }
    if (out->kind == REDIS_SINGLE && out->count > 1) {
        return wrong(error, "redis:// takes one address; several need redis+sentinel:// or redis+cluster://");
    }
    return QVT_OK;
}

static qvt_status parse_login(struct redis_url *out, qvt_slice text, qvt_error *error)
{
    bool found = false;
    qvt_slice user = cut(&text, ':', &found);
    if (!found) {
        return wrong(error, "what stands before @ is USER:PASSWORD or :PASSWORD");
    }
    QVT_TRY(decode(out->user, user, "user", error));
    return decode(out->password, text, "password", error);
}

static qvt_status parse_database(struct redis_url *out, qvt_slice text, qvt_error *error)
{
    if (!parse_number(text, 0, DATABASE_MAX, &out->database)) {
        return wrong(error, "what follows the last / is the number of a database");
    }
    return QVT_OK;
}

static qvt_status parse_path(struct redis_url *out, qvt_slice path, bool has_path, qvt_error *error)
{
    bool more = false;
    if (out->kind == REDIS_CLUSTER) {
        return has_path ? wrong(error, "redis+cluster:// takes no database: a Redis Cluster has one") : QVT_OK;
    }
    if (out->kind == REDIS_SINGLE) {
        return has_path && path.len > 0 ? parse_database(out, path, error) : QVT_OK;
    }
    if (!has_path) {
        return wrong(error, "redis+sentinel:// ends with /MASTER, the name that the Sentinels know");
    }
    QVT_TRY(copy(out->master, sizeof(out->master), cut(&path, '/', &more), "name of the master", error));
    return more ? parse_database(out, path, error) : QVT_OK;
}

qvt_status redis_url_parse(struct redis_url *out, const char *text, qvt_error *error)
{
    const struct scheme *scheme = find_scheme(text);
    bool has_login = false;
    bool has_path = false;
    memset(out, 0, sizeof(*out));
    if (scheme == NULL) {
        /* What stands before an @ may be a secret. */
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL,
                             "--store: \"%.200s\" begins with none of redis://, redis+sentinel:// and "
                             "redis+cluster://",
                             strchr(text, '@') == NULL ? text : "redis");
    }
    out->kind = scheme->kind;
    qvt_slice rest = qvt_slice_text(text + strlen(scheme->prefix));
    const uint8_t *at = NULL;
    for (size_t i = 0; i < rest.len; i++) {
        at = rest.data[i] == '@' ? &rest.data[i] : at;
    }
    has_login = at != NULL;
    if (has_login) {
        size_t len = (size_t)(at - rest.data);
        QVT_TRY(parse_login(out, qvt_slice_make(rest.data, len), error));
        rest = qvt_slice_make(at + 1, rest.len - len - 1);
    }
    qvt_slice addresses = cut(&rest, '/', &has_path);
    QVT_TRY(parse_addresses(out, addresses, scheme->port, error));
    return parse_path(out, rest, has_path, error);
}
