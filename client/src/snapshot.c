#include "client/src/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "client/src/text_map.h"

/* Half of the slots stay empty, so that a look-up ends soon. */
static size_t slots_for(size_t count)
{
    size_t slots = 4;
    while (slots < count * 2) {
        slots *= 2;
    }
    return slots;
}

qvt_status snapshot_new(struct snapshot **out, size_t questions, size_t types)
{
    size_t question_slots = slots_for(questions);
    size_t type_slots = slots_for(types);
    struct snapshot *snapshot = calloc(1, sizeof *snapshot + question_slots * sizeof(struct snapshot_question) +
                                              type_slots * sizeof(struct snapshot_type));
    if (snapshot == NULL) {
        return QVT_NO_MEMORY;
    }
    snapshot->questions = (struct snapshot_question *)(void *)(snapshot + 1);
    snapshot->types = (struct snapshot_type *)(void *)(snapshot->questions + question_slots);
    snapshot->question_slots = question_slots;
    snapshot->type_slots = type_slots;
    *out = snapshot;
    return QVT_OK;
}

void snapshot_add_type(struct snapshot *snapshot, struct type_table *table)
{
    uint64_t hash = text_hash(table->actor_type, strlen(table->actor_type));
    size_t i = hash & (snapshot->type_slots - 1);
    while (snapshot->types[i].table != NULL) {
        i = (i + 1) & (snapshot->type_slots - 1);
    }
    snapshot->types[i] = (struct snapshot_type){hash, table};
}

void snapshot_add_question(struct snapshot *snapshot, struct question *question)
{
    size_t i = question->hash & (snapshot->question_slots - 1);
    while (snapshot->questions[i].question != NULL) {
        i = (i + 1) & (snapshot->question_slots - 1);
    }
    snapshot->questions[i] = (struct snapshot_question){question->hash, question, question->found};
}

struct type_table *snapshot_type(const struct snapshot *snapshot, const char *actor_type)
{
    uint64_t hash = text_hash(actor_type, strlen(actor_type));
    size_t i = hash & (snapshot->type_slots - 1);
    for (; snapshot->types[i].table != NULL; i = (i + 1) & (snapshot->type_slots - 1)) {
        if (snapshot->types[i].hash == hash && strcmp(snapshot->types[i].table->actor_type, actor_type) == 0) {
            return snapshot->types[i].table;
        }
    }
    return NULL;
}

const struct silo_image *snapshot_silo(const struct snapshot *snapshot, const char *silo_id)
{
    for (size_t i = 0; i < snapshot->type_slots; i++) {
        const struct type_table *table = snapshot->types[i].table;
        const struct silo_image *image = table == NULL ? NULL : type_table_silo(table, silo_id);
        if (image != NULL) {
            return image;
        }
    }
    return NULL;
}
