#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "base/check.h"
#include "rpc/wire/base64.h"
#include "rpc/wire/details.h"
#include "rpc/wire/frame.h"
#include "rpc/wire/metadata.h"
#include "rpc/wire/percent.h"
#include "rpc/wire/timeout.h"

enum { MESSAGE_MAX = 4096 };

static void fuzz_frame(qvt_slice input, size_t step)
{
    struct frame_decoder decoder;
    size_t left = input.len;
    frame_decoder_init(&decoder, MESSAGE_MAX);
    qvt_status status = QVT_OK;
    while (left > 0 && status == QVT_OK) {
        qvt_slice piece = qvt_slice_make(input.data + input.len - left, left < step ? left : step);
        left -= piece.len;
        while (piece.len > 0 && status == QVT_OK) {
            bool whole = false;
            size_t before = piece.len;
            status = frame_decoder_take(&decoder, &piece, &whole);
            QVT_ASSERT(status != QVT_OK || piece.len < before);
            QVT_ASSERT(decoder.message.len <= MESSAGE_MAX);
            QVT_ASSERT(!whole || !frame_decoder_is_inside(&decoder));
        }
    }
    frame_decoder_deinit(&decoder);
}

static void fuzz_base64(qvt_slice input)
{
    struct buf text = BUF_INIT;
    struct buf back = BUF_INIT;
    if (base64_encode(&text, input) == QVT_OK) {
        qvt_status status = base64_decode(&back, buf_slice(&text));
        QVT_ASSERT(status != QVT_OK || qvt_slice_equal(buf_slice(&back), input));
        QVT_ASSERT(status != QVT_INVALID_ARGUMENT);
    }
    buf_clear(&back);
    qvt_status status = base64_decode(&back, input);
    QVT_ASSERT(status == QVT_OK || back.len == 0);
    buf_deinit(&text);
    buf_deinit(&back);
}

static void fuzz_percent(qvt_slice input)
{
    struct buf text = BUF_INIT;
    struct buf back = BUF_INIT;
    if (percent_encode(&text, input) == QVT_OK && percent_decode(&back, buf_slice(&text)) == QVT_OK) {
        QVT_ASSERT(qvt_slice_equal(buf_slice(&back), input));
    }
    buf_clear(&back);
    qvt_status status = percent_decode(&back, input);
    QVT_ASSERT(status != QVT_OK || back.len <= input.len);
    buf_deinit(&text);
    buf_deinit(&back);
}

static void fuzz_timeout(qvt_slice input)
{
    int64_t ns = -1;
    int64_t back = -1;
    char text[TIMEOUT_TEXT_MAX];
    if (timeout_parse(input, &ns) == QVT_OK) {
        QVT_ASSERT(ns >= 0);
        qvt_status status = timeout_parse(qvt_slice_make(text, timeout_format(ns, text)), &back);
        QVT_ASSERT(status == QVT_OK && back >= ns);
    }
}

/* What was read is written, and read again it is the same. */
static void fuzz_details(qvt_slice input)
{
    struct details first;
    struct details second;
    struct buf bytes = BUF_INIT;
    if (details_read(&first, input) == QVT_OK && details_write(&bytes, &first.error) == QVT_OK) {
        qvt_status status = details_read(&second, buf_slice(&bytes));
        QVT_ASSERT(status == QVT_OK && second.error.status == first.error.status);
        QVT_ASSERT(strcmp(second.error.message, first.error.message) == 0);
        QVT_ASSERT(second.error.fact_count == first.error.fact_count);
    }
    buf_deinit(&bytes);
}

static void fuzz_metadata(qvt_slice input)
{
    struct metadata_list list = METADATA_LIST_INIT;
    size_t half = input.len / 2;
    for (int i = 0; i < 3; i++) {
        qvt_status status = metadata_list_add_wire(&list, qvt_slice_text(i == 1 ? "name-bin" : "name"), input);
        QVT_ASSERT(status == QVT_OK);
        status = metadata_list_add(&list, qvt_slice_make(input.data, half),
                                   qvt_slice_make(input.data + half, input.len - half));
        QVT_ASSERT(status == QVT_OK);
    }
    for (size_t i = 0; i < list.view.count; i++) {
        qvt_status status = qvt_rpc_metadata_check(&list.view.entries[i]);
        QVT_ASSERT(status == QVT_OK || status == QVT_INVALID_ARGUMENT);
    }
    QVT_ASSERT(qvt_slice_equal(qvt_rpc_metadata_find(&list.view, "name"), input));
    metadata_list_deinit(&list);
}

/* The first byte chooses the codec. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    qvt_slice input = qvt_slice_make(data + 1, size - 1);
    switch (data[0] % 6) {
    case 0: fuzz_frame(input, (size_t)data[0] / 6 + 1); break;
    case 1: fuzz_base64(input); break;
    case 2: fuzz_percent(input); break;
    case 3: fuzz_timeout(input); break;
    case 4: fuzz_details(input); break;
    default: fuzz_metadata(input); break;
    }
    return 0;
}
