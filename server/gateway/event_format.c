#include "server/gateway/event_format.h"

#include "base/check.h"
#include "json/writer.h"
#include "quark/version/v1/version_tracker.json.h"
#include "quark/version/v1/version_tracker.pb-c.h"

static qvt_status write_json(qvt_slice response, struct buf *out)
{
    struct json_writer writer;
    Quark__Version__V1__WatchResponse *message =
        quark__version__v1__watch_response__unpack(NULL, response.len, response.data);
    if (message == NULL) {
        return QVT_NO_MEMORY;
    }
    json_writer_init(&writer, out);
    quark_version_v1_watch_response_write_json(&writer, message);
    quark__version__v1__watch_response__free_unpacked(message, NULL);
    return writer.status;
}

static qvt_status write_sse(qvt_slice response, const struct position *position, struct buf *out)
{
    if (position != NULL) {
        char id[POSITION_TEXT_MAX];
        (void)position_format(id, position->revision, position->token);
        QVT_TRY(buf_printf(out, "id: %s\n", id));
    }
    QVT_TRY(buf_append_text(out, "data: "));
    QVT_TRY(write_json(response, out));
    return buf_append_text(out, "\n\n");
}

static qvt_status write_ndjson(qvt_slice response, const struct position *position, struct buf *out)
{
    (void)position;
    QVT_TRY(write_json(response, out));
    return buf_append_byte(out, '\n');
}

const struct watch_format event_format_sse = {write_sse};
const struct watch_format event_format_ndjson = {write_ndjson};
