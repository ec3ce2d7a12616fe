/* tests/unit/test_history.c: results over time are kept whole, once, whoever else writes; older files come
 * along, others are refused. SQLite itself is asked what the file holds. */
#include "reports/history.h"
#include "reports/run_fields.h"
#include "reports/stats.h"
#include "tests/lib/bench_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *folder, *path;
static struct bench_result *result;

static void set_up(void)
{
    folder = fixture_folder();
    path = fixture_path(folder, "history.db");
    result = bench_fixture(3, false);
    snprintf(result->digest, sizeof result->digest, "%064d", 1);
}

static void tear_down(void)
{
    bench_free(result);
    free(path);
    fixture_remove(folder);
}

TestSuite(history, .init = set_up, .fini = tear_down, .timeout = 120);

static struct history *open_history(void)
{
    struct history *history;
    struct diag diag = {0};
    const struct history_options options = {path, true, HISTORY_PATIENCE_MS};
    cr_assert(eq(int, history_open(&history, &options, &diag), OK), "%s", diag.text);
    return history;
}

static bool add(struct history *history, const char *test, const char *label, int64_t at_s)
{
    const struct history_record record = {result, test, label, at_s};
    struct diag diag = {0};
    bool is_new = false;
    cr_assert(eq(int, history_add(history, &record, &is_new, &diag), OK), "%s", diag.text);
    return is_new;
}

static void add_one(const char *test, const char *label, int64_t at_s)
{
    struct history *history = open_history();
    cr_assert(eq(int, history_lock(history, NULL), OK));
    add(history, test, label, at_s);
    cr_assert(eq(int, history_commit(history, NULL), OK));
    history_close(history);
}

static struct history_list read_all(const char *test, const char *metric)
{
    struct history *history = open_history();
    struct history_list list = {0};
    const struct history_query query = {test, metric};
    cr_assert(eq(int, history_read(history, &query, &list, NULL), OK));
    history_close(history);
    return list;
}

/* Of SQLite, without us; -1: an error. */
static int64_t ask(const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *statement = NULL;
    int64_t answer = -1;
    cr_assert(eq(int, sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK));
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return answer;
}

static void make_database(const char *sql)
{
    sqlite3 *db;
    char *message = NULL;
    cr_assert(eq(int, sqlite3_open(path, &db), SQLITE_OK));
    cr_assert(eq(int, sqlite3_exec(db, sql, NULL, NULL, &message), SQLITE_OK), "%s", message);
    sqlite3_close(db);
}

static void expect_refusal(const struct history_options *options, err error, const char *line)
{
    struct history *history = NULL;
    struct diag diag = {0};
    err e = history_open(&history, options, &diag);
    cr_assert(eq(int, e, error), "%d: %s", e, diag.text);
    cr_assert(history == NULL && strchr(diag.text, '\n') == NULL);
    cr_assert(strstr(diag.text, line) != NULL, "want \"%s\": %s", line, diag.text);
}

Test(history, a_result_comes_back_with_every_metric_of_every_run)
{
    result->seed = UINT64_MAX;
    result->per_run[2].latency[LATENCY_PROOF].quantile_ns[Q99] = NAN;
    add_one("latency", "nightly", 1000);
    for (uint32_t i = 0; i < run_metric_count(); i++) {
        char room[64];
        const char *name = run_metric_name(i, room);
        struct history_list list = read_all(NULL, name);
        double values[3], low = INFINITY, high = -INFINITY;
        cr_assert(eq(u32, list.count, 1));
        for (int run = 0; run < 3; run++) {
            struct run_metric found;
            cr_assert(run_metric_find(&result->per_run[run], name, &found));
            values[run] = found.value;
            low = fmin(low, found.value);
            high = fmax(high, found.value);
        }
        double median = stats_median(values, 3);
        cr_expect(list.entries[0].median == median || (isnan(median) && isnan(list.entries[0].median)), "%s",
                  name);
        cr_expect(list.entries[0].lowest == low && list.entries[0].highest == high, "%s", name);
        history_list_free(&list);
    }
    struct history_list list = read_all("latency", "proof.p99");
    const struct history_entry *entry = &list.entries[0];
    cr_expect(isnan(entry->median));
    cr_expect(eq(u64, entry->seed, UINT64_MAX));
    cr_expect(eq(str, (char *)entry->label, "nightly"));
    cr_expect(eq(str, (char *)entry->version, "2.4.0"));
    cr_expect(eq(str, (char *)entry->commit, "0123456789ab"));
    cr_expect(eq(i64, entry->at_s, 1000));
    cr_expect(eq(i64, entry->duration_ns, result->duration_ns));
    cr_expect(eq(u32, entry->runs, 3));
    history_list_free(&list);
    cr_expect(eq(i64, ask("SELECT count(*) FROM value"), 3 * run_metric_count()));
    cr_expect(eq(i64, ask("SELECT count(*) FROM pragma_foreign_key_check"), 0));
    cr_expect(eq(i64, ask("SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"), 1));
}

Test(history, the_same_file_is_kept_once_and_a_name_is_a_series_of_its_own)
{
    struct history *history = open_history();
    cr_assert(eq(int, history_lock(history, NULL), OK));
    cr_expect(add(history, "a", NULL, 1));
    cr_expect(not(add(history, "a", "again", 2)));
    cr_expect(add(history, "b", NULL, 1));
    result->digest[0] = 'f';
    cr_expect(add(history, "a", NULL, 1));
    cr_assert(eq(int, history_commit(history, NULL), OK));
    history_close(history);
    struct history_list all = read_all(NULL, NULL), one = read_all("b", NULL), none = read_all("c", NULL);
    cr_expect(all.count == 3 && one.count == 1 && none.count == 0);
    cr_expect(eq(str, (char *)all.entries[0].label, ""));
    history_list_free(&all);
    history_list_free(&one);
}

Test(history, entries_are_in_order_of_time_not_of_arrival)
{
    for (int i = 0; i < 4; i++) {
        result->digest[0] = (char)('a' + i);
        add_one("a", NULL, (int64_t[]){30, 10, 20, 10}[i]);
    }
    struct history_list list = read_all("a", NULL);
    cr_expect(list.entries[0].id == 2 && list.entries[1].id == 4 && list.entries[2].id == 3 &&
              list.entries[3].id == 1);
    history_list_free(&list);
}

Test(history, what_was_not_committed_is_gone)
{
    struct history *history = open_history();
    cr_assert(eq(int, history_lock(history, NULL), OK));
    cr_expect(add(history, "a", NULL, 1));
    history_close(history);
    cr_expect(eq(i64, ask("SELECT count(*) FROM result"), 0));
    cr_expect(eq(i64, ask("SELECT count(*) FROM value"), 0));
}

Test(history, a_change_of_load_is_told_from_one_of_settings)
{
    add_one("a", NULL, 1);
    result->digest[0] = 'b';
    result->config.pairs[0].integer++;
    add_one("a", NULL, 2);
    result->digest[0] = 'c';
    result->duration_ns++;
    add_one("a", NULL, 3);
    struct history_list list = read_all("a", NULL);
    const struct history_entry *at = list.entries;
    cr_expect(strcmp(at[0].load, at[1].load) == 0 && strcmp(at[0].settings, at[1].settings) != 0);
    cr_expect(strcmp(at[1].load, at[2].load) != 0 && strcmp(at[1].settings, at[2].settings) == 0);
    history_list_free(&list);
}

Test(history, names_are_data_and_never_commands)
{
    add_one("\x1b[31mx'); DROP TABLE result; --", "\"'", 1);
    struct history_list list = read_all("\x1b[31mx'); DROP TABLE result; --", "throughput'");
    cr_assert(eq(u32, list.count, 1));
    cr_expect(eq(str, (char *)list.entries[0].test, "?[31mx'); DROP TABLE result; --"));
    cr_expect(eq(str, (char *)list.entries[0].label, "\"'"));
    cr_expect(isnan(list.entries[0].median));
    history_list_free(&list);
}

/* As version 1 was, written down here once and for all. */
static const char VERSION_1[] =
    "PRAGMA application_id = 1634166889; PRAGMA user_version = 1;"
    "CREATE TABLE result (id INTEGER PRIMARY KEY, test TEXT NOT NULL, digest TEXT NOT NULL, at INTEGER NOT "
    "NULL,"
    " version TEXT NOT NULL, commit_id TEXT NOT NULL, seed TEXT NOT NULL, runs INTEGER NOT NULL,"
    " duration_ns INTEGER NOT NULL, trajectory_hash TEXT NOT NULL, UNIQUE (test, digest)) STRICT;"
    "CREATE TABLE metric (result INTEGER NOT NULL REFERENCES result (id) ON DELETE CASCADE, name TEXT NOT "
    "NULL,"
    " median REAL, PRIMARY KEY (result, name)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE value (result INTEGER NOT NULL, name TEXT NOT NULL, run INTEGER NOT NULL, value REAL,"
    " PRIMARY KEY (result, name, run), FOREIGN KEY (result, name) REFERENCES metric (result, name)"
    " ON DELETE CASCADE) STRICT, WITHOUT ROWID;"
    "INSERT INTO result VALUES (7, 'old', 'd', 500, '2.3.0', 'c0ffee', '42', 2, 60000000000, "
    "'00000000000000ff');"
    "INSERT INTO metric VALUES (7, 'throughput', 45.5);"
    "INSERT INTO value VALUES (7, 'throughput', 1, 45), (7, 'throughput', 2, 46);";

Test(history, a_file_of_version_1_is_brought_up_to_date_with_its_data)
{
    make_database(VERSION_1);
    add_one("old", "new one", 600);
    struct history_list list = read_all("old", "throughput");
    cr_assert(eq(u32, list.count, 2));
    cr_expect(eq(i64, list.entries[0].id, 7));
    cr_expect(eq(str, (char *)list.entries[0].commit, "c0ffee"));
    cr_expect(list.entries[0].lowest == 45 && list.entries[0].median == 45.5 &&
              list.entries[0].highest == 46);
    cr_expect(eq(str, (char *)list.entries[0].label, ""));
    cr_expect(eq(str, (char *)list.entries[0].load, ""));
    cr_expect(eq(str, (char *)list.entries[1].label, "new one"));
    history_list_free(&list);
    cr_expect(eq(i64, ask("PRAGMA user_version"), HISTORY_VERSION));
}

Test(history, a_file_of_a_newer_tool_is_refused_and_left_alone)
{
    make_database(VERSION_1);
    make_database("PRAGMA user_version = 99");
    const struct history_options options = {path, true, 100};
    expect_refusal(&options, ERR_SYNTAX, "is of version 99, made by a newer agenc");
    cr_expect(eq(i64, ask("PRAGMA user_version"), 99));
}

Test(history, what_is_no_history_is_refused_and_left_alone)
{
    const struct history_options options = {path, true, 100}, reading = {path, false, 100};
    expect_refusal(&reading, ERR_IO, "history add RESULT --db");
    cr_expect(access(path, F_OK) != 0);
    make_database("CREATE TABLE notes (text)");
    expect_refusal(&options, ERR_SYNTAX, "another program's database");
    cr_expect(eq(i64, ask("SELECT count(*) FROM sqlite_schema"), 1));
    cr_assert(eq(int, unlink(path), 0));
    FILE *out = fopen(path, "w");
    for (int i = 0; i < 1000; i++) fputs("{\"schema\": \"agenc.bench/1\"}\n", out);
    fclose(out);
    expect_refusal(&options, ERR_SYNTAX, "no history (no SQLite file)");
    const struct history_options nowhere = {"/nowhere/h.db", true, 100}, nameless = {"", true, 100},
                                 a_folder = {folder, true, 100};
    expect_refusal(&nowhere, ERR_IO, "/nowhere/h.db: cannot be opened");
    expect_refusal(&nameless, ERR_USAGE, "no name");
    expect_refusal(&a_folder, ERR_IO, folder);
}

Test(history, a_damaged_file_is_one_line)
{
    add_one("a", NULL, 1);
    FILE *out = fopen(path, "r+");
    fseek(out, 4096, SEEK_SET);
    for (int i = 0; i < 40000; i++) fputc(0x5a, out);
    fclose(out);
    struct history *history = NULL;
    struct history_list list = {0};
    struct diag diag = {0};
    const struct history_options options = {path, false, 100};
    err e = history_open(&history, &options, &diag);
    if (e == OK) e = history_read(history, &(struct history_query){NULL, "throughput"}, &list, &diag);
    cr_expect(eq(int, e, ERR_SYNTAX), "%s", diag.text);
    cr_expect(strstr(diag.text, "is damaged") != NULL, "%s", diag.text);
    history_close(history);
}

Test(history, a_lock_that_outlasts_patience_is_an_error_in_time)
{
    add_one("a", NULL, 1);
    struct history *holder = open_history(), *other;
    const struct history_options options = {path, true, 150};
    struct diag diag = {0};
    cr_assert(eq(int, history_open(&other, &options, NULL), OK));
    cr_assert(eq(int, history_lock(holder, NULL), OK));
    cr_expect(eq(int, history_lock(other, &diag), ERR_IO));
    cr_expect(strstr(diag.text, "another process holds it, waited 0.15 s") != NULL, "%s", diag.text);
    struct history_list list = read_all("a", NULL); /* readers do not wait */
    cr_expect(eq(u32, list.count, 1));
    history_list_free(&list);
    cr_assert(eq(int, history_commit(holder, NULL), OK));
    cr_expect(eq(int, history_lock(other, NULL), OK));
    history_close(holder);
    history_close(other);
}

Test(history, what_says_nothing_is_not_kept)
{
    struct history *history = open_history();
    struct diag diag = {0};
    const struct history_record record = {result, "a", NULL, 1};
    bool is_new;
    result->interrupted = true;
    cr_assert(eq(int, history_lock(history, NULL), OK));
    cr_expect(eq(int, history_add(history, &record, &is_new, &diag), ERR_RANGE));
    cr_expect(strstr(diag.text, "interrupted") != NULL);
    history_close(history);
}

/* A child's part; no assertion of Criterion works there. */
static int add_fifty(int child)
{
    for (int i = 0; i < 50; i++) {
        struct history *history;
        const struct history_options options = {path, true, 20000};
        const struct history_record record = {result, child ? "right" : "left", NULL, i};
        bool is_new = false;
        snprintf(result->digest, sizeof result->digest, "%064d", i);
        err e = history_open(&history, &options, NULL);
        if (e != OK) return 1;
        e = history_lock(history, NULL);
        if (e == OK) e = history_add(history, &record, &is_new, NULL);
        if (e == OK) e = history_commit(history, NULL);
        history_close(history);
        if (e != OK || !is_new) return 2;
    }
    return 0;
}

static void run_children(int count, int (*part)(int child))
{
    pid_t children[8];
    for (int i = 0; i < count; i++) {
        children[i] = fork();
        cr_assert(children[i] >= 0);
        if (children[i] == 0) _exit(part(i));
    }
    for (int i = 0; i < count; i++) {
        int status;
        cr_assert(eq(int, waitpid(children[i], &status, 0), children[i]));
        cr_expect(eq(int, status, 0));
    }
}

static int open_once(int child)
{
    struct history *history;
    const struct history_options options = {path, true, 20000};
    (void)child;
    if (history_open(&history, &options, NULL) != OK) return 1;
    history_close(history);
    return 0;
}

Test(history, a_new_file_that_several_open_at_once_is_made_once)
{
    for (int i = 0; i < 100; i++) {
        run_children(8, open_once);
        cr_assert(eq(i64, ask("PRAGMA user_version"), HISTORY_VERSION));
        cr_assert(eq(int, unlink(path), 0));
    }
}

Test(history, two_processes_that_add_at_once_lose_nothing)
{
    run_children(2, add_fifty);
    cr_expect(eq(i64, ask("SELECT count(*) FROM result WHERE test = 'left'"), 50));
    cr_expect(eq(i64, ask("SELECT count(*) FROM result WHERE test = 'right'"), 50));
    cr_expect(eq(i64, ask("SELECT count(*) FROM value"), 300 * run_metric_count()));
    cr_expect(eq(i64, ask("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1));
}
