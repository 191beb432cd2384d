/* Reads `version TAB range` lines and prints, for each, 1 or 0 for whether the version satisfies the range, or why one
 * of them was refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "version/range.h"

static void answer(qvt_slice version_text, qvt_slice range_text)
{
    struct semver version;
    struct range range;
    const char *why = "";
    if (semver_parse(&version, version_text, &why) != QVT_OK) {
        (void)printf("version: %s\n", why);
        return;
    }
    if (range_parse(&range, range_text, &why) != QVT_OK) {
        (void)printf("range: %s\n", why);
        return;
    }
    (void)printf("%d\n", range_contains(&range, &version) ? 1 : 0);
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len = 0;
    while ((len = getline(&line, &size, stdin)) > 0) {
        size_t end = (size_t)len - (line[len - 1] == '\n' ? 1 : 0);
        char *tab = memchr(line, '\t', end);
        if (tab == NULL) {
            (void)fprintf(stderr, "a line without a tab\n");
            return EXIT_FAILURE;
        }
        size_t version_len = (size_t)(tab - line);
        answer(qvt_slice_make(line, version_len), qvt_slice_make(tab + 1, end - version_len - 1));
    }
    free(line);
    return EXIT_SUCCESS;
}
