/* engine/compare.c: one row a field; a record is compared by its rows, never by its bytes. */
#include "engine/compare.h"
#include "engine/codec.h"
#include "engine/state.h"
#include <string.h>

struct member {
    const char *name;
    size_t offset, size;
};

#define MEMBER(type, field)                                                                                  \
    {                                                                                                        \
#type "." #field, offsetof(struct type, field), sizeof(((struct type *)0)->field)                    \
    }
#define TASK_(field)   MEMBER(task, field)
#define AGENT_(field)  MEMBER(agent, field)
#define PLAN_(field)   MEMBER(running_plan, field)
#define ENGINE_(field) MEMBER(engine, field)
#define ROWS_OF(table) (table), sizeof(table) / sizeof *(table)

/* clang-format off */
static const struct member TASK_MEMBERS[] = {
    TASK_(id), TASK_(seq), TASK_(bond_lamports), TASK_(snapshot_bytes), TASK_(output_digest), TASK_(since_ns),
    TASK_(compute_ns), TASK_(clock_ns), TASK_(claim_expires_ns), TASK_(links), TASK_(wait), TASK_(plan),
    TASK_(generation), TASK_(agent), TASK_(in_head), TASK_(out_head), TASK_(out_tail), TASK_(out_count),
    TASK_(out_dead), TASK_(speculative_children), TASK_(live_children), TASK_(depth_now),
    TASK_(depth_at_admission), TASK_(flags), TASK_(rollout_bucket), TASK_(factor_bps), TASK_(incarnation),
    TASK_(status), TASK_(clock), TASK_(wait_reason), TASK_(reason), TASK_(commitment), TASK_(proof),
    TASK_(branch), TASK_(snapshot), TASK_(claim), TASK_(proof_attempt), TASK_(proof_tries), TASK_(tx_attempt),
    TASK_(parent_count), TASK_(unconfirmed_parents),
};
static const struct member EDGE_MEMBERS[] = {{"edge", 0, sizeof(struct edge)}};
static const struct member AGENT_MEMBERS[] = {
    AGENT_(id), AGENT_(deposited), AGENT_(received), AGENT_(free), AGENT_(locked), AGENT_(slashed),
    AGENT_(withdrawn), AGENT_(cooldown_until_ns), AGENT_(payout_ns), AGENT_(tips), AGENT_(snapshots),
    AGENT_(locks), AGENT_(uncovered), AGENT_(wait_heads),
};
static const struct member PLAN_MEMBERS[] = {
    PLAN_(root), PLAN_(task), PLAN_(stage), PLAN_(deadline_ns),
};
static const struct member COUNTERS[] = {{"stats", 0, sizeof(uint64_t)}};
static const struct member ENGINE_MEMBERS[] = {
    ENGINE_(now_ns), ENGINE_(seq_next), ENGINE_(agent_count), ENGINE_(free_task), ENGINE_(free_edge),
    ENGINE_(fresh_task), ENGINE_(fresh_edge), ENGINE_(limits), ENGINE_(clocks), ENGINE_(by_age),
    ENGINE_(wait_heads), ENGINE_(dirty_count), ENGINE_(proof_queue), ENGINE_(proof_blocked), ENGINE_(ready),
    ENGINE_(releasable), ENGINE_(plans), ENGINE_(worker_busy), ENGINE_(workers_busy), ENGINE_(drain.is_on),
    ENGINE_(drain.is_forced), ENGINE_(breaker.state), ENGINE_(breaker.trigger), ENGINE_(breaker.cause),
    ENGINE_(breaker.opened_ns), ENGINE_(breaker.retry_ns), ENGINE_(breaker.value), ENGINE_(breaker.threshold),
    ENGINE_(breaker.probes_admitted), ENGINE_(breaker.probes_confirmed), ENGINE_(breaker.is_memory_excused),
    ENGINE_(breaker.failures_ns), ENGINE_(breaker.failure_count), ENGINE_(breaker.failure_next),
    ENGINE_(breaker.seconds), ENGINE_(breaker.window_s), ENGINE_(breaker.window_ns), ENGINE_(breaker.look_ns),
    ENGINE_(breaker.rate_seen_bps), ENGINE_(breaker.second), ENGINE_(breaker.admitted),
    ENGINE_(breaker.rolled_back), ENGINE_(breaker.rate_since_ns), ENGINE_(breaker.queue_since_ns),
};
/* clang-format on */
_Static_assert(sizeof(struct engine_stats) % sizeof(uint64_t) == 0, "statistics are words");

/* Records of `size` bytes each, by their members. */
static bool differ(const void *a, const void *b, size_t size, uint32_t count, const struct member *members,
                   size_t member_count, struct difference *out)
{
    for (uint32_t i = 0; i < count; i++)
        for (const struct member *member = members; member < members + member_count; member++) {
            size_t at = i * size + member->offset;
            if (memcmp((const char *)a + at, (const char *)b + at, member->size) == 0) continue;
            *out = (struct difference){.what = member->name, .index = i};
            return true;
        }
    return false;
}

static bool settings_differ(const struct settings *a, const struct settings *b, struct difference *out)
{
    unsigned char left[CODEC_SETTINGS_BYTES_MOST], right[CODEC_SETTINGS_BYTES_MOST];
    struct codec_out to_left = {.bytes = left, .capacity = sizeof left};
    struct codec_out to_right = {.bytes = right, .capacity = sizeof right};
    bool are_same = codec_write_settings(&to_left, a) == OK && codec_write_settings(&to_right, b) == OK &&
                    to_left.used == to_right.used && memcmp(left, right, to_left.used) == 0;
    if (!are_same) *out = (struct difference){.what = "settings"};
    return !are_same;
}

static bool deadlines_differ(const struct deadline_heap *a, const struct deadline_heap *b,
                             struct difference *out)
{
    uint32_t at = 0;
    while (a->count == b->count && at < a->count && a->heap[at] == b->heap[at] &&
           a->key_of_handle[a->heap[at]] == b->key_of_handle[b->heap[at]])
        at++;
    if (a->count == b->count && at == a->count) return false;
    *out = (struct difference){.what = "deadline", .index = at};
    return true;
}

static bool probes_differ(const struct breaker *a, const struct breaker *b, struct difference *out)
{
    for (uint32_t i = 0; i < a->probes_admitted && i < LIMIT_BREAKER_PROBES; i++) {
        if (a->probes[i].slot == b->probes[i].slot && a->probes[i].generation == b->probes[i].generation)
            continue;
        *out = (struct difference){.what = "breaker.probes", .index = i};
        return true;
    }
    return false;
}

bool engine_compare(const struct engine *a, const struct engine *b, struct difference *out)
{
    const uint32_t words = sizeof(struct engine_stats) / sizeof(uint64_t);
    /* The marks of use first: the tables are as long as they say. */
    return differ(a, b, sizeof *a, 1, ROWS_OF(ENGINE_MEMBERS), out) ||
           differ(a->tasks, b->tasks, sizeof *a->tasks, a->fresh_task, ROWS_OF(TASK_MEMBERS), out) ||
           differ(a->edges, b->edges, sizeof *a->edges, a->fresh_edge, ROWS_OF(EDGE_MEMBERS), out) ||
           differ(a->agents, b->agents, sizeof *a->agents, a->agent_count, ROWS_OF(AGENT_MEMBERS), out) ||
           differ(a->running, b->running, sizeof *a->running, LIMIT_RUNNING_PLANS, ROWS_OF(PLAN_MEMBERS),
                  out) ||
           differ(&a->stats, &b->stats, sizeof(uint64_t), words, ROWS_OF(COUNTERS), out) ||
           deadlines_differ(&a->deadlines, &b->deadlines, out) ||
           probes_differ(&a->breaker, &b->breaker, out) || settings_differ(&a->settings, &b->settings, out);
}
