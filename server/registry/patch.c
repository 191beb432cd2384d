#include "server/registry/patch.h"

#include "base/check.h"
#include "server/registry/wire.h"

void patch_deinit(struct patch *patch)
{
    buf_deinit(&patch->bytes);
}

void patch_field(struct patch *patch, uint32_t number)
{
    QVT_ASSERT(patch->field_count < PATCH_FIELDS_MAX);
    QVT_ASSERT(patch->field_count == 0 || patch->field[patch->field_count - 1].number < number);
    patch->field[patch->field_count].number = number;
    patch->field[patch->field_count].begin = patch->bytes.len;
    patch->field_count++;
}

/* Writes the groups with numbers up to and including `number`; returns the index of the first one left. */
static qvt_status emit_until(const struct patch *patch, uint32_t number, unsigned *next, struct buf *out)
{
    while (*next < patch->field_count && patch->field[*next].number <= number) {
        size_t begin = patch->field[*next].begin;
        size_t end = *next + 1 < patch->field_count ? patch->field[*next + 1].begin : patch->bytes.len;
        if (end > begin) {
            QVT_TRY(buf_append(out, patch->bytes.data + begin, end - begin));
        }
        (*next)++;
    }
    return QVT_OK;
}

static bool is_replaced(const struct patch *patch, uint32_t number, unsigned next)
{
    return next > 0 && patch->field[next - 1].number == number;
}

qvt_status patch_apply(const struct patch *patch, qvt_slice old, struct buf *out)
{
    struct wire_field field;
    unsigned next = 0;
    QVT_TRY(buf_reserve(out, old.len + patch->bytes.len));
    while (wire_next(&old, &field)) {
        QVT_TRY(emit_until(patch, field.number, &next, out));
        if (!is_replaced(patch, field.number, next)) {
            QVT_TRY(buf_append_slice(out, field.raw));
        }
    }
    return emit_until(patch, UINT32_MAX, &next, out);
}
