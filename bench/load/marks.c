#include "bench/load/marks.h"

#include <stdio.h>

static size_t find(qvt_slice bytes, const uint8_t *text, size_t len)
{
    for (size_t at = 0; at + len <= bytes.len; at++) {
        const uint8_t *next = memchr(bytes.data + at, text[0], bytes.len - len - at + 1);
        if (next == NULL) {
            break;
        }
        at = (size_t)(next - bytes.data);
        if (memcmp(next, text, len) == 0) {
            return at;
        }
    }
    return SIZE_MAX;
}

void marks_init(struct marks *marks, const char *path, size_t watchers)
{
    qvt_slice file = load_file(path);
    *marks = (struct marks){.message_len = file.len, .watchers = watchers};
    marks->message = (uint8_t *)(uintptr_t)file.data;
    marks->mark_at = find(file, (const uint8_t *)MARKS_TEXT, MARKS_LEN);
    if (marks->mark_at == SIZE_MAX) {
        load_die("%s has no %s", path, MARKS_TEXT);
    }
}

void marks_begin(struct marks *marks)
{
    char text[MARKS_LEN + 1];
    marks->round++;
    marks->seen = 0;
    (void)snprintf(text, sizeof(text), "mark-%08u", (unsigned)marks->round % 100000000u);
    memcpy(marks->message + marks->mark_at, text, MARKS_LEN);
    marks->begun_ns = load_now_ns();
}

bool marks_found(const struct marks *marks, qvt_slice bytes)
{
    return find(bytes, marks->message + marks->mark_at, MARKS_LEN) != SIZE_MAX;
}

bool marks_saw(struct marks *marks)
{
    marks->seen++;
    if (marks->seen == 1) {
        marks->first_ns = load_now_ns() - marks->begun_ns;
    }
    if (marks->seen < marks->watchers) {
        return false;
    }
    marks->last_ns = load_now_ns() - marks->begun_ns;
    return true;
}

void marks_print(const struct marks *marks)
{
    if (marks->round > 1) {
        printf("first_us=%.1f last_us=%.1f\n", (double)marks->first_ns / 1e3, (double)marks->last_ns / 1e3);
    }
}
