/* The database file of the sqlite store: opened, locked for life, and checked to be ours. Private to this folder. Blocks;
 * one thread at a time. */
#ifndef QVT_SERVER_STORE_SQLITE_FILE_H
#define QVT_SERVER_STORE_SQLITE_FILE_H

#include <stdbool.h>

#include <sqlite3.h>

#include "qvt/error.h"
#include "qvt/slice.h"

#define SQLITE_CHECKPOINT_PAGES 4000

/* X(name, SQL): what is prepared once and used for ever. */
#define SQLITE_STATEMENTS(X)                                                                                           \
    X(BEGIN, "BEGIN IMMEDIATE")                                                                                        \
    X(COMMIT, "COMMIT")                                                                                                \
    X(ROLLBACK, "ROLLBACK")                                                                                            \
    X(LIST_CLUSTERS, "SELECT name FROM logs WHERE kind = 0 ORDER BY name")                                             \
    X(FIND_LOG, "SELECT id, store_id, revision, token, base, kept_from FROM logs WHERE name = ? AND kind = ?")         \
    X(ADD_LOG, "INSERT INTO logs (store_id, revision, token, kept_from, name, base, kind)"                             \
               " VALUES (?, ?, ?, ?, ?, ?, ?)")                                                                        \
    X(MOVE_HEAD, "UPDATE logs SET store_id = ?, revision = ?, token = ?, kept_from = ? WHERE id = ?")                  \
    X(PUT_APPEND, "INSERT INTO appends (id, changes) VALUES (?, ?)")                                                   \
    X(TRIM_APPENDS, "DELETE FROM appends WHERE id > ?1 AND id <"                                                       \
                    " (SELECT max(id) FROM appends WHERE id > ?1 AND id <= ?2)")                                       \
    X(LOAD_APPENDS, "SELECT changes FROM appends WHERE id > ? AND id <= ? ORDER BY id")                                \
    X(PUT_RECORD, "REPLACE INTO records (log, kind, key, field, revision, time_us, value)"                             \
                  " VALUES (?, ?, ?, ?, ?, ?, ?)")                                                                     \
    X(DELETE_RECORD, "DELETE FROM records WHERE log = ? AND kind = ? AND key = ?")                                     \
    X(LOAD_RECORDS, "SELECT kind, key, field, revision, time_us, value FROM records WHERE log = ?")

enum sqlite_statement {
#define SQLITE_STATEMENT_NAME(name, sql) STATEMENT_##name,
    SQLITE_STATEMENTS(SQLITE_STATEMENT_NAME)
#undef SQLITE_STATEMENT_NAME
        STATEMENT_COUNT
};

struct sqlite_file {
    sqlite3 *db;
    char *path;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    int log_pages;     /* in the write-ahead log since the last checkpoint */
    int checkpoint_at; /* so many make the next one due */
};

/* As store_sqlite_new says. A file that is refused stays as it was. */
QVT_MUST_CHECK qvt_status sqlite_file_open(struct sqlite_file *file, const char *path, qvt_error *error);

/* Moves the write-ahead log into the file, as far as the disk allows, and closes it. */
void sqlite_file_close(struct sqlite_file *file);

/* Closes without that. */
void sqlite_file_release(struct sqlite_file *file);

bool sqlite_file_wants_checkpoint(const struct sqlite_file *file);

/* Moves the write-ahead log into the file. When that fails nothing is lost: it is due again after more pages. */
void sqlite_file_checkpoint(struct sqlite_file *file);

/* Ends the process if the result says that fsync failed: what the disk holds is then unknown, and a second fsync would
 * claim success. Every result of a write goes through here; returns it. */
int sqlite_file_check(const struct sqlite_file *file, int result);

/* What a failed result means: NO_MEMORY; RESOURCE_EXHAUSTED: the disk is full; DATA_LOSS: damaged; UNAVAILABLE. */
qvt_status sqlite_file_describe(const struct sqlite_file *file, int result, qvt_error *error);

/* The statement, reset and without bindings. */
sqlite3_stmt *sqlite_file_statement(const struct sqlite_file *file, enum sqlite_statement which);

/* Binds the next bytes; borrowed until the statement is used up. The empty slice is the empty blob, not NULL. */
void sqlite_file_bind(sqlite3_stmt *statement, int parameter, qvt_slice bytes);

/* Borrowed until the next step. */
qvt_slice sqlite_file_column(sqlite3_stmt *statement, int column);

/* Steps; true: there is a row. false: none further, or *status and *error say what failed; reset already. */
bool sqlite_file_next(const struct sqlite_file *file, sqlite3_stmt *statement, qvt_status *status, qvt_error *error);

/* Steps to the end and resets; statuses of sqlite_file_describe. */
QVT_MUST_CHECK qvt_status sqlite_file_run(const struct sqlite_file *file, sqlite3_stmt *statement, qvt_error *error);

/* Gives up the transaction if one is open. */
void sqlite_file_rollback(const struct sqlite_file *file);

#endif
