/* chaos/injector.h: the faults that there are: one row each, one function each.
 *
 * A fault is an entry of a schedule (chaos/schedule.h): an injector, when, at
 * what, how likely, with which parameters. Ports show what is about to happen
 * as an occasion (chaos/occasion.h); an injector that is armed for this kind of
 * occasion may change it. Injectors hold no state of their own and know no
 * driver: simulation and service arm the same ones with the same files.
 *
 * Source: chaos.md 4. */
#pragma once
#include "base/rng.h"
#include "chaos/occasion.h"

/* Where it reaches in: chaos.md 4's hooks. */
#define CHAOS_HOOKS(X)                                                                                       \
    X(HOOK_CLK, "CLK", "clock and timers")                                                                   \
    X(HOOK_NET, "NET", "transport between the parts")                                                        \
    X(HOOK_RPC, "RPC", "client of the chain")                                                                \
    X(HOOK_CHN, "CHN", "the chain itself")                                                                   \
    X(HOOK_WRK, "WRK", "proof workers")                                                                      \
    X(HOOK_LED, "LED", "the ledger's records")                                                               \
    X(HOOK_VFS, "VFS", "files")                                                                              \
    X(HOOK_BUS, "BUS", "events on their way to the engine")                                                  \
    X(HOOK_SCH, "SCH", "who runs when")                                                                      \
    X(HOOK_ALC, "ALC", "memory")                                                                             \
    X(HOOK_STK, "STK", "stake")                                                                              \
    X(HOOK_CLM, "CLM", "claims")                                                                             \
    X(HOOK_ADM, "ADM", "the admin door")                                                                     \
    X(HOOK_CFG, "CFG", "configuration")                                                                      \
    X(HOOK_MET, "MET", "scrapes and alerts")                                                                 \
    X(HOOK_OPR, "OPR", "operators")                                                                          \
    X(HOOK_PRC, "PRC", "processes")                                                                          \
    X(HOOK_LD, "LD", "load")

/* Healable: once it is over everything must come to its end. Safety only: it may take for good what
 * progress needs, so that nothing but safety is asked for. */
enum fault_class { FAULT_HEALABLE, FAULT_SAFETY_ONLY };

/* symbol, name, hook, occasion, class, its parameters in order (common to all: at, for, target, p, key) */
#define INJECTORS(X)                                                                                         \
    /* network */                                                                                            \
    X(NETWORK_LATENCY, "network.latency", NET, MESSAGE, HEALABLE, "min max dist")                            \
    X(NETWORK_DROP, "network.drop", NET, MESSAGE, HEALABLE, "dir")                                           \
    X(NETWORK_PARTITION, "network.partition", NET, MESSAGE, HEALABLE, "duration interval symmetric")         \
    X(NETWORK_TIMEOUT, "network.timeout", NET, MESSAGE, HEALABLE, "")                                        \
    X(NET_ASYM, "net.asym", NET, MESSAGE, HEALABLE, "dir")                                                   \
    X(NET_FLAP, "net.flap", NET, MESSAGE, HEALABLE, "period")                                                \
    X(NET_SWIZZLE_CLOG, "net.swizzle_clog", NET, MESSAGE, HEALABLE, "")                                      \
    X(NET_BANDWIDTH, "net.bandwidth", NET, MESSAGE, HEALABLE, "rate")                                        \
    X(NET_SLICER, "net.slicer", NET, MESSAGE, HEALABLE, "size delay")                                        \
    X(NET_RESET_PEER, "net.reset_peer", NET, MESSAGE, HEALABLE, "")                                          \
    X(NET_HALF_OPEN, "net.half_open", NET, MESSAGE, HEALABLE, "")                                            \
    X(NET_LIMIT_DATA, "net.limit_data", NET, MESSAGE, HEALABLE, "bytes")                                     \
    X(NET_RETRY_STORM, "net.retry_storm", NET, DEED, HEALABLE, "copies")                                     \
    /* process */                                                                                            \
    X(PROCESS_CRASH, "process.crash", PRC, DEED, HEALABLE, "recovery")                                       \
    X(PROCESS_HANG, "process.hang", SCH, MESSAGE, HEALABLE, "duration interval")                             \
    X(PROCESS_OOM, "process.oom", ALC, DEED, HEALABLE, "threshold recovery")                                 \
    X(PROCESS_CPU_SPIKE, "process.cpu_spike", SCH, MESSAGE, HEALABLE, "utilization")                         \
    X(PROC_CRASH_AT, "proc.crash_at", PRC, STEP, HEALABLE, "event recovery")                                 \
    X(PROC_CRASH_IN_RECOVERY, "proc.crash_in_recovery", PRC, DEED, HEALABLE, "record recovery")              \
    X(PROC_RESTART_STORM, "proc.restart_storm", PRC, DEED, HEALABLE, "count period")                         \
    X(PROC_UPGRADE, "proc.upgrade", PRC, DEED, HEALABLE, "version recovery")                                 \
    X(PROC_MALLOC_NTH, "proc.malloc_nth", ALC, ALLOCATION, HEALABLE, "n every")                              \
    X(PROC_EMFILE, "proc.emfile", ADM, REQUEST, HEALABLE, "files")                                           \
    X(PROC_EINTR, "proc.eintr", VFS, DISK, HEALABLE, "")                                                     \
    X(SCHED_PCT, "sched.pct", SCH, MESSAGE, HEALABLE, "depth")                                               \
    X(SCHED_STARVE, "sched.starve", SCH, MESSAGE, HEALABLE, "")                                              \
    /* data */                                                                                               \
    X(DATA_CORRUPTION, "data.corruption", BUS, MESSAGE, HEALABLE, "")                                        \
    X(DATA_DELAY, "data.delay", BUS, MESSAGE, HEALABLE, "delay")                                             \
    X(DATA_DUPLICATE, "data.duplicate", BUS, MESSAGE, HEALABLE, "copies delay")                              \
    X(DATA_REORDER, "data.reorder", BUS, MESSAGE, HEALABLE, "window")                                        \
    /* disk */                                                                                               \
    X(DISK_ENOSPC, "disk.enospc", VFS, DISK, HEALABLE, "bytes")                                              \
    X(DISK_EIO, "disk.eio", VFS, DISK, HEALABLE, "op nth")                                                   \
    X(DISK_FSYNC_FAIL, "disk.fsync_fail", VFS, DISK, HEALABLE, "nth")                                        \
    X(DISK_TORN, "disk.torn", VFS, DISK, HEALABLE, "sector")                                                 \
    X(DISK_LOSE_UNSYNCED, "disk.lose_unsynced", VFS, DISK, HEALABLE, "")                                     \
    X(DISK_MISDIRECT, "disk.misdirect", VFS, DISK, SAFETY_ONLY, "")                                          \
    X(DISK_BITFLIP, "disk.bitflip", LED, DISK, SAFETY_ONLY, "")                                              \
    X(DISK_SLOW, "disk.slow", VFS, DISK, HEALABLE, "delay")                                                  \
    X(DISK_ROFS, "disk.rofs", VFS, DISK, HEALABLE, "")                                                       \
    /* clock: the wall clock alone; monotonic time never steps */                                            \
    X(CLOCK_SKEW, "clock.skew", CLK, CLOCK, HEALABLE, "offset")                                              \
    X(CLOCK_JUMP, "clock.jump", CLK, CLOCK, HEALABLE, "offset")                                              \
    X(CLOCK_DRIFT, "clock.drift", CLK, CLOCK, HEALABLE, "ppm")                                               \
    X(CLOCK_FREEZE, "clock.freeze", CLK, CLOCK, HEALABLE, "")                                                \
    X(CLOCK_STROBE, "clock.strobe", CLK, CLOCK, HEALABLE, "period delta")                                    \
    X(CLOCK_Y2038, "clock.y2038", CLK, CLOCK, HEALABLE, "")                                                  \
    /* chain */                                                                                              \
    X(CHAIN_REORG, "chain.reorg", CHN, DEED, HEALABLE, "depth respects_finality")                            \
    X(CHAIN_SLOT_SKIP, "chain.slot_skip", CHN, TRANSACTION, HEALABLE, "count")                               \
    X(CHAIN_CONFIRMATION_DELAY, "chain.confirmation_delay", CHN, TRANSACTION, HEALABLE, "multiplier")        \
    X(CHAIN_RPC_ERROR, "chain.rpc_error", RPC, TRANSACTION, HEALABLE, "error retry_after")                   \
    X(CHAIN_TX_DROPPED, "chain.tx_dropped", CHN, TRANSACTION, HEALABLE, "")                                  \
    X(CHAIN_UNKNOWN_RESULT, "chain.unknown_result", RPC, TRANSACTION, HEALABLE, "")                          \
    X(CHAIN_DOUBLE_LAND, "chain.double_land", CHN, TRANSACTION, HEALABLE, "")                                \
    X(CHAIN_BLOCKHASH_EXPIRED, "chain.blockhash_expired", CHN, TRANSACTION, HEALABLE, "")                    \
    X(CHAIN_STALE_RPC, "chain.stale_rpc", RPC, MESSAGE, HEALABLE, "lag")                                     \
    X(CHAIN_SPLIT_RPC, "chain.split_rpc", RPC, MESSAGE, HEALABLE, "lag")                                     \
    X(CHAIN_FINALITY_STALL, "chain.finality_stall", CHN, MESSAGE, HEALABLE, "")                              \
    X(CHAIN_HALT, "chain.halt", CHN, MESSAGE, HEALABLE, "")                                                  \
    X(CHAIN_FEE_SPIKE, "chain.fee_spike", CHN, TRANSACTION, HEALABLE, "multiplier")                          \
    /* application */                                                                                        \
    X(APP_PROOF_INVALID, "app.proof_invalid", WRK, PROOF, HEALABLE, "")                                      \
    X(APP_PROOF_SLOW, "app.proof_slow", WRK, PROOF, HEALABLE, "multiplier")                                  \
    X(APP_STAKE_INSUFFICIENT, "app.stake_insufficient", STK, SUBMISSION, HEALABLE, "")                       \
    X(APP_CLAIM_EXPIRED, "app.claim_expired", CLM, SUBMISSION, HEALABLE, "left")                             \
    X(APP_WORKER_POISON, "app.worker_poison", WRK, PROOF, HEALABLE, "recovery")                              \
    X(APP_WORKER_LOSS, "app.worker_loss", WRK, PROOF, HEALABLE, "workers")                                   \
    X(APP_STATE_CONFLICT, "app.state_conflict", CHN, TRANSACTION, HEALABLE, "")                              \
    X(APP_CYCLE_SUBMIT, "app.cycle_submit", LD, SUBMISSION, HEALABLE, "")                                    \
    X(APP_HUGE_FANOUT, "app.huge_fanout", LD, SUBMISSION, HEALABLE, "children")                              \
    X(APP_WITHDRAW_RACE, "app.withdraw_race", STK, DEED, HEALABLE, "share immediate")                        \
    X(APP_GC_DURING_ROLLBACK, "app.gc_during_rollback", LED, MESSAGE, HEALABLE, "")                          \
    X(APP_CONFIG_FLIP, "app.config_flip", CFG, DEED, HEALABLE, "setting value")                              \
    /* the admin door, operators, metrics */                                                                 \
    X(API_SLOWLORIS, "api.slowloris", ADM, REQUEST, HEALABLE, "connections")                                 \
    X(API_MALFORMED, "api.malformed", ADM, REQUEST, HEALABLE, "")                                            \
    X(API_HUGE_BODY, "api.huge_body", ADM, REQUEST, HEALABLE, "bytes")                                       \
    X(API_BAD_TOKEN, "api.bad_token", ADM, REQUEST, HEALABLE, "")                                            \
    X(API_CONCURRENT_ADMIN, "api.concurrent_admin", ADM, DEED, HEALABLE, "interval")                         \
    X(OPS_SCRAPE_GAP, "ops.scrape_gap", MET, SCRAPE, HEALABLE, "")                                           \
    X(OPS_ALERT_DELAY, "ops.alert_delay", MET, SCRAPE, HEALABLE, "delay")                                    \
    X(OPS_OPERATOR, "ops.operator", OPR, DEED, HEALABLE, "habit interval")                                   \
    /* load */                                                                                               \
    X(LOAD_BURST, "load.burst", LD, ARRIVAL, HEALABLE, "multiplier")                                         \
    X(LOAD_THUNDERING_HERD, "load.thundering_herd", LD, ARRIVAL, HEALABLE, "")                               \
    X(LOAD_METASTABLE, "load.metastable", LD, ARRIVAL, HEALABLE, "multiplier")

#define NAME_(name, text, help)                            name,
#define INJECTOR_(symbol, name, hook, kind, class, params) INJECT_##symbol,
enum chaos_hook { CHAOS_HOOKS(NAME_) CHAOS_HOOK_COUNT };
enum injector_id { INJECTORS(INJECTOR_) INJECTOR_COUNT };
#undef NAME_
#undef INJECTOR_
_Static_assert(INJECTOR_COUNT == 81, "twenty of the chaos test plan and sixty-one more");

enum param_kind {
    PARAM_DURATION, /* ns; written "50ms" */
    PARAM_COUNT,
    PARAM_BYTES,
    PARAM_SHARE,  /* ppm of 1; written 0.25 */
    PARAM_FACTOR, /* bps of 1; written 3 or 1.5 */
    PARAM_WORD,   /* index into words */
    PARAM_SIGNED, /* a duration with a sign; written "-30s" */
};

/* min .. max is what a schedule may say; usual .. most what a random one draws, log-uniformly. */
struct injector_param {
    const char *name;
    enum param_kind kind;
    int64_t min, max, fallback, usual, most;
    const char *const *words; /* PARAM_WORD: NULL-terminated */
    const char *help;
};

enum { FAULT_PARAMS = 4 };

/* Levels at which it can be armed: 0 in simulation, 1 in the live service, 2 by the operating system. */
enum { LEVEL_SIMULATION = 1 << 0, LEVEL_SERVICE = 1 << 1, LEVEL_SYSTEM = 1 << 2 };

struct fault;

/* One fault at one occasion, once its chance has said yes. */
struct fault_turn {
    const struct fault *fault;
    int64_t now_ns, end_ns; /* end_ns: of the fault; now_ns when it happens once */
    struct draw *draw;      /* of (seed, key, entity, ordinal), behind the draw of the chance */
    struct fault_state *state;
};

/* What the runtime keeps for each armed fault; zeroed when it begins. */
struct fault_state {
    int64_t busy_until_ns; /* net.bandwidth: the link */
    uint64_t count;        /* occasions that it changed */
    uint64_t bytes;        /* net.limit_data, disk.enospc: that have passed */
    uint64_t seen;         /* those of which every n-th is meant */
};

struct injector {
    const char *name;
    enum chaos_hook hook;
    enum occasion_kind occasion;
    enum fault_class class;
    unsigned levels;   /* of LEVEL_ */
    unsigned targets;  /* 1 << enum chaos_target, of those that mean something */
    bool happens_once; /* "for" may be left out: once then; with it, again and again by its chance */
    bool is_always;    /* has no chance of its own: p is 1 */
    struct injector_param params[FAULT_PARAMS];
    const char *help;
    /* Changes the occasion. False: it was not concerned (another kind of message), nothing has changed. */
    bool (*meet)(const struct fault_turn *turn, struct occasion *occasion);
};

/* registry.c: the one list, by enum injector_id. */
extern const struct injector INJECTOR_TABLE[INJECTOR_COUNT];

/* The functions of the rows: network.c, process.c, data.c, disk.c, clock.c, chain.c, app.c, admin.c, load.c.
 */
#define MEET_(symbol, name, hook, kind, class, params)                                                       \
    bool meet_##symbol(const struct fault_turn *turn, struct occasion *occasion);
INJECTORS(MEET_)
#undef MEET_

const char *chaos_hook_name(enum chaos_hook hook);
