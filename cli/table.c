#include "cli/table.h"

#include <stdarg.h>
#include <string.h>

#include "base/check.h"
#include "base/utf8.h"
#include "cli/report.h"

static qvt_status append(struct table *table, enum style style, const char *text)
{
    const char *shown = text == NULL || text[0] == '\0' ? "-" : text;
    size_t room = strlen(shown) * 4;
    QVT_TRY(buf_reserve(&table->cells, room + 2));
    QVT_TRY(buf_append_byte(&table->cells, (uint8_t)style));
    table->cells.len += utf8_escape(qvt_slice_text(shown), (char *)table->cells.data + table->cells.len, room);
    table->cell_count++;
    return buf_append_byte(&table->cells, '\0');
}

static void add(struct table *table, enum style style, const char *text)
{
    if (table->status == QVT_OK) {
        table->status = append(table, style, text);
    }
}

void table_add(struct table *table, const char *text)
{
    add(table, STYLE_PLAIN, text);
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

void table_add_styled(struct table *table, enum style style, const char *format, ...)
{
    char text[256];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    add(table, style, text);
}

void table_add_header(struct table *table, const char *const *names)
{
    for (size_t i = 0; i < table->columns; i++) {
        add(table, STYLE_HEADER, names[i]);
    }
}

void table_add_pair(struct table *table, const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        table_add(table, name);
        table_add(table, text);
    }
}

static enum style style_of(const char *cell)
{
    return (enum style)(unsigned char)cell[0];
}

static const char *text_of(const char *cell)
{
    return cell + 1;
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
    return text_of(cell) + strlen(text_of(cell)) + 1;
}

static void measure(const struct table *table, size_t widths[TABLE_COLUMNS_MAX])
{
    const char *cell = (const char *)table->cells.data;
    for (size_t i = 0; i < table->cell_count; i++, cell = next(cell)) {
        size_t width = width_of(text_of(cell));
        size_t *widest = &widths[i % table->columns];
        *widest = width > *widest ? width : *widest;
    }
}

/* Padding is not coloured. */
static void print_cell(const char *cell, size_t padding, bool has_colours, FILE *out)
{
    enum style style = has_colours ? style_of(cell) : STYLE_PLAIN;
    fprintf(out, "%s%s%s%*s", style_begin(style), text_of(cell), style_end(style), (int)padding, "");
}

qvt_status table_print(struct table *table, FILE *out)
{
    size_t widths[TABLE_COLUMNS_MAX] = {0};
    bool has_colours = style_is_on(out);
    QVT_ASSERT(table->columns > 0 && table->columns <= TABLE_COLUMNS_MAX);
    if (table->status == QVT_OK) {
        measure(table, widths);
        const char *cell = (const char *)table->cells.data;
        for (size_t i = 0; i < table->cell_count; i++, cell = next(cell)) {
            size_t column = i % table->columns;
            bool is_last = column + 1 == table->columns;
            print_cell(cell, is_last ? 0 : widths[column] - width_of(text_of(cell)) + 2, has_colours, out);
            if (is_last) {
                fputc('\n', out);
            }
        }
    }
    buf_deinit(&table->cells);
    return table->status;
}

enum exit_code table_show(struct table *table)
{
    return table_print(table, stdout) == QVT_OK ? EXIT_DONE : report_no_memory();
}
