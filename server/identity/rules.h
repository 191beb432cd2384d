/* Who may call what: the one table. A method without a rule is refused to everybody. Pure. */
#ifndef QVT_SERVER_IDENTITY_RULES_H
#define QVT_SERVER_IDENTITY_RULES_H

#include <protobuf-c/protobuf-c.h>

#include "qvt/rpc/method.h"

enum rule_kind {
    RULE_MISSING,
    RULE_OPEN,     /* anybody, also without a credential */
    RULE_ANYONE,   /* any credential */
    RULE_READ,     /* reader, silo and admin of the cluster */
    RULE_OWN_SILO, /* admin of the cluster, silo for the ids its patterns fit */
    RULE_OPERATE   /* admin of the cluster */
};

/* Where a request says what it is about. Each may be NULL: it does not say. */
struct rule {
    enum rule_kind kind;
    const char *(*cluster)(const ProtobufCMessage *request); /* "": default */
    const char *(*silo_id)(const ProtobufCMessage *request);
    char **(*who)(ProtobufCMessage *request);
    /* The path of a field that the request sets and that operators keep for themselves, or NULL. */
    const char *(*operators_field)(const ProtobufCMessage *request);
};

/* Never NULL; static storage. */
const struct rule *rules_of(const qvt_rpc_method *method);

#endif
