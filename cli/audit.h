/* What every write may carry: who does it and why, for the history, and what guards it. */
#ifndef QVT_CLI_AUDIT_H
#define QVT_CLI_AUDIT_H

#include "cli/flags.h"
#include "cli/read.h"

struct audit {
    char *who;
    char *why;
    char *if_match;
    char *request_id;
};

/* Fills the flags and returns their number. */
size_t audit_flags(struct audit *audit, struct flag *out);

/* Fills a write request, of whichever type. */
#define AUDIT_FILL(request, audit)                                                                                     \
    do {                                                                                                               \
        read_text(&(request)->who, (audit)->who);                                                                      \
        read_text(&(request)->why, (audit)->why);                                                                      \
        read_text(&(request)->if_match, (audit)->if_match);                                                            \
        read_text(&(request)->request_id, (audit)->request_id);                                                        \
    } while (0)

#endif
