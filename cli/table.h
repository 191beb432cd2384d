/* Rows of text in aligned columns. What peers sent is escaped, so that it cannot steer a terminal. */
#ifndef QVT_CLI_TABLE_H
#define QVT_CLI_TABLE_H

#include <stdio.h>

#include "qvt/status.h"
#include "base/buf.h"
#include "cli/command.h"
#include "cli/style.h"

#define TABLE_COLUMNS_MAX 12

/* Start from TABLE_INIT. Running out of memory sticks in `status`, and printing says so. */
struct table {
    size_t columns;
    struct buf cells; /* each begins with its style and ends in NUL, row after row, the header first */
    size_t cell_count;
    qvt_status status;
};

#define TABLE_INIT(column_count)                                                                                       \
    {                                                                                                                  \
        (column_count), BUF_INIT, 0, QVT_OK                                                                            \
    }

/* Adds the next cell; an empty text shows as "-". */
void table_add(struct table *table, const char *text);
void table_add_format(struct table *table, const char *format, ...) QVT_PRINTF(2, 3);

/* As table_add_format, with a colour where the output has colours. */
void table_add_styled(struct table *table, enum style style, const char *format, ...) QVT_PRINTF(3, 4);

/* Adds the header: as many names as there are columns. */
void table_add_header(struct table *table, const char *const *names);

/* Adds a row of two: a name, and a text that is left out with it when it is empty. */
void table_add_pair(struct table *table, const char *name, const char *text);

/* Prints and frees. */
QVT_MUST_CHECK qvt_status table_print(struct table *table, FILE *out);

/* Prints on stdout and frees; out of memory is reported. */
enum exit_code table_show(struct table *table);

#endif
