/* Prints what a watch of libqvt tells, one line a callback, until its input ends.
 *
 *   reset STORE REVISION new|same       record KIND KEY VERSIONS      removed KIND KEY      end STORE REVISION TOKEN
 *   change REVISION TOKEN PREVIOUS EVENT puts KEY,… deletes KEY,…     progress REVISION
 *   interrupted CODE                    closed CODE
 *
 * usage: watcher [type=TYPE | silo=ID | silo-prefix=TEXT | silence=MS | from=STORE/REVISION.TOKEN]... ENDPOINT... */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qvt/qvt.h"

#define LIST_MAX 16

struct list {
    const char *items[LIST_MAX];
    size_t count;
};

static void end_line(void)
{
    putchar('\n');
    fflush(stdout);
}

static void on_reset(void *data, const qvt_watch_reset *reset)
{
    (void)data;
    printf("reset %s %" PRIu64 " %s", reset->position.store_id, reset->position.revision,
           reset->is_new_store ? "new" : "same");
    end_line();
}

static void on_record(void *data, const qvt_record *record)
{
    (void)data;
    printf("record %d %s ", (int)record->kind, record->key);
    for (size_t i = 0; record->silo != NULL && i < record->silo->version_count; i++) {
        printf("%s%s=%s", i > 0 ? "," : "", record->silo->versions[i].actor_type, record->silo->versions[i].version);
    }
    end_line();
}

static void on_removed(void *data, const qvt_record_key *key)
{
    (void)data;
    printf("removed %d %s", (int)key->kind, key->key);
    end_line();
}

static void on_walk_end(void *data, const qvt_position *position)
{
    (void)data;
    printf("end %s %" PRIu64 " %" PRIx64, position->store_id, position->revision, position->token);
    end_line();
}

static void on_change(void *data, const qvt_change *change)
{
    (void)data;
    printf("change %" PRIu64 " %" PRIx64 " %" PRIx64 " %d puts ", change->position.revision, change->position.token,
           change->previous_token, (int)change->event);
    for (size_t i = 0; i < change->put_count; i++) {
        printf("%s%s", i > 0 ? "," : "", change->puts[i].key);
    }
    printf(" deletes ");
    for (size_t i = 0; i < change->delete_count; i++) {
        printf("%s%s", i > 0 ? "," : "", change->deletes[i].key);
    }
    end_line();
}

static void on_progress(void *data, const qvt_position *position)
{
    (void)data;
    printf("progress %" PRIu64, position->revision);
    end_line();
}

static void on_interrupted(void *data, const qvt_error *why)
{
    (void)data;
    printf("interrupted %s", qvt_status_name(why->status));
    end_line();
}

static void on_closed(void *data, const qvt_error *error)
{
    (void)data;
    printf("closed %s", qvt_status_name(error->status));
    end_line();
}

/* What stands behind "name=" when the word begins with it; NULL: it does not. */
static const char *value_of(const char *word, const char *name)
{
    size_t len = strlen(name);
    return strncmp(word, name, len) == 0 && word[len] == '=' ? word + len + 1 : NULL;
}

static void add(struct list *list, const char *item)
{
    if (list->count < LIST_MAX) {
        list->items[list->count++] = item;
    }
}

static bool read_position(const char *text, qvt_position *out)
{
    memset(out, 0, sizeof *out);
    return sscanf(text, "%64[0-9a-f]/%" SCNu64 ".%" SCNx64, out->store_id, &out->revision, &out->token) == 3;
}

struct arguments {
    struct list types, silos, silo_prefixes, endpoints;
    uint32_t silence_ms;
    qvt_position from;
    bool has_from;
};

static void read_word(struct arguments *arguments, const char *word)
{
    const char *value;
    if ((value = value_of(word, "type")) != NULL) {
        add(&arguments->types, value);
    } else if ((value = value_of(word, "silo")) != NULL) {
        add(&arguments->silos, value);
    } else if ((value = value_of(word, "silo-prefix")) != NULL) {
        add(&arguments->silo_prefixes, value);
    } else if ((value = value_of(word, "silence")) != NULL) {
        arguments->silence_ms = (uint32_t)strtoul(value, NULL, 10);
    } else if ((value = value_of(word, "from")) != NULL) {
        arguments->has_from = read_position(value, &arguments->from);
    } else {
        add(&arguments->endpoints, word);
    }
}

static void fill(qvt_watch_options *watch, const struct arguments *arguments)
{
    watch->actor_types = arguments->types.items;
    watch->actor_type_count = arguments->types.count;
    watch->silo_ids = arguments->silos.items;
    watch->silo_id_count = arguments->silos.count;
    watch->silo_id_prefixes = arguments->silo_prefixes.items;
    watch->silo_id_prefix_count = arguments->silo_prefixes.count;
    watch->silence_ms = arguments->silence_ms > 0 ? arguments->silence_ms : watch->silence_ms;
    watch->resume_after = arguments->has_from ? &arguments->from : NULL;
    watch->on_reset = on_reset;
    watch->on_record = on_record;
    watch->on_removed = on_removed;
    watch->on_walk_end = on_walk_end;
    watch->on_change = on_change;
    watch->on_progress = on_progress;
    watch->on_interrupted = on_interrupted;
    watch->on_closed = on_closed;
}

int main(int argc, char **argv)
{
    static struct arguments arguments;
    qvt_client *client;
    qvt_watch *watch;
    qvt_error error;
    qvt_client_options options = QVT_CLIENT_OPTIONS_INIT;
    qvt_watch_options watching = QVT_WATCH_OPTIONS_INIT;
    for (int i = 1; i < argc; i++) {
        read_word(&arguments, argv[i]);
    }
    fill(&watching, &arguments);
    options.endpoints = arguments.endpoints.items;
    options.endpoint_count = arguments.endpoints.count;
    options.reconnect_max_ms = 200;
    if (qvt_client_new(&client, &options, &error) != QVT_OK ||
        qvt_client_watch(&watch, client, &watching, &error) != QVT_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    while (getchar() != EOF) {}
    qvt_watch_close(watch);
    qvt_client_free(client);
    return 0;
}
