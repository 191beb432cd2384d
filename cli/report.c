#include "cli/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static enum exit_code code_of(qvt_status status)
{
    switch (status) {
    case QVT_OK: return EXIT_DONE;
    case QVT_NOT_FOUND: return EXIT_NOT_FOUND;
    case QVT_UNAVAILABLE:
    case QVT_DEADLINE_EXCEEDED: return EXIT_UNREACHABLE;
    default: return EXIT_REFUSED;
    }
}

static void print_escaped(const char *before, const char *text, const char *after)
{
    char line[1024];
    size_t len = utf8_escape(qvt_slice_text(text), line, sizeof line);
    fprintf(stderr, "%s%.*s%s", before, (int)len, line, after);
}

enum exit_code report_error(const qvt_error *error)
{
    fprintf(stderr, "qvtctl: %s", qvt_status_name(error->status));
    if (error->reason != NULL) {
        print_escaped(" ", error->reason, "");
    }
    print_escaped(": ", error->message[0] != '\0' ? error->message : qvt_status_text(error->status), "");
    if (error->field[0] != '\0') {
        print_escaped(" (field ", error->field, ")");
    }
    for (size_t i = 0; i < error->fact_count; i++) {
        print_escaped("; ", error->facts[i].name, "=");
        print_escaped("", error->facts[i].value, "");
    }
    fputc('\n', stderr);
    return code_of(error->status);
}

enum exit_code report_not_opened(const qvt_error *error)
{
    enum exit_code code = report_error(error);
    return error->status == QVT_INVALID_ARGUMENT ? EXIT_USAGE : code;
}

enum exit_code report_usage(const char *format, ...)
{
    va_list list;
    fprintf(stderr, "qvtctl: ");
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    return EXIT_USAGE;
}

enum exit_code report_no_memory(void)
{
    fprintf(stderr, "qvtctl: out of memory\n");
    return EXIT_REFUSED;
}
