/* Rows of text in aligned columns. What peers sent is escaped, so that it cannot steer a terminal. */
#ifndef QVT_CLI_TABLE_H
#define QVT_CLI_TABLE_H

#include <stdio.h>

#include "qvt/status.h"
#include "base/buf.h"

#define TABLE_COLUMNS_MAX 12

/* Start from TABLE_INIT. Running out of memory sticks in `status`, and printing says so. */
struct table {
    size_t columns;
    struct buf cells; /* each ends in NUL, row after row, the header first */
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

/* Prints and frees. */
QVT_MUST_CHECK qvt_status table_print(struct table *table, FILE *out);

#endif
