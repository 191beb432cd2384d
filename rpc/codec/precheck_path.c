#include "rpc/codec/precheck_path.h"

#include <stdio.h>

#include "rpc/codec/reader.h"

static size_t count_occurrences(qvt_slice bytes, uint32_t number)
{
    size_t count = 0;
    struct reader reader = reader_make(bytes);
    struct reader_member member;
    while (!reader_is_done(&reader) && reader_next(&reader, &member) == READER_OK) {
        count += member.number == number ? 1 : 0;
    }
    return count;
}

static int write_step(char *out, size_t size, const struct precheck_step *step, const char *dot)
{
    if (step->field->label != PROTOBUF_C_LABEL_REPEATED) {
        return snprintf(out, size, "%s%s", dot, step->field->name);
    }
    return snprintf(out, size, "%s%s[%zu]", dot, step->field->name, count_occurrences(step->before, step->field->id));
}

void precheck_write_path(char *out, size_t size, const struct precheck_step *steps, size_t count)
{
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        int len = write_step(out, size, &steps[i], i == 0 ? "" : ".");
        if (len < 0 || (size_t)len >= size) {
            return;
        }
        out += len;
        size -= (size_t)len;
    }
}
