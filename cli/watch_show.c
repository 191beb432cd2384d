#include "cli/watch_show.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/utf8.h"
#include "cli/show.h"

static void print_text(const char *before, const char *text)
{
    char line[1024];
    size_t len = utf8_escape(qvt_slice_text(text), line, sizeof line);
    printf("%s%.*s", before, (int)len, line);
}

static const char *kind_name(int kind, char *room)
{
    return show_enum(&quark__version__v1__record_kind__descriptor, "RECORD_KIND_", kind, room);
}

static void print_silo(const Quark__Version__V1__SiloInfo *silo)
{
    char status[12], scheduling[12], address[SHOW_ADDRESS_MAX];
    printf(" %s %s", show_silo_status((int)silo->status, status), show_scheduling((int)silo->scheduling, scheduling));
    print_text(" ", show_address(silo->address, silo->port, address));
    for (size_t i = 0; i < silo->n_actor_type_versions; i++) {
        const Quark__Version__V1__SiloInfo__ActorTypeVersionsEntry *entry = silo->actor_type_versions[i];
        print_text(" ", entry->key);
        print_text("=", entry->value != NULL ? entry->value->version : "");
    }
}

static void print_policy(const Quark__Version__V1__Policy *policy)
{
    char mode[12], selector[12];
    printf(" %s %s", show_mode((int)policy->mode, mode), show_selector((int)policy->selector, selector));
    if (policy->range[0] != '\0') {
        print_text(" ", policy->range);
    }
}

static void print_setting(const Quark__Version__V1__Setting *setting)
{
    printf(" %" PRIu64, setting->number);
    print_text(" ", setting->text);
}

static void print_record(const char *before, const Quark__Version__V1__Record *record)
{
    char room[12];
    printf("%s%s", before, kind_name((int)record->kind, room));
    print_text(" ", record->key[0] != '\0' ? record->key : "(default)");
    if (record->value_case == QUARK__VERSION__V1__RECORD__VALUE_SILO) {
        print_silo(record->silo);
    } else if (record->value_case == QUARK__VERSION__V1__RECORD__VALUE_POLICY) {
        print_policy(record->policy);
    } else if (record->value_case == QUARK__VERSION__V1__RECORD__VALUE_SETTING) {
        print_setting(record->setting);
    }
    putchar('\n');
}

static void print_key(const char *before, const Quark__Version__V1__RecordKey *key)
{
    char room[12];
    printf("%s%s", before, kind_name((int)key->kind, room));
    print_text(" ", key->key);
    putchar('\n');
}

static void print_position(const char *before, const Quark__Version__V1__Position *position)
{
    if (position != NULL) {
        print_text(before, position->store_id);
        printf("/%" PRIu64 ".%016" PRIx64, position->revision, position->token);
    }
}

static void print_change(const Quark__Version__V1__Change *change)
{
    char room[12];
    printf("change");
    print_position(" ", change->position);
    printf(" %s", show_enum(&quark__version__v1__change_event__descriptor, "CHANGE_EVENT_", (int)change->event, room));
    if (change->who[0] != '\0') {
        print_text(" by ", change->who);
    }
    if (change->why[0] != '\0') {
        print_text(": ", change->why);
    }
    putchar('\n');
    for (size_t i = 0; i < change->n_puts; i++) {
        print_record("  put ", change->puts[i]);
    }
    for (size_t i = 0; i < change->n_deletes; i++) {
        print_key("  delete ", change->deletes[i]);
    }
}

static void print_point(const char *name, const Quark__Version__V1__Position *position)
{
    printf("%s", name);
    print_position(" ", position);
    putchar('\n');
}

void watch_show(const Quark__Version__V1__WatchResponse *message)
{
    switch (message->event_case) {
    case QUARK__VERSION__V1__WATCH_RESPONSE__EVENT_RESET: print_point("walk", message->reset->position); break;
    case QUARK__VERSION__V1__WATCH_RESPONSE__EVENT_RECORD: print_record("record ", message->record); break;
    case QUARK__VERSION__V1__WATCH_RESPONSE__EVENT_REMOVED: print_key("removed ", message->removed); break;
    case QUARK__VERSION__V1__WATCH_RESPONSE__EVENT_WALK_END: print_point("walk end", message->position); break;
    case QUARK__VERSION__V1__WATCH_RESPONSE__EVENT_CHANGE: print_change(message->change); break;
    case QUARK__VERSION__V1__WATCH_RESPONSE__EVENT_PROGRESS: print_point("progress", message->position); break;
    default: puts("a message that this qvtctl does not know"); break;
    }
}
