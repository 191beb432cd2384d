/* What finds are answered from at one moment: the tables of the watched types, and the answers prepared for the questions
 * that were asked before. Immutable; readers load it inside reader_enter. */
#ifndef QVT_CLIENT_SNAPSHOT_H
#define QVT_CLIENT_SNAPSHOT_H

#include "qvt/answer.h"
#include "client/src/found.h"
#include "client/src/question.h"

struct snapshot_question {
    uint64_t hash;
    struct question *question; /* NULL: the slot is empty */
    struct found *found;
};

struct snapshot_type {
    uint64_t hash;
    struct type_table *table; /* NULL: the slot is empty */
};

/* Nothing in it is owned: what it refers to is retired after it was replaced. Slots: powers of two, one empty at least. */
struct snapshot {
    qvt_answer answer;
    struct retired retired;
    struct snapshot_question *questions;
    struct snapshot_type *types;
    size_t question_slots;
    size_t type_slots;
};

/* An empty one with room for so many. NO_MEMORY. */
QVT_MUST_CHECK qvt_status snapshot_new(struct snapshot **out, size_t questions, size_t types);
void snapshot_add_type(struct snapshot *snapshot, struct type_table *table);
void snapshot_add_question(struct snapshot *snapshot, struct question *question);

/* The slot of the question with its answer, or NULL. */
static inline const struct snapshot_question *snapshot_question(const struct snapshot *snapshot,
                                                                const struct question_key *key)
{
    size_t i = key->hash & (snapshot->question_slots - 1);
    for (; snapshot->questions[i].question != NULL; i = (i + 1) & (snapshot->question_slots - 1)) {
        if (snapshot->questions[i].hash == key->hash && question_is(snapshot->questions[i].question, key)) {
            return &snapshot->questions[i];
        }
    }
    return NULL;
}

/* The table of a type, or NULL: it is not watched. */
struct type_table *snapshot_type(const struct snapshot *snapshot, const char *actor_type);

/* The image of a silo that has any of the watched types, or NULL. */
const struct silo_image *snapshot_silo(const struct snapshot *snapshot, const char *silo_id);

#endif
