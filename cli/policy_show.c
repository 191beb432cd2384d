#include "cli/policy_show.h"

#include "cli/show.h"

#define MIN_READY_DEFAULT 2

typedef Quark__Version__V1__Policy policy_message;

static void add_ramp(struct table *table, const Quark__Version__V1__Ramp *ramp)
{
    if (ramp != NULL) {
        table_add_format(table, "%.128s=%u.%02u%%", ramp->target_version, (unsigned)ramp->basis_points / 100,
                         (unsigned)ramp->basis_points % 100);
    } else {
        table_add(table, "");
    }
}

static void add_policy(struct table *table, const policy_message *policy)
{
    char room[12];
    bool has_min_ready = policy->_min_ready_case != QUARK__VERSION__V1__POLICY___MIN_READY__NOT_SET;
    table_add(table, policy->actor_type[0] != '\0' ? policy->actor_type : "(default)");
    table_add(table, show_mode((int)policy->mode, room));
    table_add(table, show_selector((int)policy->selector, room));
    table_add(table, policy->range);
    add_ramp(table, policy->ramp);
    table_add_format(table, "%u", has_min_ready ? (unsigned)policy->min_ready : MIN_READY_DEFAULT);
    table_add(table, policy->etag);
}

enum exit_code policy_show_all(void *const *items, size_t count)
{
    static const char *const header[] = {"TYPE", "MODE", "SELECTOR", "RANGE", "RAMP", "MIN-READY", "ETAG"};
    struct table table = TABLE_INIT(7);
    table_add_header(&table, header);
    for (size_t i = 0; i < count; i++) {
        add_policy(&table, items[i]);
    }
    return table_show(&table);
}

enum exit_code policy_show(policy_message *policy)
{
    void *only = policy;
    return policy_show_all(&only, only != NULL ? 1 : 0);
}
