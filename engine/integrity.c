/* engine/integrity.c: the order of the check, and its findings. */
#include "engine/integrity.h"
#include "engine/audit.h"

static const struct {
    const char *name, *text;
    enum severity severity;
} ROWS[FINDING_KIND_COUNT] = {
#define ROW_(name, severity, text) [name] = {#name, text, severity},
    FINDINGS(ROW_)
#undef ROW_
};

const char *finding_name(enum finding_kind kind)
{
    return ROWS[kind].name;
}

const char *finding_text(enum finding_kind kind)
{
    return ROWS[kind].text;
}

enum severity finding_severity(enum finding_kind kind)
{
    return ROWS[kind].severity;
}

void audit_report(struct audit *audit, struct finding finding)
{
    struct findings *findings = audit->findings;
    findings->count++;
    if (findings->kept < findings->capacity) findings->items[findings->kept++] = finding;
}

void audit_task_finding(struct audit *audit, enum finding_kind kind, uint32_t slot, const char *what)
{
    audit_report(audit, (struct finding){
                            .kind = kind, .index = slot, .id = audit->engine->tasks[slot].id, .what = what});
}

void audit_equal(struct audit *audit, enum finding_kind kind, uint32_t slot, const char *what, uint64_t found,
                 uint64_t expected)
{
    if (found == expected) return;
    uint64_t id = slot == NONE ? 0 : audit->engine->tasks[slot].id;
    audit_report(
        audit,
        (struct finding){
            .kind = kind, .index = slot, .id = id, .what = what, .found = found, .expected = expected});
}

/* ---- the check ---- */

size_t engine_check_bytes(const struct engine *engine)
{
    return (size_t)engine->limits.agents * sizeof(struct agent_sum);
}

/* The marks that say how much of the tables is in use: wrong ones, and nothing else can be looked at. */
static bool check_marks(struct audit *audit)
{
    const struct engine *engine = audit->engine;
    bool is_good = engine->fresh_task <= engine->limits.tasks && engine->fresh_edge <= engine->limits.edges &&
                   engine->agent_count <= engine->limits.agents;
    if (!is_good)
        audit_report(audit, (struct finding){.kind = FINDING_RANGE, .index = NONE, .what = "tables"});
    return is_good;
}

static void check_identity(struct audit *audit, uint32_t slot)
{
    uint32_t found = NONE;
    bool is_known = table_find(&audit->engine->task_of_id, audit->engine->tasks[slot].id, &found);
    if (!is_known || found != slot) audit_task_finding(audit, FINDING_IDENTITY, slot, "id");
}

static void check_tasks(struct audit *audit, enum check_level level)
{
    for (uint32_t slot = 0; slot < audit->engine->fresh_task; slot++) {
        if (!audit_task(audit, slot)) continue;
        audit->findings->checked++;
        if (!audit_ranges(audit, slot)) continue;
        audit_states(audit, slot);
        audit_parents(audit, slot);
        audit_count(audit, slot);
        if (level == CHECK_FULL) check_identity(audit, slot);
    }
}

static void check_links(struct audit *audit)
{
    const struct engine *engine = audit->engine;
    for (uint32_t slot = 0; slot < engine->fresh_task; slot++) {
        if (!audit_task(audit, slot)) continue;
        audit_children(audit, slot);
        audit_task_deadlines(audit, slot);
    }
    audit_equal(audit, FINDING_IDENTITY, NONE, "tasks by id", engine->task_of_id.count,
                audit->counted.table_tasks);
    audit_equal(audit, FINDING_IDENTITY, NONE, "agents by id", engine->agent_of_id.count,
                engine->agent_count);
    audit_lists(audit);
    audit_wait_queues(audit);
    audit_plans(audit);
    audit_deadlines(audit);
    audit_free_lists(audit);
    audit_full_totals(audit);
}

static void check_tables(struct audit *audit, enum check_level level)
{
    if (!check_marks(audit)) return;
    for (uint32_t i = 0; i < audit->engine->agent_count; i++) audit->agents[i] = (struct agent_sum){0};
    audit->findings->checked += audit->engine->agent_count;
    check_tasks(audit, level);
    audit_totals(audit);
    if (level == CHECK_FULL) check_links(audit);
}

err engine_check(const struct engine *engine, const struct engine_check *check, struct findings *findings)
{
    if (check->scratch_bytes < engine_check_bytes(engine)) return ERR_NOMEM;
    findings->kept = 0;
    findings->count = findings->checked = 0;
    struct audit audit = {.engine = engine, .findings = findings, .agents = check->scratch};
    check_tables(&audit, check->level);
    if (check->level == CHECK_FULL && check->log) return audit_log(&audit, check);
    return OK;
}
