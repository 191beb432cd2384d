/* The database file of the sqlite store: opened, locked for life, and checked to be ours. Private to this folder. Blocks;
 * one thread at a time. */
#ifndef QVT_SERVER_STORE_SQLITE_FILE_H
#define QVT_SERVER_STORE_SQLITE_FILE_H

#include <stdbool.h>

#include <sqlite3.h>

#include "qvt/error.h"
#include "qvt/status.h"

/* X(name, SQL): what is prepared once and used for ever. */
#define SQLITE_STATEMENTS(X)                                                                                           \
    X(BEGIN, "BEGIN IMMEDIATE")                                                                                        \
    X(COMMIT, "COMMIT")                                                                                                \
    X(ROLLBACK, "ROLLBACK")                                                                                            \
    X(LIST, "SELECT name FROM clusters ORDER BY name")                                                                 \
    X(HEAD, "SELECT id, store_id, revision, token FROM clusters WHERE name = ?")                                       \
    X(CREATE, "INSERT INTO clusters (name, store_id, revision, token) VALUES (?, ?, ?, ?)")                            \
    X(ADVANCE, "UPDATE clusters SET store_id = ?, revision = ?, token = ? WHERE id = ?")                               \
    X(ADD_CHANGE, "INSERT INTO changes (cluster, revision, encoded) VALUES (?, ?, ?)")                                 \
    X(DROP_CHANGES, "DELETE FROM changes WHERE cluster = ? AND revision < ?")                                          \
    X(CHANGES, "SELECT revision, encoded FROM changes WHERE cluster = ? AND revision > ? ORDER BY revision")           \
    X(PUT, "REPLACE INTO records (cluster, kind, key, field, revision, time_us, value) VALUES (?, ?, ?, ?, ?, ?, ?)")  \
    X(DELETE, "DELETE FROM records WHERE cluster = ? AND kind = ? AND key = ?")                                        \
    X(RECORDS, "SELECT kind, key, field, revision, time_us, value FROM records WHERE cluster = ?")

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

bool sqlite_file_wants_checkpoint(const struct sqlite_file *file);

/* Moves the write-ahead log into the file. When that fails nothing is lost: it is due again after more pages. */
void sqlite_file_checkpoint(struct sqlite_file *file);

/* Ends the process if the result says that fsync failed: what the disk holds is then unknown, and a second fsync would
 * claim success. Every result of a write goes through here; returns it. */
int sqlite_file_check(const struct sqlite_file *file, int result);

/* Describes a failed result: NO_MEMORY; RESOURCE_EXHAUSTED: the disk is full; DATA_LOSS: damaged; UNAVAILABLE. */
qvt_status sqlite_file_error(const struct sqlite_file *file, int result, qvt_error *error);

#endif
