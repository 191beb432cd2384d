#include "server/store/sqlite_kept.h"

#include "base/check.h"

static bool same_record(const void *item, const void *key)
{
    const struct change_key *wanted = key;
    return image_kind(item) == wanted->kind && qvt_slice_equal(image_key(item), wanted->key);
}

static struct image *find(const struct sqlite_kept *kept, uint64_t hash, uint32_t kind, qvt_slice key)
{
    struct change_key wanted = {kind, key};
    return table_find(&kept->newest, hash, same_record, &wanted);
}

struct image *sqlite_kept_newest(const struct sqlite_kept *kept, uint32_t kind, qvt_slice key)
{
    return find(kept, table_hash(key, kind), kind, key);
}

void sqlite_kept_forget(struct sqlite_kept *kept)
{
    table_deinit(&kept->newest);
    history_deinit(&kept->history);
    *kept = (struct sqlite_kept){.known = false};
}

static uint64_t remove_newest(struct sqlite_kept *kept, uint32_t kind, qvt_slice key)
{
    uint64_t hash = table_hash(key, kind);
    const struct image *before = find(kept, hash, kind, key);
    if (before != NULL) {
        table_remove(&kept->newest, hash, before);
    }
    return hash;
}

static qvt_status add(struct sqlite_kept *kept, struct change *change)
{
    QVT_TRY(history_reserve(&kept->history, 1));
    QVT_TRY(table_reserve(&kept->newest, change->put_count));
    history_push(&kept->history, change);
    for (size_t i = 0; i < change->put_count; i++) {
        struct image *image = change->puts[i];
        table_add(&kept->newest, remove_newest(kept, image_kind(image), image_key(image)), image);
    }
    for (size_t i = 0; i < change->delete_count; i++) {
        (void)remove_newest(kept, change->deletes[i].kind, change->deletes[i].key);
    }
    return QVT_OK;
}

void sqlite_kept_add(struct sqlite_kept *kept, struct change *const *changes, size_t count)
{
    kept->known = true;
    for (size_t i = 0; i < count; i++) {
        if (add(kept, changes[i]) != QVT_OK) {
            sqlite_kept_forget(kept);
            return;
        }
    }
}

static void drop_images(struct sqlite_kept *kept, const struct change *change)
{
    for (size_t i = 0; i < change->put_count; i++) {
        const struct image *image = change->puts[i];
        uint64_t hash = table_hash(image_key(image), image_kind(image));
        if (find(kept, hash, image_kind(image), image_key(image)) == image) {
            table_remove(&kept->newest, hash, image);
        }
    }
}

void sqlite_kept_drop_below(struct sqlite_kept *kept, uint64_t revision)
{
    struct history *history = &kept->history;
    while (history->count > 0 && history->first_revision < revision) {
        drop_images(kept, history_at(history, history->first_revision));
        history_drop_oldest(history);
    }
}
