#include "cli/json_output.h"

#include <stdio.h>

#include "base/buf.h"
#include "cli/report.h"
#include "json/writer.h"

enum exit_code json_output(const struct json_message_type *type, const ProtobufCMessage *message)
{
    struct json_writer writer;
    struct buf text = BUF_INIT;
    qvt_error error;
    enum exit_code code = EXIT_DONE;
    json_writer_init(&writer, &text);
    type->write(&writer, message);
    if (writer.status == QVT_OK) {
        fwrite(text.data, 1, text.len, stdout);
        fputc('\n', stdout);
    } else {
        qvt_error_set(&error, writer.status, NULL, "the answer cannot be written as JSON");
        code = report_error(&error);
    }
    buf_deinit(&text);
    return code;
}
