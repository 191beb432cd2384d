#include "server/store/sqlite_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int sqlite_file_check(const struct sqlite_file *file, int result)
{
    if (result == SQLITE_IOERR_FSYNC || result == SQLITE_IOERR_DIR_FSYNC) {
        (void)fprintf(stderr, "%s: fsync failed (%s): what the disk holds is unknown, stopping\n", file->path,
                      strerror(sqlite3_system_errno(file->db)));
        _exit(EXIT_FAILURE);
    }
    return result;
}

qvt_status sqlite_file_describe(const struct sqlite_file *file, int result, qvt_error *error)
{
    switch (result & 0xff) {
    case SQLITE_NOMEM: return qvt_error_set(error, QVT_NO_MEMORY, NULL, "the store is out of memory");
    case SQLITE_FULL: return qvt_error_set(error, QVT_RESOURCE_EXHAUSTED, NULL, "the disk of %s is full", file->path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return qvt_error_set(error, QVT_DATA_LOSS, NULL, "%s is damaged", file->path);
    default: break;
    }
    /* A failed COMMIT leaves the fault of its system call in errno alone. */
    int fault = sqlite3_system_errno(file->db) != 0 ? sqlite3_system_errno(file->db) : errno;
    if (result == SQLITE_IOERR_WRITE && (fault == EFBIG || fault == EDQUOT)) {
        return qvt_error_set(error, QVT_RESOURCE_EXHAUSTED, NULL, "%s may not grow: %s", file->path, strerror(fault));
    }
    return qvt_error_set(error, QVT_UNAVAILABLE, NULL, "%s: %s%s%s", file->path, sqlite3_errstr(result),
                         fault == 0 ? "" : ": ", fault == 0 ? "" : strerror(fault));
}

void sqlite_file_release(struct sqlite_file *file)
{
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        (void)sqlite3_finalize(file->statements[i]);
    }
    (void)sqlite3_close(file->db);
    free(file->path);
    *file = (struct sqlite_file){.db = NULL};
}

void sqlite_file_close(struct sqlite_file *file)
{
    sqlite_file_checkpoint(file);
    sqlite_file_release(file);
}

bool sqlite_file_wants_checkpoint(const struct sqlite_file *file)
{
    return file->log_pages >= file->checkpoint_at;
}

void sqlite_file_checkpoint(struct sqlite_file *file)
{
    int result = sqlite3_wal_checkpoint_v2(file->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (sqlite_file_check(file, result) == SQLITE_OK) {
        file->log_pages = 0;
        file->checkpoint_at = SQLITE_CHECKPOINT_PAGES;
    } else {
        file->checkpoint_at = file->log_pages + SQLITE_CHECKPOINT_PAGES / 4;
    }
}

sqlite3_stmt *sqlite_file_statement(const struct sqlite_file *file, enum sqlite_statement which)
{
    (void)sqlite3_reset(file->statements[which]);
    (void)sqlite3_clear_bindings(file->statements[which]);
    return file->statements[which];
}

void sqlite_file_bind(sqlite3_stmt *statement, int parameter, qvt_slice bytes)
{
    /* A failure leaves NULL bound, which no column accepts. */
    const void *data = bytes.len == 0 ? (const void *)"" : bytes.data;
    (void)sqlite3_bind_blob64(statement, parameter, data, bytes.len, SQLITE_STATIC);
}

qvt_slice sqlite_file_column(sqlite3_stmt *statement, int column)
{
    const void *bytes = sqlite3_column_blob(statement, column);
    return qvt_slice_make(bytes, bytes == NULL ? 0 : (size_t)sqlite3_column_bytes(statement, column));
}

bool sqlite_file_next(const struct sqlite_file *file, sqlite3_stmt *statement, qvt_status *status, qvt_error *error)
{
    errno = 0;
    int result = sqlite_file_check(file, sqlite3_step(statement));
    if (result == SQLITE_ROW) {
        return true;
    }
    if (result != SQLITE_DONE) {
        *status = sqlite_file_describe(file, result, error);
    }
    (void)sqlite3_reset(statement);
    return false;
}

qvt_status sqlite_file_run(const struct sqlite_file *file, sqlite3_stmt *statement, qvt_error *error)
{
    qvt_status status = QVT_OK;
    while (sqlite_file_next(file, statement, &status, error)) {}
    return status;
}

void sqlite_file_rollback(const struct sqlite_file *file)
{
    if (sqlite3_get_autocommit(file->db) == 0) {
        sqlite3_stmt *statement = sqlite_file_statement(file, STATEMENT_ROLLBACK);
        (void)sqlite_file_check(file, sqlite3_step(statement));
        (void)sqlite3_reset(statement);
    }
}
