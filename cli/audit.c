#include "cli/audit.h"

size_t audit_flags(struct audit *audit, struct flag *out)
{
    out[0] = (struct flag){"--who", NULL, "NAME", "who does this, for the history", FLAG_TEXT, &audit->who, 0};
    out[1] = (struct flag){"--why", NULL, "TEXT", "why, for the history", FLAG_TEXT, &audit->why, 0};
    out[2] = (struct flag){
        "--if-match", NULL, "ETAG", "only if this is still its etag, as get prints it", FLAG_TEXT, &audit->if_match, 0};
    out[3] =
        (struct flag){"--request-id",     NULL, "ID", "makes it harmless to do this twice with the same id", FLAG_TEXT,
                      &audit->request_id, 0};
    return 4;
}
