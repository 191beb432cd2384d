/* One actor type at one moment: every silo that has it, and the rules in force. Immutable and shared; what finds are
 * answered from. */
#ifndef QVT_CLIENT_TYPE_TABLE_H
#define QVT_CLIENT_TYPE_TABLE_H

#include <stdatomic.h>

#include "qvt/record.h"
#include "client/src/readers.h"
#include "client/src/version_list.h"
#include "version/placement.h"
#include "version/placement_rules.h"

/* A silo as its record said it; one memory block, shared by the tables that list it. */
struct silo_image {
    _Atomic(uint32_t) refs;
    struct version_list *versions;
    const char *silo_id;
    const char *address;
    uint64_t incarnation;
    uint32_t port;
    enum placement_status status;
    enum placement_scheduling scheduling;
    bool suspect;
    bool unhealthy;
};

/* NO_MEMORY. */
QVT_MUST_CHECK qvt_status silo_image_new(struct silo_image **out, struct version_pool *pool, const qvt_silo_info *info);
struct silo_image *silo_image_ref(struct silo_image *image);
void silo_image_unref(struct silo_image *image); /* any thread; NULL is fine */

struct type_host {
    struct silo_image *image;
    const qvt_actor_version *version;
};

/* Invariants: hosts in byte order of silo ids; candidates[i] describes hosts[i]. */
struct type_table {
    _Atomic(uint32_t) refs;
    struct retired retired;
    const char *actor_type;
    struct placement_candidate *candidates;
    struct type_host *hosts;
    uint32_t count;
    struct placement_rules rules;
};

/* A silo of the type, and the place of the type in its versions. */
struct type_member {
    struct silo_image *image;
    uint32_t version;
};

/* A table of these members, with one reference. Name and rules are copied, with their texts. NO_MEMORY. */
QVT_MUST_CHECK qvt_status type_table_new(struct type_table **out, const char *actor_type,
                                         const struct type_member *members, uint32_t count,
                                         const struct placement_rules *rules);
struct type_table *type_table_ref(struct type_table *table);
void type_table_unref(struct type_table *table); /* any thread; NULL is fine */

/* The image of a silo that has the type; NULL: it does not. Borrowed. */
const struct silo_image *type_table_silo(const struct type_table *table, const char *silo_id);

#endif
