/* reports/history.c: the form of the file, how older ones become it, and rows in and out. */
#include "reports/history.h"
#include "base/assert.h"
#include "reports/run_fields.h"
#include "reports/stats.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define APPLICATION_ID 1634166889 /* "aghi": told apart from other programs' files */

/* Each step makes the next version; what has been published is never changed, only added to. */
static const char *const STEPS[] = {
    "PRAGMA application_id = 1634166889;"
    "CREATE TABLE result ("
    " id INTEGER PRIMARY KEY, test TEXT NOT NULL, digest TEXT NOT NULL, at INTEGER NOT NULL,"
    " version TEXT NOT NULL, commit_id TEXT NOT NULL, seed TEXT NOT NULL, runs INTEGER NOT NULL,"
    " duration_ns INTEGER NOT NULL, trajectory_hash TEXT NOT NULL, UNIQUE (test, digest)) STRICT;"
    "CREATE TABLE metric ("
    " result INTEGER NOT NULL REFERENCES result (id) ON DELETE CASCADE, name TEXT NOT NULL, median REAL,"
    " PRIMARY KEY (result, name)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE value ("
    " result INTEGER NOT NULL, name TEXT NOT NULL, run INTEGER NOT NULL, value REAL,"
    " PRIMARY KEY (result, name, run),"
    " FOREIGN KEY (result, name) REFERENCES metric (result, name) ON DELETE CASCADE) STRICT, WITHOUT ROWID;"
    "PRAGMA user_version = 1;",
    /* Labels, and what tells a change of the code from one of load or settings. */
    "ALTER TABLE result ADD COLUMN label TEXT;"
    "ALTER TABLE result ADD COLUMN load TEXT;"
    "ALTER TABLE result ADD COLUMN settings TEXT;"
    "CREATE INDEX result_by_time ON result (test, at, id);"
    "PRAGMA user_version = 2;",
};
_Static_assert(sizeof STEPS / sizeof *STEPS == HISTORY_VERSION, "a step a version");

enum { CREATE_WAIT_MS = 10, STATEMENTS = 3 };

struct history {
    sqlite3 *db;
    struct history_options options;
    bool is_read_only;
    char *path;
    sqlite3_stmt *inserts[STATEMENTS];
};

/* Why nothing can be written beside `path`: 0 when it can. */
static int folder_refuses(const char *path)
{
    char *copy = strdup(path);
    int cause = !copy ? ENOMEM : access(dirname(copy), W_OK | X_OK) == 0 ? 0 : errno;
    free(copy);
    return cause;
}

static err fail(const struct history *history, int code, struct diag *diag)
{
    const char *path = history->options.path;
    int folder = folder_refuses(path), system = folder ? folder : sqlite3_system_errno(history->db);
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return diag_fail(diag, ERR_IO, "%.256s: another process holds it, waited %g s; try again later", path,
                         history->options.patience_ms / 1e3);
    case SQLITE_NOTADB: return diag_fail(diag, ERR_SYNTAX, "%.256s: is no history (no SQLite file)", path);
    case SQLITE_CORRUPT:
        return diag_fail(diag, ERR_SYNTAX,
                         "%.256s: is damaged (%s); take a copy, or add the results to a new one", path,
                         sqlite3_errmsg(history->db));
    case SQLITE_NOMEM: return diag_fail(diag, ERR_NOMEM, "%.256s: out of memory", path);
    case SQLITE_READONLY:
        return diag_fail(diag, ERR_IO, "%.256s: want a file and a folder that you may write to: %s", path,
                         strerror(folder ? folder : EACCES));
    case SQLITE_CANTOPEN:
        return diag_fail(diag, ERR_IO, "%.256s: cannot be opened: %s", path,
                         system ? strerror(system) : "want a file in a folder that exists");
    default: return diag_fail(diag, ERR_IO, "%.256s: %s", path, sqlite3_errmsg(history->db));
    }
}

static err run_sql(struct history *history, const char *sql, struct diag *diag)
{
    int code = sqlite3_exec(history->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? OK : fail(history, code, diag);
}

static err read_integer(struct history *history, const char *sql, int64_t *out, struct diag *diag)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(history->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) code = sqlite3_step(statement);
    if (code == SQLITE_ROW) *out = sqlite3_column_int64(statement, 0);
    err e = code == SQLITE_ROW ? OK : fail(history, code, diag);
    sqlite3_finalize(statement);
    return e;
}

/* A file without anything in it is version 0. */
static err read_version(struct history *history, int64_t *out, struct diag *diag)
{
    int64_t application = 0, tables = 0;
    TRY(read_integer(history, "PRAGMA user_version", out, diag));
    TRY(read_integer(history, "PRAGMA application_id", &application, diag));
    TRY(read_integer(history, "SELECT count(*) FROM sqlite_schema", &tables, diag));
    const char *path = history->options.path;
    if (application != APPLICATION_ID && (application != 0 || *out != 0 || tables != 0))
        return diag_fail(diag, ERR_SYNTAX, "%.256s: is no history, but another program's database", path);
    if (*out >= 0 && *out <= HISTORY_VERSION) return OK;
    return diag_fail(diag, ERR_SYNTAX,
                     "%.256s: is of version %" PRId64
                     ", made by a newer agenc; this one knows versions up to %d",
                     path, *out, HISTORY_VERSION);
}

/* While two processes turn the same new file into one with a log, SQLite does not wait but fails. */
static err keep_log(struct history *history, struct diag *diag)
{
    for (uint32_t waited_ms = 0;; waited_ms += CREATE_WAIT_MS) {
        int code = sqlite3_exec(history->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
        if (code == SQLITE_OK) return OK;
        if (code != SQLITE_BUSY || waited_ms >= history->options.patience_ms)
            return fail(history, code, diag);
        usleep(CREATE_WAIT_MS * 1000);
    }
}

static err take_steps(struct history *history, struct diag *diag)
{
    int64_t version;
    TRY(history_lock(history, diag));
    TRY(read_version(history, &version, diag)); /* another process may have been here first */
    for (; version < HISTORY_VERSION; version++) TRY(run_sql(history, STEPS[version], diag));
    return history_commit(history, diag);
}

static err bring_up_to_date(struct history *history, struct diag *diag)
{
    int64_t version;
    TRY(run_sql(history, "BEGIN", diag)); /* what is read belongs together */
    TRY(read_version(history, &version, diag));
    TRY(history_commit(history, diag));
    if (version == HISTORY_VERSION) return OK;
    if (history->is_read_only)
        return diag_fail(diag, ERR_IO,
                         "%.256s: is of version %" PRId64
                         " and must be brought up to date, but cannot be written to; read a copy of it",
                         history->options.path, version);
    TRY(keep_log(history, diag));
    return take_steps(history, diag);
}

/* A name that SQLite takes for a file whatever is in it: ":memory:", "a?b" and "100%" are files here. */
static char *uri_of(const char *path, const char *query)
{
    size_t size_bytes = 3 * strlen(path) + strlen(query) + 16, used = 0;
    char *uri = malloc(size_bytes);
    if (!uri) return NULL;
    used += (size_t)snprintf(uri, size_bytes, "file:%s", *path == '/' ? "" : "./");
    for (; *path; path++) {
        bool is_plain = isalnum((unsigned char)*path) || strchr("/._-", *path);
        used +=
            (size_t)snprintf(uri + used, size_bytes - used, is_plain ? "%c" : "%%%02X", (unsigned char)*path);
    }
    snprintf(uri + used, size_bytes - used, "%s", query);
    return uri;
}

/* Nobody who may not write can keep the log of a reader either. Without a log beside it the file is whole and
 * is read as it stands; with one, the writer whose it is keeps it readable. */
static int open_file(struct history *history)
{
    const struct history_options *options = &history->options;
    char log[4096];
    snprintf(log, sizeof log, "%s-wal", options->path);
    history->is_read_only =
        !options->may_create && (access(options->path, W_OK) != 0 || folder_refuses(options->path));
    bool is_still = history->is_read_only && access(log, F_OK) != 0;
    history->path = uri_of(options->path, is_still ? "?immutable=1" : "");
    if (!history->path) return SQLITE_NOMEM;
    int flags = history->is_read_only
                    ? SQLITE_OPEN_READONLY
                    : SQLITE_OPEN_READWRITE | (options->may_create ? SQLITE_OPEN_CREATE : 0);
    return sqlite3_open_v2(history->path, &history->db, flags | SQLITE_OPEN_URI, NULL);
}

static err connect(struct history *history, struct diag *diag)
{
    const struct history_options *options = &history->options;
    if (!*options->path) return diag_fail(diag, ERR_USAGE, "the history has no name, want a file");
    if (!options->may_create && access(options->path, F_OK) != 0)
        return diag_fail(diag, ERR_IO,
                         "%.256s: %s, `agenc benchmark history add RESULT --db %.64s` makes one",
                         options->path, strerror(errno), options->path);
    int code = open_file(history);
    if (code != SQLITE_OK) return fail(history, code, diag);
    sqlite3_busy_timeout(history->db, (int)options->patience_ms);
    TRY(run_sql(history, "PRAGMA foreign_keys = ON", diag));
    return bring_up_to_date(history, diag);
}

err history_open(struct history **out, const struct history_options *options, struct diag *diag)
{
    struct history *history = calloc(1, sizeof *history);
    if (!history) return diag_fail(diag, ERR_NOMEM, "out of memory for the history");
    history->options = *options;
    err e = connect(history, diag);
    if (e == OK)
        *out = history;
    else
        history_close(history);
    return e;
}

void history_close(struct history *history)
{
    if (!history) return;
    for (int i = 0; i < STATEMENTS; i++) sqlite3_finalize(history->inserts[i]);
    sqlite3_close(history->db);
    free(history->path);
    free(history);
}

err history_lock(struct history *history, struct diag *diag)
{
    return run_sql(history, "BEGIN IMMEDIATE", diag);
}

err history_commit(struct history *history, struct diag *diag)
{
    return run_sql(history, "COMMIT", diag);
}

static const char *const INSERTS[STATEMENTS] = {
    "INSERT INTO result (test, digest, at, version, commit_id, seed, runs, duration_ns, trajectory_hash,"
    " label, load, settings) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
    " ON CONFLICT (test, digest) DO NOTHING",
    "INSERT INTO metric (result, name, median) VALUES (?1, ?2, ?3)",
    "INSERT INTO value (result, name, run, value) VALUES (?1, ?2, ?3, ?4)",
};

static void bind_text(sqlite3_stmt *statement, int place, const char *text)
{
    if (text)
        sqlite3_bind_text(statement, place, text, -1, SQLITE_TRANSIENT);
    else
        sqlite3_bind_null(statement, place);
}

/* The statement at its start, without the values of the last time. */
static err ready(struct history *history, int which, sqlite3_stmt **out, struct diag *diag)
{
    sqlite3_stmt **statement = &history->inserts[which];
    if (!*statement) {
        int code =
            sqlite3_prepare_v3(history->db, INSERTS[which], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
        if (code != SQLITE_OK) return fail(history, code, diag);
    }
    sqlite3_reset(*statement);
    sqlite3_clear_bindings(*statement);
    *out = *statement;
    return OK;
}

static err insert(struct history *history, sqlite3_stmt *statement, struct diag *diag)
{
    int code = sqlite3_step(statement);
    return code == SQLITE_DONE ? OK : fail(history, code, diag);
}

static err insert_result(struct history *history, const struct history_record *record, struct diag *diag)
{
    const struct bench_result *result = record->result;
    sqlite3_stmt *statement;
    char text[SHA256_HEX_BYTES];
    TRY(ready(history, 0, &statement, diag));
    bind_text(statement, 1, record->test);
    bind_text(statement, 2, result->digest);
    sqlite3_bind_int64(statement, 3, record->at_s);
    bind_text(statement, 4, result->version);
    bind_text(statement, 5, result->commit);
    snprintf(text, sizeof text, "%" PRIu64, result->seed); /* all 64 bits, which SQLite's integers have not */
    bind_text(statement, 6, text);
    sqlite3_bind_int64(statement, 7, result->runs);
    sqlite3_bind_int64(statement, 8, result->duration_ns);
    snprintf(text, sizeof text, "%016" PRIx64, result->trajectory_hash);
    bind_text(statement, 9, text);
    bind_text(statement, 10, record->label);
    bench_load_digest(result, text);
    bind_text(statement, 11, text);
    bench_settings_digest(result, text);
    bind_text(statement, 12, text);
    return insert(history, statement, diag);
}

static err insert_metric(struct history *history, int64_t id, const struct bench_result *result,
                         uint32_t metric, struct diag *diag)
{
    sqlite3_stmt *statement;
    char room[64];
    const char *name = run_metric_name(metric, room);
    double values[LIMIT_RUNS];
    for (uint32_t run = 0; run < result->runs; run++) {
        struct run_metric found;
        ASSERT(run_metric_find(&result->per_run[run], name, &found));
        values[run] = found.value;
    }
    TRY(ready(history, 1, &statement, diag));
    sqlite3_bind_int64(statement, 1, id);
    bind_text(statement, 2, name);
    sqlite3_bind_double(statement, 3, stats_median(values, result->runs)); /* NAN becomes NULL */
    TRY(insert(history, statement, diag));
    for (uint32_t run = 0; run < result->runs; run++) {
        TRY(ready(history, 2, &statement, diag));
        sqlite3_bind_int64(statement, 1, id);
        bind_text(statement, 2, name);
        sqlite3_bind_int64(statement, 3, run + 1);
        sqlite3_bind_double(statement, 4, values[run]);
        TRY(insert(history, statement, diag));
    }
    return OK;
}

err history_check_label(const char *label, struct diag *diag)
{
    if (!label) return OK;
    for (const char *at = label; *at; at++)
        if (iscntrl((unsigned char)*at))
            return diag_fail(diag, ERR_SYNTAX, "label \"%.64s\": want one line without control characters",
                             label);
    if (strlen(label) < LIMIT_NAME) return OK;
    return diag_fail(diag, ERR_LIMIT, "label \"%.64s...\" has %zu bytes, want at most %d", label,
                     strlen(label), LIMIT_NAME - 1);
}

/* A point of a trend must be comparable with the others. */
static err check_record(const struct history_record *record, struct diag *diag)
{
    if (strlen(record->test) >= HISTORY_TEST_BYTES)
        return diag_fail(diag, ERR_LIMIT, "%.64s...: the name of the test has more than %d bytes",
                         record->test, HISTORY_TEST_BYTES - 1);
    TRY(history_check_label(record->label, diag));
    if (record->result->interrupted)
        return diag_fail(diag, ERR_RANGE, "%s: its runs were interrupted, measure them again", record->test);
    if (bench_is_empty(record->result))
        return diag_fail(diag, ERR_RANGE, "%s: nothing was measured, run it longer", record->test);
    return OK;
}

err history_add(struct history *history, const struct history_record *record, bool *is_new, struct diag *diag)
{
    ASSERT(*record->result->digest);
    TRY(check_record(record, diag));
    TRY(insert_result(history, record, diag));
    *is_new = sqlite3_changes(history->db) > 0;
    if (!*is_new) return OK;
    int64_t id = sqlite3_last_insert_rowid(history->db);
    for (uint32_t i = 0; i < run_metric_count(); i++)
        TRY(insert_metric(history, id, record->result, i, diag));
    return OK;
}

static const char SELECT[] =
    "SELECT r.id, r.at, r.duration_ns, r.runs, r.seed, r.test, r.label, r.version, r.commit_id,"
    " r.trajectory_hash, r.load, r.settings, m.median,"
    " (SELECT min(value) FROM value v WHERE v.result = r.id AND v.name = ?2),"
    " (SELECT max(value) FROM value v WHERE v.result = r.id AND v.name = ?2)"
    " FROM result r LEFT JOIN metric m ON m.result = r.id AND m.name = ?2"
    " WHERE ?1 IS NULL OR r.test = ?1 ORDER BY r.test, r.at, r.id";

static void copy_text(sqlite3_stmt *row, int column, char *out, size_t size_bytes)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    snprintf(out, size_bytes, "%s", text ? text : "");
    err_make_one_line(out);
}

static double number_of(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? NAN : sqlite3_column_double(row, column);
}

static void copy_row(sqlite3_stmt *row, struct history_entry *out)
{
    char seed[32];
    copy_text(row, 4, seed, sizeof seed);
    *out = (struct history_entry){.id = sqlite3_column_int64(row, 0),
                                  .at_s = sqlite3_column_int64(row, 1),
                                  .duration_ns = sqlite3_column_int64(row, 2),
                                  .runs = (uint32_t)sqlite3_column_int64(row, 3),
                                  .seed = strtoull(seed, NULL, 10),
                                  .median = number_of(row, 12),
                                  .lowest = number_of(row, 13),
                                  .highest = number_of(row, 14)};
    copy_text(row, 5, out->test, sizeof out->test);
    copy_text(row, 6, out->label, sizeof out->label);
    copy_text(row, 7, out->version, sizeof out->version);
    copy_text(row, 8, out->commit, sizeof out->commit);
    copy_text(row, 9, out->trajectory_hash, sizeof out->trajectory_hash);
    copy_text(row, 10, out->load, sizeof out->load);
    copy_text(row, 11, out->settings, sizeof out->settings);
}

static err read_rows(struct history *history, sqlite3_stmt *statement, struct history_list *list,
                     struct diag *diag)
{
    uint32_t room = 0;
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (list->count == room) {
            room = room ? 2 * room : 64;
            struct history_entry *grown = realloc(list->entries, room * sizeof *grown);
            if (!grown) return diag_fail(diag, ERR_NOMEM, "out of memory for %" PRIu32 " results", room);
            list->entries = grown;
        }
        copy_row(statement, &list->entries[list->count++]);
    }
    return code == SQLITE_DONE ? OK : fail(history, code, diag);
}

err history_read(struct history *history, const struct history_query *query, struct history_list *out,
                 struct diag *diag)
{
    struct history_list list = {0};
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(history->db, SELECT, -1, &statement, NULL);
    if (code != SQLITE_OK) return fail(history, code, diag);
    bind_text(statement, 1, query->test);
    bind_text(statement, 2, query->metric);
    err e = read_rows(history, statement, &list, diag);
    sqlite3_finalize(statement);
    if (e == OK)
        *out = list;
    else
        history_list_free(&list);
    return e;
}

void history_list_free(struct history_list *list)
{
    free(list->entries);
    *list = (struct history_list){0};
}
