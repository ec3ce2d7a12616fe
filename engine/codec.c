/* engine/codec.c: one row of fields for each kind of event. */
#include "engine/codec.h"
#include <string.h>

/* A list of its own length in EVENT_SUBMIT; the settings in EVENT_SETTINGS. */
enum field_type { FIELD_END, FIELD_NUMBER, FIELD_PARENTS, FIELD_SETTINGS };

struct field {
    const char *name;
    enum field_type type;
    uint8_t memory, wire; /* bytes in struct event and in the record */
    uint16_t offset;
    uint64_t most;
};

/* clang-format off */
#define WIDTH(member)         sizeof(((struct event *)0)->member)
#define FIELD(member, on_wire, most) \
    {#member, FIELD_NUMBER, WIDTH(member), (on_wire), offsetof(struct event, member), (most)}
#define NUMBER(member)        FIELD(member, WIDTH(member), UINT64_MAX)
#define FLAG(member)          FIELD(member, 1, 1)
#define CHOICE(member, count) FIELD(member, 1, (count) - 1)
#define TASK                  NUMBER(task.slot), NUMBER(task.generation)
#define ATTEMPT               TASK, NUMBER(attempt)

enum { FIELDS_MOST = 8 };

static const struct field ROWS[EVENT_KIND_COUNT][FIELDS_MOST] = {
    [EVENT_DEPOSIT]          = {NUMBER(u.deposit.agent_id), NUMBER(u.deposit.lamports)},
    [EVENT_SUBMIT]           = {NUMBER(u.submit.id), NUMBER(u.submit.agent_id),
                                NUMBER(u.submit.snapshot_bytes), NUMBER(u.submit.bond_lamports),
                                NUMBER(u.submit.claim_expires_ns), NUMBER(u.submit.rollout_bucket),
                                {"u.submit.parents", .type = FIELD_PARENTS}},
    [EVENT_EXECUTED]         = {TASK, NUMBER(u.executed.compute_ns), NUMBER(u.executed.output_digest)},
    [EVENT_EXECUTION_FAILED] = {TASK, NUMBER(u.executed.compute_ns)},
    [EVENT_ABORTED]          = {TASK, NUMBER(u.executed.compute_ns)},
    [EVENT_RESTORED]         = {TASK},
    [EVENT_PROOF_DONE]       = {ATTEMPT},
    [EVENT_PROOF_FAILED]     = {ATTEMPT, NUMBER(jitter), CHOICE(u.proof.error, PROOF_ERROR_TRANSIENT + 1)},
    [EVENT_WORKER_FREE]      = {NUMBER(u.worker.worker)},
    [EVENT_TX_ACCEPTED]      = {ATTEMPT},
    [EVENT_TX_REFUSED]       = {ATTEMPT, NUMBER(jitter)},
    [EVENT_TX_DROPPED]       = {ATTEMPT, NUMBER(jitter)},
    [EVENT_TX_REJECTED]      = {ATTEMPT, CHOICE(u.tx.rejection, TX_STATE_CONFLICT + 1)},
    [EVENT_CONFIRMED]        = {ATTEMPT, NUMBER(u.level.slot)},
    [EVENT_FINALIZED]        = {ATTEMPT, NUMBER(u.level.slot)},
    [EVENT_REVERTED]         = {ATTEMPT, NUMBER(u.level.slot)},
    [EVENT_CLAIM_RENEWED]    = {TASK, NUMBER(u.claim.expires_ns)},
    [EVENT_WITHDRAW]         = {NUMBER(u.withdraw.agent_id), NUMBER(u.withdraw.lamports),
                                FLAG(u.withdraw.is_immediate)},
    [EVENT_CANCEL]           = {TASK},
    [EVENT_ROLLBACK]         = {TASK, CHOICE(u.rollback.reason, REASON_COUNT)},
    [EVENT_FORCE_ROLLBACK]   = {CHOICE(u.rollback.reason, REASON_COUNT)},
    [EVENT_DRAIN]            = {NUMBER(u.drain.timeout_ns), FLAG(u.drain.is_forced)},
    [EVENT_EMERGENCY]        = {CHOICE(u.emergency.action, EMERGENCY_DRAIN + 1), FLAG(u.emergency.is_forced)},
    [EVENT_TIMEOUT_STALE]    = {NUMBER(u.stale.older_than_ns)},
    [EVENT_CLEAR_QUEUE]      = {FLAG(u.clear.is_dropped)},
    [EVENT_PROOF_RETRY]      = {TASK},
    [EVENT_SNAPSHOTS_CLEAR]  = {NUMBER(u.snapshots.older_than_ns), FLAG(u.snapshots.is_dry_run),
                                FLAG(u.snapshots.includes_live)},
    [EVENT_STAKE_RECOVER]    = {NUMBER(u.recover.agent_id)},
    [EVENT_BREAKER_ENABLE]   = {FLAG(u.enable.is_forced)},
    [EVENT_SETTINGS]         = {{"u.settings", .type = FIELD_SETTINGS}},
    [EVENT_GC]               = {FLAG(u.gc.is_forced)},
    /* BREAKER_RESET, TICK and RESUME have nothing but their time. */
};
/* clang-format on */

/* ---- numbers ---- */

err codec_write_number(struct codec_out *out, uint64_t value, unsigned bytes)
{
    if (out->capacity - out->used < bytes) return ERR_LIMIT;
    for (unsigned i = 0; i < bytes; i++) out->bytes[out->used++] = (unsigned char)(value >> (8 * i));
    return OK;
}

err codec_read_number(struct codec_in *in, unsigned bytes, uint64_t *value)
{
    if (in->size - in->used < bytes) return ERR_SYNTAX;
    uint64_t read = 0;
    for (unsigned i = 0; i < bytes; i++) read |= (uint64_t)in->bytes[in->used++] << (8 * i);
    *value = read;
    return OK;
}

static uint64_t load(const struct event *event, const struct field *field)
{
    const char *at = (const char *)event + field->offset;
    uint8_t byte;
    uint32_t word;
    uint64_t value;
    switch (field->memory) {
    case 1: memcpy(&byte, at, sizeof byte); return byte;
    case 4: memcpy(&word, at, sizeof word); return word;
    default: memcpy(&value, at, sizeof value); return value;
    }
}

static void store(struct event *event, const struct field *field, uint64_t value)
{
    char *at = (char *)event + field->offset;
    const uint8_t byte = (uint8_t)value;
    const uint32_t word = (uint32_t)value;
    switch (field->memory) {
    case 1: memcpy(at, &byte, sizeof byte); break;
    case 4: memcpy(at, &word, sizeof word); break;
    default: memcpy(at, &value, sizeof value); break;
    }
}

static err fail(struct codec_fault *fault, const char *field, const char *what)
{
    *fault = (struct codec_fault){.field = field, .what = what};
    return ERR_SYNTAX;
}

/* ---- parents ---- */

/* A submission with too many parents is refused, and counted, by the number alone: it names none. */
static uint32_t parents_named(uint64_t count)
{
    return count <= LIMIT_PARENTS ? (uint32_t)count : 0;
}

static err write_parents(struct codec_out *out, const struct event_submit *submit)
{
    TRY(codec_write_number(out, submit->parent_count, 4));
    for (uint32_t i = 0; i < parents_named(submit->parent_count); i++) {
        if (submit->edge_kinds[i] >= EDGE_KIND_COUNT) return ERR_RANGE;
        TRY(codec_write_number(out, submit->parents[i], 8));
        TRY(codec_write_number(out, submit->edge_kinds[i], 1));
    }
    return OK;
}

static err read_parents(struct codec_in *in, struct event_submit *submit, struct codec_fault *fault)
{
    uint64_t count, kind;
    if (codec_read_number(in, 4, &count) != OK) return fail(fault, "u.submit.parent_count", "is cut off");
    submit->parent_count = (uint32_t)count;
    for (uint32_t i = 0; i < parents_named(count); i++) {
        if (codec_read_number(in, 8, &submit->parents[i]) != OK || codec_read_number(in, 1, &kind) != OK)
            return fail(fault, "u.submit.parents", "are cut off");
        if (kind >= EDGE_KIND_COUNT) return fail(fault, "u.submit.edge_kinds", "is out of range");
        submit->edge_kinds[i] = (uint8_t)kind;
    }
    return OK;
}

/* ---- events ---- */

static err write_field(struct codec_out *out, const struct event *event, const struct field *field)
{
    if (field->type == FIELD_PARENTS) return write_parents(out, &event->u.submit);
    if (field->type == FIELD_SETTINGS) return codec_write_settings(out, event->u.settings);
    uint64_t value = load(event, field);
    return value <= field->most ? codec_write_number(out, value, field->wire) : ERR_RANGE;
}

static err write_fields(struct codec_out *out, const struct event *event)
{
    TRY(codec_write_number(out, (uint64_t)event->kind, 1));
    TRY(codec_write_number(out, (uint64_t)event->now_ns, 8));
    for (const struct field *field = ROWS[event->kind]; field->type != FIELD_END; field++)
        TRY(write_field(out, event, field));
    return OK;
}

err codec_write_event(struct codec_out *out, const struct event *event)
{
    if ((unsigned)event->kind >= EVENT_KIND_COUNT) return ERR_RANGE;
    struct codec_out draft = *out;
    TRY(write_fields(&draft, event));
    *out = draft;
    return OK;
}

static err read_field(struct codec_in *in, struct event *event, struct settings *settings,
                      const struct field *field, struct codec_fault *fault)
{
    if (field->type == FIELD_PARENTS) return read_parents(in, &event->u.submit, fault);
    if (field->type == FIELD_SETTINGS) {
        event->u.settings = settings;
        return codec_read_settings(in, settings, fault);
    }
    uint64_t value;
    if (codec_read_number(in, field->wire, &value) != OK) return fail(fault, field->name, "is cut off");
    if (value > field->most) return fail(fault, field->name, "is out of range");
    store(event, field, value);
    return OK;
}

static err read_fields(struct codec_in *in, struct event *event, struct settings *settings,
                       struct codec_fault *fault)
{
    uint64_t kind, now_ns;
    if (codec_read_number(in, 1, &kind) != OK) return fail(fault, "kind", "is cut off");
    if (kind >= EVENT_KIND_COUNT) return fail(fault, "kind", "is unknown");
    if (codec_read_number(in, 8, &now_ns) != OK) return fail(fault, "now_ns", "is cut off");
    event->kind = (enum event_kind)kind;
    event->now_ns = (int64_t)now_ns;
    for (const struct field *field = ROWS[kind]; field->type != FIELD_END; field++)
        TRY(read_field(in, event, settings, field, fault));
    return OK;
}

err codec_read_event(struct codec_in *in, struct event *event, struct settings *settings,
                     struct codec_fault *fault)
{
    struct codec_in draft = *in;
    struct event read;
    memset(&read, 0, sizeof read);
    TRY(read_fields(&draft, &read, settings, fault));
    *event = read;
    *in = draft;
    return OK;
}
