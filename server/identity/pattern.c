#include "server/identity/pattern.h"

/* After a mismatch the last `*` takes one byte more; earlier ones never need to. */
bool pattern_fits(qvt_slice pattern, qvt_slice text)
{
    size_t p = 0;
    size_t t = 0;
    size_t after_star = 0;
    size_t star_end = 0;
    bool has_star = false;
    while (t < text.len) {
        if (p < pattern.len && pattern.data[p] == '*') {
            has_star = true;
            after_star = ++p;
            star_end = t;
        } else if (p < pattern.len && pattern.data[p] == text.data[t]) {
            p++;
            t++;
        } else if (has_star) {
            p = after_star;
            t = ++star_end;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.data[p] == '*') {
        p++;
    }
    return p == pattern.len;
}
