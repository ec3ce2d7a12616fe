/* chaos/knobs.c: one row a knob, one draw a row. */
#include "chaos/knobs.h"
#include "base/duration.h"
#include "base/units.h"
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

enum { VALUES_MOST = 4, TURNED_ONE_IN = 3, KNOB_ENTITY = 1 << 16 }; /* beside the injectors' entities */

#define AT(field) offsetof(struct settings, field)
#define MS        NS_PER_MS
#define SEC       NS_PER_S

static const struct knob {
    const char *name;
    size_t offset;
    int64_t values[VALUES_MOST];
    uint32_t count;
    bool is_time; /* in ns */
} KNOBS[] = {
    {"max_depth", AT(max_depth), {1, 2, 8, 20}, 4, false},
    {"max_parallel_branches", AT(max_parallel_branches), {1, 2, 16}, 3, false},
    {"rollback_policy",
     AT(rollback_policy),
     {ROLLBACK_CASCADE, ROLLBACK_SELECTIVE, ROLLBACK_CHECKPOINT},
     3,
     false},
    {"claim_buffer", AT(claim_buffer_ns), {10 * SEC}, 1, true},
    {"checkpoint_interval", AT(checkpoint_interval), {1, 4}, 2, false},
    {"gate_level", AT(gate_level), {GATE_CONFIRMED, GATE_FINALIZED}, 2, false},
    {"branch_scope", AT(branch_scope), {SCOPE_AGENT, SCOPE_ENGINE}, 2, false},
    {"require_parent_output", AT(require_parent_output), {0, 1}, 2, false},
    {"max_stake", AT(max_stake_lamports), {1200000, 5000000}, 2, false},
    {"max_locks", AT(max_locks), {1, 3}, 2, false},
    {"stake_per_depth", AT(stake_per_depth_lamports), {0, 500003}, 2, false},
    {"slash", AT(slash_bps), {100, 1001, 5000}, 3, false},
    {"cooldown", AT(cooldown_ns), {0, 5 * SEC}, 2, true},
    {"stake_formula", AT(stake_formula), {STAKE_LINEAR, STAKE_EXPONENTIAL}, 2, false},
    {"bond_roots", AT(bond_roots), {0, 1}, 2, false},
    {"treasury", AT(treasury_bps), {0, 3333, 10000}, 3, false},
    {"worker_threads", AT(worker_threads), {1, 2, 8}, 3, false},
    {"queue_size", AT(queue_size), {4, 16}, 2, false},
    {"proof_timeout", AT(proof_timeout_ns), {40 * MS, SEC}, 2, true},
    {"batch_size", AT(batch_size), {1, 3}, 2, false},
    {"batch_timeout", AT(batch_timeout_ns), {50 * MS, SEC}, 2, true},
    {"max_retries", AT(proof_max_retries), {1, 5}, 2, false},
    {"retry_delay", AT(retry_delay_ns), {100 * MS, 5 * SEC}, 2, true},
    {"max_pending_operations", AT(max_pending_operations), {3, 10}, 2, false},
    {"max_state_snapshots", AT(max_state_snapshots), {2, 10}, 2, false},
    {"gc_interval", AT(gc_interval_ns), {5 * SEC}, 1, true},
    {"table_capacity", AT(table_capacity), {48, 4096}, 2, false},
    {"retention", AT(retention_ns), {SEC, 10 * SEC}, 2, true},
    {"max_memory", AT(max_memory_bytes), {64 << 20, 256 << 20}, 2, false},
    {"optimistic_proofs", AT(optimistic_proofs), {0, 1}, 2, false},
    {"parallel_speculation", AT(parallel_speculation), {0, 1}, 2, false},
    {"cross_agent_speculation", AT(cross_agent_speculation), {0, 1}, 2, false},
    {"rollback_max_concurrent", AT(rollback_max_concurrent), {1, 3, 10}, 3, false},
    {"rollback_timeout", AT(rollback_timeout_ns), {SEC}, 1, true},
    {"max_cascade_size", AT(rollback_max_cascade_size), {1, 3}, 2, false},
    {"breaker_consecutive", AT(breaker_consecutive), {1, 3}, 2, false},
    {"breaker_consecutive_cooldown", AT(breaker_consecutive_cooldown_ns), {0, 5 * SEC}, 2, true},
    {"breaker_rate", AT(breaker_rate_bps), {100, 1000}, 2, false},
    {"breaker_rate_window", AT(breaker_rate_window_ns), {5 * SEC, 20 * SEC}, 2, true},
    {"breaker_rate_min_tasks", AT(breaker_rate_min_tasks), {1, 5}, 2, false},
    {"breaker_rate_cooldown", AT(breaker_rate_cooldown_ns), {0, 10 * SEC}, 2, true},
    {"breaker_queue_open", AT(breaker_queue_open_bps), {1000, 5000}, 2, false},
    {"breaker_queue_window", AT(breaker_queue_window_ns), {SEC, 10 * SEC}, 2, true},
    {"breaker_half_open_probes", AT(breaker_half_open_probes), {1, 2}, 2, false},
};
enum { KNOB_COUNT = sizeof KNOBS / sizeof *KNOBS };

static int64_t *value_of(struct settings *settings, const struct knob *knob)
{
    return (int64_t *)(void *)((char *)settings + knob->offset);
}

static bool is_turned(struct draw *draw)
{
    return draw_below(draw, TURNED_ONE_IN) == 0;
}

static struct draw draw_of(const struct rng *rng, uint32_t knob)
{
    return draw_at(rng, RNG_SWARM, KNOB_ENTITY + knob, 0);
}

static void turn_load(const struct rng *rng, struct knobs_load *load)
{
    struct draw edges = draw_of(rng, KNOB_COUNT), agents = draw_of(rng, KNOB_COUNT + 1),
                claims = draw_of(rng, KNOB_COUNT + 2);
    *load = (struct knobs_load){0};
    if (is_turned(&edges)) load->edges = "data=.6,order=.25,resource=.15";
    if (is_turned(&agents)) load->cross_agent_bps = 2000;
    if (is_turned(&claims)) load->claim_ttl_ns = 150 * SEC;
}

/* What a configuration would be refused for. A gate that waits for finality needs the time for it. */
static void make_possible(struct settings *settings)
{
    if (settings->claim_buffer_ns < settings->confirmation_timeout_ns &&
        settings->gate_level == GATE_FINALIZED)
        settings->claim_buffer_ns = 2 * settings->confirmation_timeout_ns;
    settings->breaker_queue_close_bps = settings->breaker_queue_open_bps / 2; /* or it would close at once */
    if (settings->table_capacity && settings->table_capacity < settings->max_pending_operations)
        settings->max_pending_operations = settings->table_capacity;
}

void knobs_turn(uint64_t seed, struct settings *settings, struct knobs_load *load)
{
    const struct rng rng = rng_keyed(seed, 0);
    for (uint32_t i = 0; i < KNOB_COUNT; i++) {
        struct draw draw = draw_of(&rng, i);
        if (is_turned(&draw))
            *value_of(settings, &KNOBS[i]) = KNOBS[i].values[draw_below(&draw, KNOBS[i].count)];
    }
    make_possible(settings);
    turn_load(&rng, load);
}

void knobs_print(uint64_t seed, const struct settings *base, const char *indent, FILE *out)
{
    enum { COLUMNS = 100 };
    struct settings turned = *base, before = *base;
    struct knobs_load load;
    char word[96], number[DURATION_TEXT_BYTES];
    size_t column = 0;
    knobs_turn(seed, &turned, &load);
    for (uint32_t i = 0; i < KNOB_COUNT; i++) {
        int64_t value = *value_of(&turned, &KNOBS[i]);
        if (value == *value_of(&before, &KNOBS[i])) continue;
        if (KNOBS[i].is_time)
            duration_print(number, value);
        else
            snprintf(number, sizeof number, "%" PRId64, value);
        int size = snprintf(word, sizeof word, "%s %s", KNOBS[i].name, number);
        bool is_new_line = column == 0 || column + (size_t)size + 2 > COLUMNS;
        fprintf(out, "%s%s%s",
                column == 0   ? ""
                : is_new_line ? ",\n"
                              : ", ",
                is_new_line && column ? indent : "", word);
        column = is_new_line ? (size_t)size : column + (size_t)size + 2;
    }
    if (load.edges) fprintf(out, "%sedges %s", column ? ", " : "", load.edges);
    fputc('\n', out);
}
