/* cli/fill.c: names and where their values come from. */
#include "cli/fill.h"
#include "cli/live_config.h"
#include "cli/scrape.h"
#include "cli/view.h"
#include "base/file.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NAME_BYTES = 48, CONDITIONS_MOST = 16, LIST_MOST = 10, TEMPLATE_BYTES_MOST = 1 << 20 };

/* What is asked once, when a name first needs it. */
enum source {
    FROM_STATUS,
    FROM_METRICS,
    FROM_ROLLBACKS,
    FROM_CHAIN,
    FROM_STAKE,
    FROM_SLASHES,
    FROM_STUCK,
    FROM_CONFIG,
    SOURCES
};
static const struct {
    const char *path;
    bool is_text;
} ASKED[SOURCES] = {{"/admin/status", false},
                    {"/metrics", true},
                    {"/admin/rollback-stats", false},
                    {"/admin/chain-status", false},
                    {"/admin/stake/status?limit=1", false},
                    {"/admin/slashes?since=24h", false},
                    {"/admin/blocked-operations?older_than=1m&limit=10", false},
                    {"/admin/config", false}};

struct filling {
    struct args *args;
    struct client_reply replies[SOURCES];
    bool is_asked[SOURCES];
    const char *path;
    int line;
};

static err ask(struct filling *filling, enum source source, struct diag *diag)
{
    if (filling->is_asked[source]) return OK;
    const struct client_request request = {.path = ASKED[source].path, .is_text = ASKED[source].is_text};
    TRY(client_ask(filling->args, &request, &filling->replies[source], diag));
    filling->is_asked[source] = true;
    return OK;
}

/* ---- values that are one cell ---- */

static const struct cell_name {
    const char *name;
    enum source source;
    struct column column;
} CELLS[] = {
    {"version", FROM_STATUS, {"", "version", CELL_TEXT}},
    {"status", FROM_STATUS, {"", "status", CELL_TEXT}},
    {"uptime", FROM_STATUS, {"", "uptime_seconds", CELL_SECONDS}},
    {"enabled", FROM_STATUS, {"", "speculation.enabled", CELL_BOOL}},
    {"mode", FROM_STATUS, {"", "speculation.mode", CELL_TEXT}},
    {"max_depth", FROM_STATUS, {"", "speculation.max_depth", CELL_NUMBER}},
    {"rollout", FROM_STATUS, {"", "speculation.rollout_percentage", CELL_NUMBER}},
    {"active_tasks", FROM_STATUS, {"", "speculation.active_tasks", CELL_NUMBER}},
    {"pending_operations", FROM_STATUS, {"", "speculation.pending_operations", CELL_NUMBER}},
    {"pending_rollbacks", FROM_STATUS, {"", "speculation.pending_rollbacks", CELL_NUMBER}},
    {"breaker", FROM_STATUS, {"", "speculation.breaker", CELL_TEXT}},
    {"breaker_reason", FROM_STATUS, {"", "speculation.auto_disabled.reason", CELL_TEXT}},
    {"breaker_since", FROM_STATUS, {"", "speculation.auto_disabled.at", CELL_TEXT}},
    {"health_score", FROM_STATUS, {"", "speculation.health_score", CELL_NUMBER}},
    {"memory", FROM_STATUS, {"", "memory.total_bytes", CELL_BYTES}},
    {"memory_percent", FROM_STATUS, {"", "memory.usage_percent", CELL_NUMBER}},
    {"proof_queue", FROM_STATUS, {"", "workers.queue_depth", CELL_NUMBER}},
    {"proof_queue_capacity", FROM_STATUS, {"", "workers.queue_capacity", CELL_NUMBER}},
    {"workers_busy", FROM_STATUS, {"", "workers.active", CELL_NUMBER}},
    {"workers", FROM_STATUS, {"", "workers.total", CELL_NUMBER}},
    {"rollbacks_1h", FROM_ROLLBACKS, {"", "total_rollbacks_1h", CELL_NUMBER}},
    {"rollback_rate", FROM_ROLLBACKS, {"", "rollback_rate", CELL_PERCENT}},
    {"largest_rollback", FROM_ROLLBACKS, {"", "max_size", CELL_NUMBER}},
    {"chain", FROM_CHAIN, {"", "name", CELL_TEXT}},
    {"chain_connection", FROM_CHAIN, {"", "connection_status", CELL_TEXT}},
    {"chain_lag", FROM_CHAIN, {"", "lag_slots", CELL_NUMBER}},
    {"reorgs_1h", FROM_CHAIN, {"", "reorgs_1h", CELL_NUMBER}},
    {"stake_locked", FROM_STAKE, {"", "totals.locked", CELL_SOL}},
    {"stake_available", FROM_STAKE, {"", "totals.available", CELL_SOL}},
    {"stake_slashed", FROM_STAKE, {"", "totals.slashed_total", CELL_SOL}},
};

/* ---- figures of the exposition ---- */

static const struct metric_name {
    const char *name, *metric, *format;
} METRICS[] = {
    {"tasks_total", "speculation_tasks_total", "%.0f"},
    {"p99_latency_ms", "speculation_p99_latency_ms", "%.1f"},
    {"confirmation_p99", "speculation_confirmation_latency_p99", "%.2f s"},
    {"rollback_share", "speculation_rollback_rate", "%.4f"},
};

/* ---- lists ---- */

static err list_alerts(struct filling *filling, struct diag *diag)
{
    struct condition found[CONDITIONS_MOST];
    FILE *out = filling->args->out;
    TRY(ask(filling, FROM_METRICS, diag));
    unsigned count = conditions_find(filling->replies[FROM_METRICS].text, found, CONDITIONS_MOST);
    for (unsigned i = 0; i < count && i < CONDITIONS_MOST; i++)
        fprintf(out, "- %s: %s\n", condition_level_name(found[i].level), found[i].text);
    if (count == 0) fputs("- none\n", out);
    return OK;
}

static err list_items(struct filling *filling, enum source source, const struct column *columns,
                      struct diag *diag)
{
    FILE *out = filling->args->out;
    TRY(ask(filling, source, diag));
    struct json_node root = json_root(filling->replies[source].json);
    for (size_t i = 0; i < json_count(&root) && i < LIST_MOST; i++) {
        struct json_node item = json_item(&root, i);
        for (const struct column *column = columns; column->title; column++) {
            char cell[CELL_BYTES_MOST];
            TRY(view_cell(&item, column, cell, diag));
            fprintf(out, "%s%s%s", column == columns ? "- " : ", ", column->title, cell);
        }
        fputc('\n', out);
    }
    if (json_count(&root) == 0) fputs("- none\n", out);
    if (json_count(&root) > LIST_MOST) fprintf(out, "- and %zu more\n", json_count(&root) - LIST_MOST);
    return OK;
}

static err list_stuck(struct filling *filling, struct diag *diag)
{
    static const struct column COLUMNS[] = {{"", "operation_id", CELL_TEXT},
                                            {"", "state", CELL_TEXT},
                                            {"for ", "age_seconds", CELL_SECONDS},
                                            {"because of ", "reason", CELL_TEXT},
                                            {0}};
    return list_items(filling, FROM_STUCK, COLUMNS, diag);
}

static err list_slashes(struct filling *filling, struct diag *diag)
{
    static const struct column COLUMNS[] = {{"", "at", CELL_TEXT},
                                            {"agent ", "agent_id", CELL_TEXT},
                                            {"", "amount", CELL_SOL},
                                            {"", "reason", CELL_TEXT},
                                            {0}};
    return list_items(filling, FROM_SLASHES, COLUMNS, diag);
}

static err list_reasons(struct filling *filling, struct diag *diag)
{
    FILE *out = filling->args->out;
    struct json_node reasons, value;
    const char *reason = NULL;
    uint64_t count, shown = 0;
    TRY(ask(filling, FROM_ROLLBACKS, diag));
    struct json_node root = json_root(filling->replies[FROM_ROLLBACKS].json);
    TRY(json_get_object(&root, "by_reason", &reasons, diag));
    while (json_next(&reasons, reason, &reason, &value)) {
        TRY(json_get_u64(&value, NULL, &count, diag));
        if (count == 0) continue;
        fprintf(out, "- %s: %llu\n", reason, (unsigned long long)count);
        shown++;
    }
    if (shown == 0) fputs("- none\n", out);
    return OK;
}

/* Keys that somebody set at run time: those whose source is the API. */
static err list_changes(struct filling *filling, struct diag *diag)
{
    FILE *out = filling->args->out;
    struct live_key key;
    uint32_t cursor = 0, shown = 0;
    err e = OK;
    TRY(ask(filling, FROM_CONFIG, diag));
    struct json_node root = json_root(filling->replies[FROM_CONFIG].json);
    while (live_config_next(&root, &cursor, &key, &e, diag)) {
        if (strcmp(key.source, "set") != 0 && strcmp(key.source, "api") != 0) continue;
        fprintf(out, "- %s = %s\n", key.name, key.value);
        shown++;
    }
    if (shown == 0) fputs("- none since the start\n", out);
    return e;
}

static const struct list_name {
    const char *name;
    err (*write)(struct filling *filling, struct diag *diag);
} LISTS[] = {{"alerts", list_alerts},
             {"stuck", list_stuck},
             {"slashes_24h", list_slashes},
             {"rollback_reasons", list_reasons},
             {"changes", list_changes}};

/* ---- one name ---- */

static const char *given(struct args *args, const char *name)
{
    uint32_t cursor = 0;
    size_t size = strlen(name);
    for (const char *text; (text = args_each(args, "fill", &cursor));)
        if (strncmp(text, name, size) == 0 && text[size] == '=') return text + size + 1;
    return NULL;
}

static bool write_clock(FILE *out, const char *name)
{
    const char *format = strcmp(name, "date") == 0 ? "%Y-%m-%d" : strcmp(name, "time") == 0 ? "%H:%M" : NULL;
    char text[32];
    struct tm parts;
    time_t now = time(NULL);
    if (!format) return false;
    strftime(text, sizeof text, format, gmtime_r(&now, &parts));
    fputs(text, out);
    return true;
}

static err write_metric(struct filling *filling, const struct metric_name *row, struct diag *diag)
{
    double value;
    TRY(ask(filling, FROM_METRICS, diag));
    if (!scrape_sum(filling->replies[FROM_METRICS].text, row->metric, NULL, &value) || value != value)
        fputs("n/a", filling->args->out);
    else
        fprintf(filling->args->out, row->format, value);
    return OK;
}

static err write_cell(struct filling *filling, const struct cell_name *row, struct diag *diag)
{
    char cell[CELL_BYTES_MOST];
    TRY(ask(filling, row->source, diag));
    struct json_node root = json_root(filling->replies[row->source].json);
    TRY(view_cell(&root, &row->column, cell, diag));
    fputs(cell, filling->args->out);
    return OK;
}

#define COUNT(table) (sizeof table / sizeof *table)

static err write_name(struct filling *filling, const char *name, struct diag *diag)
{
    FILE *out = filling->args->out;
    bool is_persons = name[0] == '?';
    const char *text = given(filling->args, name + is_persons);
    if (text || is_persons) {
        fprintf(out, text ? "%s" : "[%s]", text ? text : name + 1);
        return OK;
    }
    if (write_clock(out, name)) return OK;
    for (size_t i = 0; i < COUNT(CELLS); i++)
        if (strcmp(CELLS[i].name, name) == 0) return write_cell(filling, &CELLS[i], diag);
    for (size_t i = 0; i < COUNT(METRICS); i++)
        if (strcmp(METRICS[i].name, name) == 0) return write_metric(filling, &METRICS[i], diag);
    for (size_t i = 0; i < COUNT(LISTS); i++)
        if (strcmp(LISTS[i].name, name) == 0) return LISTS[i].write(filling, diag);
    return diag_fail(diag, ERR_SYNTAX,
                     "%.300s:%d: {{%.40s}} is nothing that a service tells; a person's is {{?%.40s}}",
                     filling->path, filling->line, name, name);
}

/* ---- the text ---- */

static err write_text(struct filling *filling, const char *text, struct diag *diag)
{
    filling->line = 1;
    while (*text) {
        const char *open = strstr(text, "{{"), *close = open ? strstr(open, "}}") : NULL;
        size_t plain = close ? (size_t)(open - text) : strlen(text);
        fwrite(text, 1, plain, filling->args->out);
        for (size_t i = 0; i < plain; i++) filling->line += text[i] == '\n';
        if (!close) break;
        char name[NAME_BYTES];
        snprintf(name, sizeof name, "%.*s", (int)(close - open - 2), open + 2);
        TRY(write_name(filling, name, diag));
        text = close + 2;
    }
    return OK;
}

/* The whole text or none: nobody wants half a report. */
err fill_template(struct args *args, const char *path, struct diag *diag)
{
    struct filling filling = {.args = args, .path = path};
    struct file_bytes source = {0};
    char *text = NULL;
    size_t size = 0;
    TRY(file_read(path, TEMPLATE_BYTES_MOST, &source, diag));
    FILE *out = args->out;
    args->out = open_memstream(&text, &size);
    err e = args->out ? write_text(&filling, source.text, diag) : ERR_NOMEM;
    if (args->out && fclose(args->out) != 0 && e == OK) e = ERR_NOMEM;
    args->out = out;
    if (e == OK) fwrite(text, 1, size, out);
    for (int asked = 0; asked < SOURCES; asked++) client_reply_close(&filling.replies[asked]);
    free(text);
    free(source.text);
    return e;
}

void fill_list_names(FILE *out)
{
    for (size_t i = 0; i < COUNT(CELLS); i++) fprintf(out, "%s\n", CELLS[i].name);
    for (size_t i = 0; i < COUNT(METRICS); i++) fprintf(out, "%s\n", METRICS[i].name);
    for (size_t i = 0; i < COUNT(LISTS); i++) fprintf(out, "%s\n", LISTS[i].name);
}
