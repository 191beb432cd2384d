/* Pages of a list in order of keys: a token is the last key given, so pages stay right while records come and go. */
#ifndef QVT_SERVER_SERVICE_PAGE_H
#define QVT_SERVER_SERVICE_PAGE_H

#include "server/service/answer.h"

enum { PAGE_KEY_MAX = 256 };

struct page {
    struct encode_shares *shares; /* of the answer */
    uint8_t key[PAGE_KEY_MAX];
    qvt_slice after;      /* the last key of the page before, "": from the start; points into key: do not move a page */
    uint64_t fingerprint; /* of the request's filters: a token is only good for the same ones */
    uint32_t left;        /* entries that may still be given */
    uint32_t given;
    size_t bytes_max; /* of the whole answer */
};

/* Of a list of the cluster, which may be left out for "default": for page_begin. `list` tells lists and filters apart. */
uint64_t page_fingerprint(const char *cluster, uint64_t list);

/* page_size 0 or above the service's maximum: the maximum. INVALID_ARGUMENT: the token is not one that this list gave
 * for these filters. */
QVT_MUST_CHECK qvt_status page_begin(struct page *page, struct service *service, uint32_t page_size, const char *token,
                                     uint64_t fingerprint, qvt_error *error);

/* Whether the entry just encoded, which began at `mark`, still belongs to the page; if not it is taken back. The first
 * one always does. */
bool page_takes(struct page *page, struct encoder *encoder, size_t mark);

/* Writes next_page_token: what comes after `last` is the next page. */
void page_end(const struct page *page, struct encoder *encoder, qvt_slice last);

#endif
