/* engine/audit_totals.c: money, statistics, workers and breaker, against the sums over the tables. */
#include "engine/audit.h"

/* ---- money ---- */

static void agent_equal(struct audit *audit, enum finding_kind kind, uint32_t index, const char *what,
                        uint64_t found, uint64_t expected)
{
    if (found == expected) return;
    audit_report(audit, (struct finding){.kind = kind,
                                         .index = index,
                                         .id = audit->engine->agents[index].id,
                                         .what = what,
                                         .found = found,
                                         .expected = expected});
}

/* deposited + received = free + locked + slashed + withdrawn, exactly (semantics.md 18). */
static void check_agent(struct audit *audit, uint32_t index)
{
    const struct agent *agent = &audit->engine->agents[index];
    const struct agent_sum *sum = &audit->agents[index];
    u128 came = (u128)agent->deposited + agent->received;
    u128 is = (u128)agent->free + agent->locked + agent->slashed + agent->withdrawn;
    if (came != is)
        audit_report(audit, (struct finding){.kind = FINDING_AGENT_MONEY,
                                             .index = index,
                                             .id = agent->id,
                                             .what = "lamports",
                                             .found = (uint64_t)is,
                                             .expected = (uint64_t)came});
    agent_equal(audit, FINDING_AGENT_LOCKED, index, "locked", agent->locked, sum->locked);
    agent_equal(audit, FINDING_AGENT_COUNT, index, "locks", agent->locks, sum->locks);
    agent_equal(audit, FINDING_AGENT_COUNT, index, "tips", agent->tips, sum->tips);
    agent_equal(audit, FINDING_AGENT_COUNT, index, "snapshots", agent->snapshots, sum->snapshots);
    agent_equal(audit, FINDING_AGENT_COUNT, index, "uncovered", agent->uncovered, sum->uncovered);
}

static void check_money(struct audit *audit)
{
    const struct engine *engine = audit->engine;
    const struct engine_stats *stats = &engine->stats;
    u128 deposited = 0, kept = 0, slashed = 0, received = 0, withdrawn = 0;
    for (uint32_t index = 0; index < engine->agent_count; index++) {
        const struct agent *agent = &engine->agents[index];
        check_agent(audit, index);
        deposited += agent->deposited;
        kept += (u128)agent->free + agent->locked + agent->withdrawn;
        slashed += agent->slashed;
        received += agent->received;
        withdrawn += agent->withdrawn;
    }
    const struct {
        const char *what;
        u128 found, expected;
    } SUMS[] = {
        {"deposited", deposited, kept + stats->treasury_lamports},
        {"all deposits", deposited, stats->deposited_lamports},
        {"slashed", slashed, stats->slashed_lamports},
        {"received", received + stats->treasury_lamports, stats->slashed_lamports},
        {"withdrawn", withdrawn, stats->withdrawn_lamports},
        {"bonded", stats->bonded_lamports,
         (u128)stats->released_lamports + stats->slashed_lamports + stats->locked_lamports},
    };
    /* The statistics have 64 bits, and of what was ever moved no more is compared. */
    for (size_t i = 0; i < sizeof SUMS / sizeof *SUMS; i++)
        if ((uint64_t)SUMS[i].found != (uint64_t)SUMS[i].expected)
            audit_report(audit, (struct finding){.kind = FINDING_MONEY,
                                                 .index = NONE,
                                                 .what = SUMS[i].what,
                                                 .found = (uint64_t)SUMS[i].found,
                                                 .expected = (uint64_t)SUMS[i].expected});
}

/* ---- statistics ---- */

/* What every check counts; edges and plans are for the full one. */
#define GAUGES(X)                                                                                            \
    X(table_tasks)                                                                                           \
    X(operations)                                                                                            \
    X(pending_operations)                                                                                    \
    X(speculative_active)                                                                                    \
    X(tips)                                                                                                  \
    X(live_tasks)                                                                                            \
    X(live_snapshot_bytes)                                                                                   \
    X(live_proofs)                                                                                           \
    X(snapshots)                                                                                             \
    X(snapshot_bytes)                                                                                        \
    X(proof_cache_entries)                                                                                   \
    X(locked_lamports)                                                                                       \
    X(proof_queue_depth)                                                                                     \
    X(proofs_generating)                                                                                     \
    X(awaiting)                                                                                              \
    X(submitting)                                                                                            \
    X(submissions_in_flight)                                                                                 \
    X(waiting)                                                                                               \
    X(uncovered)
#define FULL_GAUGES(X) X(edges) X(plans_waiting) X(plans_running)

struct gauge {
    const char *name;
    size_t offset;
};
#define GAUGE_(field) {#field, offsetof(struct engine_stats, field)},
static const struct gauge GAUGE_ROWS[] = {GAUGES(GAUGE_)}, FULL_ROWS[] = {FULL_GAUGES(GAUGE_)};

static uint64_t gauge_of(const struct engine_stats *stats, const struct gauge *gauge)
{
    return *(const uint64_t *)((const char *)stats + gauge->offset);
}

static void check_gauges(struct audit *audit, const struct gauge *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        audit_equal(audit, FINDING_COUNT, NONE, rows[i].name, gauge_of(&audit->engine->stats, &rows[i]),
                    gauge_of(&audit->counted, &rows[i]));
}

/* Every submission is in the table or was forgotten, is alive or has ended; a reorg reopens some. */
static void check_counters(struct audit *audit)
{
    const struct engine_stats *stats = &audit->engine->stats;
    uint64_t ended = stats->ended[TASK_CONFIRMED] + stats->ended[TASK_FAILED] + stats->ended[TASK_EXPIRED] +
                     stats->ended[TASK_ROLLED_BACK] + stats->ended[TASK_CANCELLED];
    audit_equal(audit, FINDING_COUNT, NONE, "submitted", stats->submitted + stats->reverts,
                stats->operations + ended);
    audit_equal(audit, FINDING_COUNT, NONE, "pruned", stats->submitted, stats->table_tasks + stats->pruned);
    for (uint32_t depth = 0; depth < LIMIT_DEPTH + 2; depth++)
        audit_equal(audit, FINDING_COUNT, NONE, "active_by_depth", stats->active_by_depth[depth],
                    audit->counted.active_by_depth[depth]);
}

static void check_workers(struct audit *audit)
{
    const struct engine *engine = audit->engine;
    uint64_t busy = 0;
    for (int worker = 0; worker < LIMIT_PROOF_WORKERS; worker++) busy += engine->worker_busy[worker] != 0;
    audit_equal(audit, FINDING_COUNT, NONE, "workers_busy", engine->workers_busy, busy);
    audit_equal(audit, FINDING_COUNT, NONE, "workers_busy", engine->stats.workers_busy, busy);
}

/* ---- breaker and drain ---- */

static void check_window(struct audit *audit)
{
    const struct breaker *breaker = &audit->engine->breaker;
    uint64_t admitted = 0, rolled_back = 0;
    for (int i = 0; i < LIMIT_BREAKER_SECONDS; i++) {
        admitted += breaker->seconds[i].admitted;
        rolled_back += breaker->seconds[i].rolled_back;
    }
    audit_equal(audit, FINDING_BREAKER, NONE, "admitted", breaker->admitted, admitted);
    audit_equal(audit, FINDING_BREAKER, NONE, "rolled_back", breaker->rolled_back, rolled_back);
}

static void check_breaker(struct audit *audit)
{
    const struct engine *engine = audit->engine;
    const struct breaker *breaker = &engine->breaker;
    audit_equal(audit, FINDING_BREAKER, NONE, "breaker_state", engine->stats.breaker_state, breaker->state);
    audit_equal(audit, FINDING_BREAKER, NONE, "draining", engine->stats.draining, engine->drain.is_on);
    bool are_numbers_good =
        breaker->state < BREAKER_STATE_COUNT && breaker->probes_confirmed <= breaker->probes_admitted &&
        breaker->probes_admitted <= LIMIT_BREAKER_PROBES && audit->probes <= breaker->probes_admitted &&
        breaker->failure_count <= LIMIT_BREAKER_FAILURES && breaker->failure_next < LIMIT_BREAKER_FAILURES;
    if (!are_numbers_good)
        audit_report(audit, (struct finding){.kind = FINDING_BREAKER, .index = NONE, .what = "probes"});
}

void audit_totals(struct audit *audit)
{
    check_money(audit);
    check_gauges(audit, GAUGE_ROWS, sizeof GAUGE_ROWS / sizeof *GAUGE_ROWS);
    check_counters(audit);
    check_workers(audit);
    check_breaker(audit);
}

void audit_full_totals(struct audit *audit)
{
    audit_equal(audit, FINDING_EDGES, NONE, "parents that do not know their child", audit->in_edges, 0);
    check_gauges(audit, FULL_ROWS, sizeof FULL_ROWS / sizeof *FULL_ROWS);
    check_window(audit);
}
