#include "rpc/wire/metadata.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "rpc/wire/base64.h"

enum { ENTRIES_MIN = 4 };

void metadata_list_deinit(struct metadata_list *list)
{
    buf_deinit(&list->text);
    free(list->entries);
    *list = (struct metadata_list)METADATA_LIST_INIT;
}

void metadata_list_clear(struct metadata_list *list)
{
    buf_clear(&list->text);
    list->view.count = 0;
}

/* The entries point into the text, so a larger copy is made first and the entries follow it. */
static qvt_status reserve_text(struct metadata_list *list, size_t extra)
{
    if (extra <= list->text.cap - list->text.len) {
        return QVT_OK;
    }
    struct buf larger = BUF_INIT;
    QVT_TRY(buf_reserve(&larger, list->text.len * 2 + extra));
    larger.len = list->text.len;
    if (larger.len > 0) {
        memcpy(larger.data, list->text.data, larger.len);
    }
    for (size_t i = 0; i < list->view.count; i++) {
        qvt_rpc_metadata_entry *entry = &list->entries[i];
        entry->name.data = larger.data + (entry->name.data - list->text.data);
        entry->value.data = larger.data + (entry->value.data - list->text.data);
    }
    buf_deinit(&list->text);
    list->text = larger;
    return QVT_OK;
}

static qvt_status reserve_entry(struct metadata_list *list)
{
    if (list->view.count < list->cap) {
        return QVT_OK;
    }
    size_t cap = list->cap == 0 ? ENTRIES_MIN : list->cap * 2;
    qvt_rpc_metadata_entry *entries = realloc(list->entries, cap * sizeof(*entries));
    if (entries == NULL) {
        return QVT_NO_MEMORY;
    }
    list->entries = entries;
    list->cap = cap;
    list->view.entries = entries;
    return QVT_OK;
}

/* Appends to text that has room; gives the place. */
static qvt_slice put_text(struct metadata_list *list, qvt_slice source)
{
    qvt_slice place = qvt_slice_make(list->text.data + list->text.len, source.len);
    if (source.len > 0) {
        memcpy(list->text.data + list->text.len, source.data, source.len);
        list->text.len += source.len;
    }
    return place;
}

qvt_status metadata_list_add(struct metadata_list *list, qvt_slice name, qvt_slice value)
{
    /* One byte more keeps an entry of two empty texts from pointing nowhere. */
    QVT_TRY(reserve_text(list, name.len + value.len + 1));
    QVT_TRY(reserve_entry(list));
    qvt_rpc_metadata_entry *entry = &list->entries[list->view.count++];
    entry->name = put_text(list, name);
    entry->value = put_text(list, value);
    return QVT_OK;
}

static qvt_status add_decoded(struct metadata_list *list, qvt_slice name, qvt_slice piece)
{
    QVT_TRY(reserve_text(list, name.len + piece.len + 2));
    QVT_TRY(reserve_entry(list));
    size_t start = list->text.len;
    qvt_slice kept_name = put_text(list, name);
    size_t value_start = list->text.len;
    if (base64_decode(&list->text, piece) != QVT_OK) {
        list->text.len = start;
        return QVT_OK;
    }
    qvt_rpc_metadata_entry *entry = &list->entries[list->view.count++];
    entry->name = kept_name;
    entry->value = qvt_slice_make(list->text.data + value_start, list->text.len - value_start);
    return QVT_OK;
}

static qvt_slice trim_spaces(qvt_slice text)
{
    while (text.len > 0 && text.data[0] == ' ') {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && text.data[text.len - 1] == ' ') {
        text.len--;
    }
    return text;
}

qvt_status metadata_list_add_wire(struct metadata_list *list, qvt_slice name, qvt_slice value)
{
    if (!metadata_is_binary(name)) {
        return metadata_list_add(list, name, value);
    }
    for (;;) {
        const uint8_t *comma = value.len == 0 ? NULL : memchr(value.data, ',', value.len);
        size_t len = comma == NULL ? value.len : (size_t)(comma - value.data);
        QVT_TRY(add_decoded(list, name, trim_spaces(qvt_slice_make(value.data, len))));
        if (comma == NULL) {
            return QVT_OK;
        }
        value = qvt_slice_make(comma + 1, value.len - len - 1);
    }
}

bool metadata_is_binary(qvt_slice name)
{
    return name.len > 4 && memcmp(name.data + name.len - 4, "-bin", 4) == 0;
}

static bool name_is(qvt_slice name, const char *other)
{
    return memcmp(name.data, other, name.len) == 0;
}

bool metadata_is_reserved(qvt_slice name)
{
    if (name.len == 0 || name.data[0] == ':' || (name.len >= 5 && memcmp(name.data, "grpc-", 5) == 0)) {
        return true;
    }
    switch (name.len) {
    case 2: return name_is(name, "te");
    case 4: return name_is(name, "host");
    case 7: return name_is(name, "upgrade");
    case 10: return name_is(name, "connection");
    case 12: return name_is(name, "content-type");
    case 14: return name_is(name, "content-length");
    case 15: return name_is(name, "accept-encoding");
    case 17: return name_is(name, "transfer-encoding");
    default: return false;
    }
}

qvt_slice qvt_rpc_metadata_find(const qvt_rpc_metadata *metadata, const char *name)
{
    qvt_slice wanted = qvt_slice_text(name);
    for (size_t i = 0; i < metadata->count; i++) {
        if (qvt_slice_equal(metadata->entries[i].name, wanted)) {
            return metadata->entries[i].value;
        }
    }
    return qvt_slice_make(NULL, 0);
}

static bool is_name_character(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

qvt_status qvt_rpc_metadata_check(const qvt_rpc_metadata_entry *entry)
{
    for (size_t i = 0; i < entry->name.len; i++) {
        if (!is_name_character(entry->name.data[i])) {
            return QVT_INVALID_ARGUMENT;
        }
    }
    if (metadata_is_reserved(entry->name)) {
        return QVT_INVALID_ARGUMENT;
    }
    if (metadata_is_binary(entry->name)) {
        return QVT_OK;
    }
    for (size_t i = 0; i < entry->value.len; i++) {
        if (entry->value.data[i] < 0x20 || entry->value.data[i] > 0x7e) {
            return QVT_INVALID_ARGUMENT;
        }
    }
    return QVT_OK;
}
