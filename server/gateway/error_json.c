#include "server/gateway/error_json.h"

#include "base/check.h"
#include "google/rpc/error_details.json.h"
#include "google/rpc/status.json.h"
#include "json/well_known.h"
#include "json/writer.h"
#include "rpc/wire/details.h"

static const json_type_list TYPES[] = {google_rpc_error_details_json_types, google_protobuf_json_types, NULL};

qvt_status error_json_write(struct buf *out, const qvt_error *error)
{
    struct buf wire = BUF_INIT;
    struct json_writer writer;
    qvt_status status = details_write(&wire, error);
    Google__Rpc__Status *message = status == QVT_OK ? google__rpc__status__unpack(NULL, wire.len, wire.data) : NULL;
    buf_deinit(&wire);
    if (message == NULL) {
        return QVT_NO_MEMORY;
    }
    json_writer_init(&writer, out);
    writer.types = TYPES;
    google_rpc_status_write_json(&writer, message);
    google__rpc__status__free_unpacked(message, NULL);
    return writer.status;
}
