#include "cli/table.h"

#include <stdarg.h>
#include <string.h>

#include "base/check.h"
#include "base/utf8.h"

static qvt_status append(struct table *table, const char *text)
{
    const char *shown = text == NULL || text[0] == '\0' ? "-" : text;
    size_t room = strlen(shown) * 4;
    QVT_TRY(buf_reserve(&table->cells, room + 1));
    table->cells.len += utf8_escape(qvt_slice_text(shown), (char *)table->cells.data + table->cells.len, room);
    table->cell_count++;
    return buf_append_byte(&table->cells, '\0');
}

void table_add(struct table *table, const char *text)
{
    if (table->status == QVT_OK) {
        table->status = append(table, text);
    }
}

void table_add_format(struct table *table, const char *format, ...)
{
    char text[256];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    table_add(table, text);
}

/* Characters, which continuation bytes do not begin. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xc0) != 0x80 ? 1 : 0;
    }
    return width;
}

static const char *next(const char *cell)
{
    return cell + strlen(cell) + 1;
}

static void measure(const struct table *table, size_t widths[TABLE_COLUMNS_MAX])
{
    const char *cell = (const char *)table->cells.data;
    for (size_t i = 0; i < table->cell_count; i++, cell = next(cell)) {
        size_t width = width_of(cell);
        size_t *widest = &widths[i % table->columns];
        *widest = width > *widest ? width : *widest;
    }
}

qvt_status table_print(struct table *table, FILE *out)
{
    size_t widths[TABLE_COLUMNS_MAX] = {0};
    QVT_ASSERT(table->columns > 0 && table->columns <= TABLE_COLUMNS_MAX);
    if (table->status == QVT_OK) {
        measure(table, widths);
        const char *cell = (const char *)table->cells.data;
        for (size_t i = 0; i < table->cell_count; i++, cell = next(cell)) {
            size_t column = i % table->columns;
            bool is_last = column + 1 == table->columns;
            fprintf(out, "%s%*s", cell, is_last ? 0 : (int)(widths[column] - width_of(cell) + 2), is_last ? "\n" : "");
        }
    }
    buf_deinit(&table->cells);
    return table->status;
}
