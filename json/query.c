#include <string.h>

#include "json/percent.h"
#include "json/route.h"

/* One `name=value`; a name alone has the value "". */
static qvt_status walk_pair(struct buf *text, const char *pair, size_t len,
                            qvt_status (*each)(const char *name, const char *value, void *data), void *data)
{
    const char *equals = memchr(pair, '=', len);
    size_t name_len = equals == NULL ? len : (size_t)(equals - pair);
    size_t value_len = equals == NULL ? 0 : len - name_len - 1;
    buf_clear(text);
    qvt_status status = percent_decode_text(text, qvt_slice_make(pair, name_len), true);
    size_t value_at = text->len;
    if (status == QVT_OK) {
        status = percent_decode_text(text, qvt_slice_make(pair + len - value_len, value_len), true);
    }
    return status == QVT_OK ? each((const char *)text->data, (const char *)text->data + value_at, data) : status;
}

qvt_status json_query_walk(const char *query, qvt_status (*each)(const char *name, const char *value, void *data),
                           void *data)
{
    struct buf text = BUF_INIT;
    qvt_status status = QVT_OK;
    query += *query == '?' ? 1 : 0;
    while (*query != '\0' && status == QVT_OK) {
        size_t len = strcspn(query, "&");
        if (len > 0) {
            status = walk_pair(&text, query, len, each, data);
        }
        query += len + (query[len] == '&' ? 1 : 0);
    }
    buf_deinit(&text);
    return status;
}
