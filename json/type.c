#include "json/type.h"

#include <string.h>

const struct json_message_type *json_type_find(const json_type_list *types, const char *name, size_t len)
{
    for (; types != NULL && *types != NULL; types++) {
        for (json_type_list at = *types; *at != NULL; at++) {
            if (strlen((*at)->name) == len && memcmp((*at)->name, name, len) == 0) {
                return *at;
            }
        }
    }
    return NULL;
}
