/* chaos/swarm.c: which faults a seed has, and how bad each is.
 *
 * Draws are addressed by the injector's name, so that another row in the table, or one left out, moves no
 * other one's faults. The time is cut into as many pieces as an injector has faults; each lies within its
 * piece. */
#include "chaos/swarm.h"
#include "base/assert.h"
#include "base/fmath.h"
#include "chaos/registry.h"

/* Of 1000 seeds; the rest are mixed. */
enum { SINGLE_SEEDS = 100, CONTROL_SEEDS = 50, SAFETY_SEEDS = 100 };

/* Which injector a single seed has, and what a seed is: addresses beside those of injectors. */
#define ENTITY_OF_SEED UINT64_MAX
enum { INDEX_IN = 0, INDEX_SINGLE = 1, INDEX_FAULTS = 16 };

#define LENGTH_LEAST     NS_PER_S
#define LENGTH_MOST      NS_PER_MIN
#define CHANCE_LEAST     20000 /* ppm */
#define KEY_OF_SWARMS    (1u << 23)
#define KEY_HASH_BITS    19
#define FAULTS_EACH_MOST 15 /* four bits of the key */

/* Faults that wait for something rare (a crash, a rollback, the number of an event), and people, are there
 * all the time, once and from the beginning. */
static const enum injector_id PATIENT[] = {
    INJECT_PROC_CRASH_AT, INJECT_PROC_MALLOC_NTH,        INJECT_DISK_TORN,    INJECT_DISK_LOSE_UNSYNCED,
    INJECT_DISK_BITFLIP,  INJECT_APP_GC_DURING_ROLLBACK, INJECT_OPS_OPERATOR, INJECT_API_CONCURRENT_ADMIN,
};

const char *swarm_kind_name(enum swarm_kind kind)
{
    static const char *const NAMES[SWARM_KIND_COUNT] = {"mixed", "single", "control", "safety"};
    return NAMES[kind];
}

static bool is_patient(enum injector_id injector)
{
    for (size_t i = 0; i < sizeof PATIENT / sizeof *PATIENT; i++)
        if (PATIENT[i] == injector) return true;
    return false;
}

/* FNV-1a of its name. */
static uint64_t entity_of(enum injector_id injector)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *at = INJECTOR_TABLE[injector].name; *at; at++)
        hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    return hash;
}

static uint32_t key_of(enum injector_id injector, uint32_t which)
{
    uint64_t hash = entity_of(injector);
    uint32_t low = (uint32_t)(hash ^ hash >> 32) & ((1u << KEY_HASH_BITS) - 1);
    return KEY_OF_SWARMS | low << 4 | which;
}

/* To three digits, so that people can read it. */
static int64_t round_down(int64_t value)
{
    int64_t scale = 1;
    while (value / scale >= 1000) scale *= 10;
    return value / scale * scale;
}

/* Between both, each factor as likely as the next; 0 <= least <= most. */
static int64_t log_uniform(struct draw *draw, int64_t least, int64_t most)
{
    double ratio = ((double)most + 1) / ((double)least + 1);
    double value = ((double)least + 1) * fmath_pow(ratio, draw_unit(draw)) - 1;
    int64_t drawn = round_down((int64_t)value);
    return drawn < least ? least : drawn > most ? most : drawn;
}

static int64_t draw_param(const struct injector_param *param, struct draw *draw)
{
    if (param->kind == PARAM_WORD)
        return param->usual + (int64_t)draw_below(draw, (uint64_t)(param->most - param->usual) + 1);
    int64_t value = log_uniform(draw, param->usual, param->most);
    return param->min < 0 && draw_below(draw, 2) ? -value : value;
}

static void draw_params(struct fault *fault, struct draw *draw)
{
    const struct injector *row = &INJECTOR_TABLE[fault->injector];
    for (uint32_t i = 0; i < injector_param_count(fault->injector); i++)
        fault->params[i] = draw_param(&row->params[i], draw);
    if (fault->injector == INJECT_APP_CONFIG_FLIP) {
        const struct setting_range *range = &SETTING_RANGES[fault->params[0]];
        fault->params[1] = log_uniform(draw, range->usual, range->most);
    }
}

static enum chaos_target draw_target(const struct injector *row, struct draw *draw)
{
    uint64_t chosen = draw_below(draw, (uint64_t)__builtin_popcount(row->targets));
    for (int i = 0; i < CHAOS_TARGET_COUNT; i++)
        if (row->targets & 1u << i && chosen-- == 0) return (enum chaos_target)i;
    return TARGET_ANY;
}

/* The piece of time that one fault may have. */
struct piece {
    int64_t from_ns, until_ns;
};

static void draw_times(struct fault *fault, const struct piece *piece, struct draw *draw)
{
    int64_t room_ns = piece->until_ns - piece->from_ns;
    int64_t most_ns = room_ns / 2 < LENGTH_MOST ? room_ns / 2 : LENGTH_MOST;
    int64_t least_ns = most_ns < LENGTH_LEAST ? most_ns : LENGTH_LEAST;
    int64_t length_ns = log_uniform(draw, least_ns, most_ns);
    if (is_patient(fault->injector)) {
        fault->on_ns = piece->from_ns;
        fault->for_ns = room_ns;
        return;
    }
    int64_t free_ms = (room_ns - length_ns) / NS_PER_MS;
    fault->on_ns = piece->from_ns + (int64_t)draw_below(draw, (uint64_t)free_ms + 1) * NS_PER_MS;
    fault->for_ns = INJECTOR_TABLE[fault->injector].happens_once ? 0 : length_ns;
}

static struct fault draw_fault(enum injector_id injector, uint32_t which, const struct piece *piece,
                               struct draw *draw)
{
    const struct injector *row = &INJECTOR_TABLE[injector];
    struct fault fault = fault_of(injector);
    draw_times(&fault, piece, draw);
    fault.target = draw_target(row, draw);
    if (!row->is_always && !row->happens_once)
        fault.chance_ppm = (uint32_t)log_uniform(draw, CHANCE_LEAST, SCHEDULE_PPM_ONE);
    draw_params(&fault, draw);
    fault.key = key_of(injector, which);
    return fault;
}

/* From 1 to twice the mean less 1. */
static uint32_t draw_count(const struct swarm *swarm, enum injector_id injector, struct draw *draw)
{
    uint32_t mean = (2 * swarm->mean_faults + INJECTOR_COUNT / 2) / INJECTOR_COUNT;
    uint32_t most = mean > 1 ? 2 * mean - 1 : 1;
    if (is_patient(injector)) return 1;
    return 1 + (uint32_t)draw_below(draw, most < FAULTS_EACH_MOST ? most : FAULTS_EACH_MOST);
}

static err add_faults(struct schedule *out, const struct swarm *swarm, const struct rng *rng,
                      enum injector_id injector)
{
    struct draw draw = draw_at(rng, RNG_SWARM, entity_of(injector), INDEX_FAULTS);
    uint32_t count = draw_count(swarm, injector, &draw);
    int64_t room_ns = (swarm->until_ns - swarm->from_ns) / count;
    for (uint32_t i = 0; i < count; i++) {
        struct piece piece = {.from_ns = swarm->from_ns + i * room_ns};
        piece.until_ns = piece.from_ns + room_ns;
        struct fault fault = draw_fault(injector, i, &piece, &draw);
        TRY(schedule_add(out, &fault));
    }
    return OK;
}

/* ---- which of them ---- */

static bool is_allowed(const struct swarm *swarm, enum injector_id injector, enum swarm_kind kind)
{
    if (swarm->excluded && swarm->excluded[injector]) return false;
    return INJECTOR_TABLE[injector].class == FAULT_HEALABLE || kind == SWARM_SAFETY;
}

static enum swarm_kind draw_kind(const struct rng *rng)
{
    struct draw draw = draw_at(rng, RNG_SWARM, ENTITY_OF_SEED, 0);
    uint64_t kind = draw_below(&draw, 1000);
    if (kind < SINGLE_SEEDS) return SWARM_SINGLE;
    if (kind < SINGLE_SEEDS + CONTROL_SEEDS) return SWARM_CONTROL;
    return kind < SINGLE_SEEDS + CONTROL_SEEDS + SAFETY_SEEDS ? SWARM_SAFETY : SWARM_MIXED;
}

/* The one that draws the least: one more injector changes few seeds. INJECTOR_COUNT: all are excluded. */
static enum injector_id draw_single(const struct swarm *swarm, const struct rng *rng)
{
    enum injector_id best = INJECTOR_COUNT;
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < INJECTOR_COUNT; i++) {
        uint64_t own = rng_u64(rng, RNG_SWARM, entity_of((enum injector_id)i), INDEX_SINGLE);
        if (!is_allowed(swarm, (enum injector_id)i, SWARM_SINGLE) || own >= least) continue;
        least = own;
        best = (enum injector_id)i;
    }
    return best;
}

static bool is_in(const struct swarm *swarm, const struct rng *rng, enum injector_id injector,
                  enum swarm_kind kind)
{
    if (!is_allowed(swarm, injector, kind)) return false;
    return swarm->is_all_on || rng_u64(rng, RNG_SWARM, entity_of(injector), INDEX_IN) >> 63;
}

err swarm_draw(struct schedule *out, const struct swarm *swarm, uint64_t seed, enum swarm_kind *kind_out)
{
    struct rng rng = rng_keyed(seed, 0);
    enum swarm_kind kind = swarm->is_all_on ? SWARM_MIXED : draw_kind(&rng);
    enum injector_id single = kind == SWARM_SINGLE ? draw_single(swarm, &rng) : INJECTOR_COUNT;
    struct schedule drawn = {0};
    err e = OK;
    ASSERT(swarm->until_ns > swarm->from_ns);
    for (uint32_t i = 0; i < INJECTOR_COUNT && e == OK && kind != SWARM_CONTROL; i++) {
        enum injector_id injector = (enum injector_id)i;
        bool has = kind == SWARM_SINGLE ? injector == single : is_in(swarm, &rng, injector, kind);
        if (has) e = add_faults(&drawn, swarm, &rng, injector);
    }
    if (e == OK) e = schedule_settle(&drawn, "swarm", NULL);
    if (e != OK) {
        schedule_close(&drawn);
        return e;
    }
    *out = drawn;
    *kind_out = kind;
    return OK;
}
