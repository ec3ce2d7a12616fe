/* base/log.c */
#include "base/log.h"
#include "base/escape.h"
#include <inttypes.h>

static const char *const LEVELS[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};

static void write_field(FILE *out, const struct log_field *field)
{
    putc(',', out);
    escape_json(out, field->name);
    putc(':', out);
    switch (field->kind) {
    case LOG_IS_TEXT: escape_json(out, field->text); break;
    case LOG_IS_NUMBER: fprintf(out, "%" PRId64, field->number); break;
    case LOG_IS_FLAG: fputs(field->number ? "true" : "false", out); break;
    }
}

static void write_line(FILE *out, const struct log *log, const struct log_record *record)
{
    fprintf(out, "{\"at_ns\":%" PRId64 ",\"level\":\"%s\"", record->at_ns, LEVELS[record->level]);
    if (log->run) write_field(out, &(struct log_field){.name = "run", .text = log->run});
    write_field(out, &(struct log_field){.name = "part", .text = record->part});
    write_field(out, &(struct log_field){.name = "msg", .text = record->msg});
    for (size_t i = 0; i < LOG_FIELDS_MOST && record->fields[i].name; i++)
        write_field(out, &record->fields[i]);
    fputs("}\n", out);
}

void log_write(struct log *log, const struct log_record *record)
{
    if (!log->sink || record->level < log->least) return;
    flockfile(log->sink);
    clearerr(log->sink);
    write_line(log->sink, log, record);
    bool is_flushed = log->is_collected || fflush(log->sink) == 0;
    if (!is_flushed || ferror(log->sink)) log->lost_count++;
    funlockfile(log->sink);
}

void log_flush(struct log *log)
{
    if (log->sink && fflush(log->sink) != 0) log->lost_count++;
}
