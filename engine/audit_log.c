/* engine/audit_log.c: the event log: whole, and leading to this very state. */
#include "engine/audit.h"
#include "engine/compare.h"
#include "engine/replay.h"

static void log_finding(struct audit *audit, enum finding_kind kind, const char *what, uint64_t record)
{
    audit_report(audit, (struct finding){.kind = kind, .index = NONE, .what = what, .found = record});
}

err audit_log(struct audit *audit, const struct engine_check *check)
{
    struct replay replay;
    struct journal_diag diag = {0};
    struct difference difference;
    err e = replay_begin(&replay, check->replica, check->log, check->log_bytes, &diag);
    while (e == OK && !replay.is_over) e = replay_step(&replay, &diag, NULL);
    if (e == ERR_SYNTAX) {
        log_finding(audit, FINDING_LOG, journal_fault_text(diag.fault), diag.record);
        return OK;
    }
    if (e != OK) return e;
    audit->findings->checked += replay.reader.events;
    if (replay.is_torn) log_finding(audit, FINDING_LOG_TORN, "log", replay.reader.chain.sequence);
    if (engine_compare(audit->engine, replay.engine, &difference))
        log_finding(audit, FINDING_LOG_STATE, difference.what, difference.index);
    return OK;
}
