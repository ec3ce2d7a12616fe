/* engine/codec_settings.c: the settings as bytes, a row a field.
 *
 * The ranges are not those of the configuration (base/config_keys.c): they are
 * what the engine can live with, whoever wrote the bytes. A field of
 * base/settings.h without a row breaks the build. */
#include "engine/codec.h"
#include "engine/state.h"
#include <string.h>

struct scalar {
    const char *name;
    uint16_t offset, count;
    int64_t least, most;
};

/* clang-format off */
#define SPAN_NS       (366 * NS_PER_DAY) /* sums and products of a few of them fit */
#define SHARE_BPS     ((int64_t)BPS_ONE)
#define MANY          INT64_C(0x7fffffff)

#define SCALARS(X)                                                             \
    X(enabled, 0, 1)                            X(mode, 0, MODE_CUSTOM)        \
    X(max_depth, 0, LIMIT_DEPTH)                X(max_parallel_branches, 0, MANY) \
    X(confirmation_timeout_ns, 0, SPAN_NS)      X(rollback_policy, 0, ROLLBACK_CHECKPOINT) \
    X(claim_buffer_ns, 0, SPAN_NS)              X(checkpoint_interval, 1, MANY) \
    X(gate_level, 0, GATE_FINALIZED)            X(branch_scope, 0, SCOPE_ENGINE) \
    X(rollout_key, 0, ROLLOUT_BY_TASK)          X(require_parent_output, 0, 1) \
    X(drain_timeout_ns, 0, SPAN_NS)             X(state_compression, 0, 1)     \
    X(min_stake_lamports, 0, INT64_MAX)         X(max_stake_lamports, 0, INT64_MAX) \
    X(stake_per_depth_lamports, 0, INT64_MAX)   X(slash_bps, 0, SHARE_BPS)     \
    X(cooldown_ns, 0, SPAN_NS)                  X(stake_formula, 0, STAKE_EXPONENTIAL) \
    X(base_bond_lamports, 0, INT64_MAX)         X(bond_roots, 0, 1)            \
    X(treasury_bps, 0, SHARE_BPS)               X(max_locks, 0, MANY)          \
    X(reason_factor_bps, 0, SHARE_BPS)                                         \
    X(generator, 0, PROOF_MOCK)                 X(worker_threads, 0, LIMIT_PROOF_WORKERS) \
    X(queue_size, 1, MANY)                      X(proof_timeout_ns, 0, SPAN_NS) \
    X(batch_size, 1, MANY)                      X(proof_max_retries, 0, UINT8_MAX) \
    X(retry_delay_ns, 0, SPAN_NS)               X(retry_multiplier_bps, 0, 100 * SHARE_BPS) \
    X(retry_cap_ns, 0, SPAN_NS)                 X(batch_timeout_ns, 0, SPAN_NS) \
    X(proof_cache_bytes, 0, INT64_MAX)          X(max_concurrent_submissions, 0, MANY) \
    X(max_memory_bytes, 1, INT64_MAX)           X(max_pending_operations, 0, MANY) \
    X(max_state_snapshots, 0, MANY)             X(gc_interval_ns, 0, SPAN_NS)  \
    X(table_capacity, 0, LIMIT_TABLE)           X(retention_ns, 0, SPAN_NS)    \
    X(parallel_speculation, 0, 1)               X(cross_agent_speculation, 0, 1) \
    X(optimistic_proofs, 0, 1)                  X(stake_delegation, 0, 1)      \
    X(rollout_bps, 0, SHARE_BPS)                                               \
    X(rollback_max_concurrent, 1, LIMIT_RUNNING_PLANS) X(rollback_timeout_ns, 0, SPAN_NS) \
    X(rollback_grace_ns, 0, SPAN_NS)            X(rollback_max_cascade_size, 0, MANY) \
    X(rollback_max_latency_ns, 0, SPAN_NS)                                     \
    X(breaker_consecutive, 1, LIMIT_BREAKER_FAILURES) X(breaker_consecutive_window_ns, 0, SPAN_NS) \
    X(breaker_consecutive_cooldown_ns, 0, SPAN_NS) X(breaker_rate_bps, 0, SHARE_BPS) \
    X(breaker_rate_window_ns, 1, LIMIT_BREAKER_SECONDS * NS_PER_S) X(breaker_rate_min_tasks, 1, MANY) \
    X(breaker_rate_cooldown_ns, 0, SPAN_NS)     X(breaker_memory_open_bps, 0, SHARE_BPS) \
    X(breaker_memory_close_bps, 0, SHARE_BPS)   X(breaker_queue_open_bps, 0, SHARE_BPS) \
    X(breaker_queue_window_ns, 0, SPAN_NS)      X(breaker_queue_close_bps, 0, SHARE_BPS) \
    X(breaker_half_open_probes, 1, LIMIT_BREAKER_PROBES)                                       \
    X(admin_auth_reads, 0, 1)                   X(metrics_aliases, 0, 1)
#define TEXTS(X) X(admin_token_env) X(admin_bind) X(workers_bind) X(rollout_always)
/* clang-format on */

#define SIZE(field) sizeof(((struct settings *)0)->field)
#define SCALAR_ROW(field, least, most)                                                                       \
    {#field, offsetof(struct settings, field), SIZE(field) / sizeof(int64_t), (least), (most)},
#define TEXT_ROW(field)                {#field, offsetof(struct settings, field), SIZE(field), 0, 0},
#define PLUS_SIZE_(field, least, most) +SIZE(field)
#define PLUS_TEXT_(field)              +SIZE(field)

static const struct scalar SCALAR_ROWS[] = {SCALARS(SCALAR_ROW)};
static const struct scalar TEXT_ROWS[] = {TEXTS(TEXT_ROW)};
enum {
    SCALAR_COUNT = sizeof SCALAR_ROWS / sizeof *SCALAR_ROWS,
    TEXT_COUNT = sizeof TEXT_ROWS / sizeof *TEXT_ROWS
};
_Static_assert(0 SCALARS(PLUS_SIZE_) TEXTS(PLUS_TEXT_) == sizeof(struct settings), "a row for each field");
_Static_assert(sizeof(struct settings) + 2 * TEXT_COUNT <= CODEC_SETTINGS_BYTES_MOST,
               "settings fit a record");

static const int64_t *scalar_at(const struct settings *settings, const struct scalar *row, uint32_t index)
{
    return (const int64_t *)((const char *)settings + row->offset) + index;
}

static err write_scalars(struct codec_out *out, const struct settings *settings)
{
    for (const struct scalar *row = SCALAR_ROWS; row < SCALAR_ROWS + SCALAR_COUNT; row++)
        for (uint32_t i = 0; i < row->count; i++) {
            int64_t value = *scalar_at(settings, row, i);
            if (value < row->least || value > row->most) return ERR_RANGE;
            TRY(codec_write_number(out, (uint64_t)value, 8));
        }
    return OK;
}

/* Its length, then its characters; what stands behind the closing zero is nothing. */
static err write_text(struct codec_out *out, const char *text, size_t size)
{
    const char *end = memchr(text, '\0', size);
    if (!end) return ERR_RANGE;
    size_t length = (size_t)(end - text);
    TRY(codec_write_number(out, length, 2));
    if (out->capacity - out->used < length) return ERR_LIMIT;
    memcpy(out->bytes + out->used, text, length);
    out->used += length;
    return OK;
}

err codec_write_settings(struct codec_out *out, const struct settings *settings)
{
    struct codec_out draft = *out;
    TRY(write_scalars(&draft, settings));
    for (const struct scalar *row = TEXT_ROWS; row < TEXT_ROWS + TEXT_COUNT; row++)
        TRY(write_text(&draft, (const char *)settings + row->offset, row->count));
    *out = draft;
    return OK;
}

static err fail(struct codec_fault *fault, const struct scalar *row, const char *what)
{
    *fault = (struct codec_fault){.field = row->name, .what = what};
    return ERR_SYNTAX;
}

static err read_scalar(struct codec_in *in, struct settings *settings, const struct scalar *row,
                       struct codec_fault *fault)
{
    for (uint32_t i = 0; i < row->count; i++) {
        uint64_t read;
        if (codec_read_number(in, 8, &read) != OK) return fail(fault, row, "is cut off");
        int64_t value = (int64_t)read;
        if (value < row->least || value > row->most) return fail(fault, row, "is out of range");
        memcpy((char *)settings + row->offset + i * sizeof value, &value, sizeof value);
    }
    return OK;
}

static err read_text(struct codec_in *in, struct settings *settings, const struct scalar *row,
                     struct codec_fault *fault)
{
    uint64_t length;
    if (codec_read_number(in, 2, &length) != OK) return fail(fault, row, "is cut off");
    if (length >= row->count) return fail(fault, row, "is too long");
    if (in->size - in->used < length) return fail(fault, row, "is cut off");
    if (memchr(in->bytes + in->used, '\0', length)) return fail(fault, row, "has a zero inside");
    memcpy((char *)settings + row->offset, in->bytes + in->used, length);
    in->used += length;
    return OK;
}

err codec_read_settings(struct codec_in *in, struct settings *settings, struct codec_fault *fault)
{
    struct codec_in draft = *in;
    struct settings read;
    memset(&read, 0, sizeof read);
    for (const struct scalar *row = SCALAR_ROWS; row < SCALAR_ROWS + SCALAR_COUNT; row++)
        TRY(read_scalar(&draft, &read, row, fault));
    for (const struct scalar *row = TEXT_ROWS; row < TEXT_ROWS + TEXT_COUNT; row++)
        TRY(read_text(&draft, &read, row, fault));
    *settings = read;
    *in = draft;
    return OK;
}
