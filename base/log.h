/* base/log.h: one JSON line a record: {"at_ns":…,"level":"warn","part":"rollback","msg":"cascade
 * complete","depth":3}
 *
 * The message is fixed text, what varies stands in fields. at_ns is whatever
 * clock the driver has: virtual time in the simulator (with the run's name),
 * the real clock in the service.
 * Usage:
 *     log_write(&log, &(struct log_record){
 *         .level = LOG_WARN, .at_ns = now_ns, .part = "rollback", .msg = "cascade complete",
 *         .fields = {log_text("operation_id", id), log_number("depth", depth)}});
 * Threads: a line is written whole. Errors: lines that the sink did not take
 * are counted in lost_count; logging never stops the work. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

enum { LOG_FIELDS_MOST = 12 };

enum log_kind { LOG_IS_TEXT, LOG_IS_NUMBER, LOG_IS_FLAG };

struct log_field {
    const char *name; /* NULL ends the list */
    enum log_kind kind;
    const char *text;
    int64_t number;
};

struct log_record {
    enum log_level level;
    int64_t at_ns;
    const char *part, *msg;
    struct log_field fields[LOG_FIELDS_MOST];
};

struct log {
    FILE *sink; /* the caller's; NULL: nothing is written */
    enum log_level least;
    const char *run; /* name of the simulated run; NULL in the service */
    uint64_t lost_count;
    bool is_collected; /* lines stay in the sink's buffer until log_flush: for loops that write thousands a
                          second */
};

static inline struct log_field log_text(const char *name, const char *text)
{
    return (struct log_field){.name = name, .kind = LOG_IS_TEXT, .text = text ? text : ""};
}

static inline struct log_field log_number(const char *name, int64_t number)
{
    return (struct log_field){.name = name, .kind = LOG_IS_NUMBER, .number = number};
}

static inline struct log_field log_flag(const char *name, bool is_set)
{
    return (struct log_field){.name = name, .kind = LOG_IS_FLAG, .number = is_set};
}

void log_write(struct log *log, const struct log_record *record);
void log_flush(struct log *log);
