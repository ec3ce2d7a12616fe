/* chaos/registry.c: the one table of faults: what each takes, within which limits, and what it does.
 *
 * Name, hook, occasion, class and the order of parameters are in INJECTORS (chaos/injector.h); a row here
 * adds the rest. Figures: engine.md 6.2 where it gives any, as the value of a parameter left out. */
#include "chaos/registry.h"
#include "base/limits.h"
#include "base/nearest.h"
#include "base/units.h"
#include "engine/journal.h"
#include <string.h>

static const char *const NO_YES[] = {"false", "true", NULL};
static const char *const LAWS[] = {"uniform", "lognormal", "pareto", NULL};
static const char *const WAYS[] = {"request", "answer", "both", NULL};
static const char *const RPC_ERRORS[] = {"429", "500", "503", "-32002", "-32005", "timeout", "garbage", NULL};
static const char *const DISK_OPS[] = {"append", "sync", "read", NULL};
static const char *const SETTINGS[] = {"max_depth",  "max_branches",   "enabled",    "rollout",
                                       "batch_size", "worker_threads", "max_memory", NULL};
static const char *const HABITS[] = {"typical", "skip", "wrong_order", "typo", "slow", "absent", NULL};

const struct setting_range SETTING_RANGES[FLIPPED_SETTINGS] = {
    {"max_depth", "levels", 1, LIMIT_DEPTH, 1, 10},
    {"max_branches", "branches", 1, 16, 1, 8},
    {"enabled", "0 or 1", 0, 1, 0, 1},
    {"rollout", "percent", 0, 100, 0, 100},
    {"batch_size", "proofs", 1, LIMIT_BATCH, 1, 20},
    {"worker_threads", "workers", 1, LIMIT_PROOF_WORKERS, 1, 8},
    {"max_memory", "MB", 16, 65536, 16, 1024},
};

/* clang-format off */
#define MS NS_PER_MS
#define SEC NS_PER_S
#define MIN NS_PER_MIN
#define HOUR NS_PER_H
#define PPM SCHEDULE_PPM_ONE
#define TIMES(count) ((int64_t)((count) * 10000)) /* PARAM_FACTOR */

/* name, min, max, fallback, usual, most, help */
#define NUMBER(kind, name, ...) NUMBER_(PARAM_##kind, name, __VA_ARGS__)
#define NUMBER_(kind, name, min, max, fallback, usual, most, help) {name, kind, min, max, fallback, usual, most, NULL, help}
/* name, words, the last of them, fallback, usual, most, help */
#define WORD(name, words, last, fallback, usual, most, help) {name, PARAM_WORD, 0, last, fallback, usual, most, words, help}
#define NO_PARAMS {.name = NULL}
#define RECOVERY NUMBER(DURATION, "recovery", 0, HOUR, 3 * SEC, SEC, 20 * SEC, "until it is there again")

#define L0 LEVEL_SIMULATION
#define L01 (LEVEL_SIMULATION | LEVEL_SERVICE)
#define L02  (LEVEL_SIMULATION | LEVEL_SYSTEM)
#define L012 (LEVEL_SIMULATION | LEVEL_SERVICE | LEVEL_SYSTEM)

#define BIT(target) (1u << TARGET_##target)
#define NO_TARGET BIT(ANY)
#define LINKS (BIT(ANY) | BIT(EXECUTOR) | BIT(PROVER) | BIT(CHAIN))
#define PORTS (LINKS | BIT(STORAGE))
#define PARTS (PORTS | BIT(SCHEDULER) | BIT(LEDGER))

/* While it lasts, at the occasions that its chance picks; while it lasts, at all of them; once (without a "for"). */
#define BY_CHANCE .is_always = false
#define ALWAYS .is_always = true
#define ONCE .happens_once = true

/* symbol, levels, targets, nature, help, parameters in the order of INJECTORS */
#define ROW(symbol, levels_, targets_, nature, help_, ...) \
    [INJECT_##symbol].levels = levels_, [INJECT_##symbol].targets = targets_, [INJECT_##symbol]nature, \
    [INJECT_##symbol].help = help_, [INJECT_##symbol].params = {__VA_ARGS__}
#define HEAD(symbol, name_, hook_, kind, class_, params_) \
    [INJECT_##symbol] = {.name = name_, .hook = HOOK_##hook_, .occasion = OCCASION_##kind, \
                         .class = FAULT_##class_, .meet = meet_##symbol},

const struct injector INJECTOR_TABLE[INJECTOR_COUNT] = {
    INJECTORS(HEAD)

    /* network */
    ROW(NETWORK_LATENCY, L012, LINKS, BY_CHANCE, "messages take longer by a delay drawn for each",
        NUMBER(DURATION, "min", 0, HOUR, 50 * MS, MS, 100 * MS, "least delay"),
        NUMBER(DURATION, "max", 0, HOUR, 500 * MS, 200 * MS, 5 * SEC, "most delay; of lognormal and pareto a cut"),
        WORD("dist", LAWS, 2, 0, 0, 2, "law of the delay beyond min: log-normal around a tenth of the way, sigma 0.8; Pareto with exponent 1.4")),
    ROW(NETWORK_DROP, L012, LINKS, BY_CHANCE, "messages are lost",
        WORD("dir", WAYS, 2, 2, 0, 2, "which of them")),
    ROW(NETWORK_PARTITION, L012, LINKS, ALWAYS, "nothing gets through, again and again",
        NUMBER(DURATION, "duration", MS, HOUR, 5 * SEC, SEC, 20 * SEC, "of each cut"),
        NUMBER(DURATION, "interval", MS, HOUR, 60 * SEC, 30 * SEC, 120 * SEC, "from the beginning of one cut to that of the next"),
        WORD("symmetric", NO_YES, 1, 1, 0, 1, "both ways; false: answers alone are cut off")),
    ROW(NETWORK_TIMEOUT, L012, LINKS, BY_CHANCE, "requests arrive, their answers never come", NO_PARAMS),
    ROW(NET_ASYM, L012, LINKS, ALWAYS, "one direction is cut, the other works",
        WORD("dir", WAYS, 1, 1, 0, 1, "which one is cut")),
    ROW(NET_FLAP, L012, LINKS, ALWAYS, "the link is down for half of each period",
        NUMBER(DURATION, "period", MS, HOUR, 2 * SEC, 100 * MS, 20 * SEC, "of down and up together")),
    ROW(NET_SWIZZLE_CLOG, L012, NO_TARGET, ALWAYS, "links are clogged one after the other, then freed in random order; nothing is lost", NO_PARAMS),
    ROW(NET_BANDWIDTH, L012, LINKS, ALWAYS, "messages queue up for a narrow link",
        NUMBER(BYTES, "rate", 1, 1000000000, 8 * KIB, 4 * KIB, 64 * KIB, "bytes a second")),
    ROW(NET_SLICER, L012, LINKS, BY_CHANCE, "messages arrive in slices, whole when the last is there",
        NUMBER(BYTES, "size", 1, MIB, 512, 64, 4096, "of a slice"),
        NUMBER(DURATION, "delay", 0, 10 * SEC, 10 * MS, MS, 100 * MS, "between slices")),
    ROW(NET_RESET_PEER, L012, LINKS, BY_CHANCE, "the connection is reset: what was under way is lost at once", NO_PARAMS),
    ROW(NET_HALF_OPEN, L012, LINKS, ALWAYS, "connections look open, and nothing arrives", NO_PARAMS),
    ROW(NET_LIMIT_DATA, L012, LINKS, ALWAYS, "a connection closes after so many bytes; what is beyond is lost",
        NUMBER(BYTES, "bytes", 0, INT64_C(1) << 40, 64 * KIB, KIB, 64 * KIB, "that get through")),
    ROW(NET_RETRY_STORM, L01, LINKS, ONCE, "every request that is out is sent again at the same moment",
        NUMBER(COUNT, "copies", 1, 100, 1, 1, 5, "of each")),

    /* process */
    ROW(PROCESS_CRASH, L012, PARTS, ONCE, "the part ends like after kill -9; the service recovers from its log",
        RECOVERY),
    ROW(PROCESS_HANG, L012, PORTS, ALWAYS, "the part stands still, again and again, and then catches up",
        NUMBER(DURATION, "duration", MS, HOUR, 2 * SEC, 500 * MS, 20 * SEC, "of each"),
        NUMBER(DURATION, "interval", MS, HOUR, 120 * SEC, 30 * SEC, 120 * SEC, "from the beginning of one to that of the next")),
    ROW(PROCESS_OOM, L012, NO_TARGET, ALWAYS, "the service is killed when its memory is above a share of its limit",
        NUMBER(SHARE, "threshold", 1, PPM, PPM * 9 / 10, PPM / 1000, PPM / 20, "of the limit"),
        RECOVERY),
    ROW(PROCESS_CPU_SPIKE, L012, PORTS, ALWAYS, "work takes longer: by 1 / (1 - utilization)",
        NUMBER(SHARE, "utilization", 0, PPM * 99 / 100, PPM * 8 / 10, PPM / 4, PPM * 95 / 100, "of the processor, by others")),
    ROW(PROC_CRASH_AT, L01, NO_TARGET, ALWAYS, "the service ends just before it answers an event",
        NUMBER(COUNT, "event", 1, INT64_C(1) << 48, 1, 100, 15000, "its number, from 1 at the beginning of the run"),
        RECOVERY),
    ROW(PROC_CRASH_IN_RECOVERY, L0, NO_TARGET, ONCE, "the service crashes, and once more while it reads its log",
        NUMBER(COUNT, "record", 1, INT64_C(1) << 48, 1, 1, 1000, "records read before the second crash"),
        RECOVERY),
    ROW(PROC_RESTART_STORM, L02, NO_TARGET, ALWAYS, "the service crashes again and again",
        NUMBER(COUNT, "count", 2, 1000, 5, 2, 8, "crashes"),
        NUMBER(DURATION, "period", 10 * MS, HOUR, 5 * SEC, SEC, 10 * SEC, "from one to the next")),
    ROW(PROC_UPGRADE, L02, NO_TARGET, ONCE, "the service ends, and a program starts that reads another version of the log",
        NUMBER(COUNT, "version", 1, 255, JOURNAL_VERSION, JOURNAL_VERSION, JOURNAL_VERSION + 2, "that it reads; one that cannot read the log must refuse, and the old program comes back"),
        RECOVERY),
    ROW(PROC_MALLOC_NTH, L02, NO_TARGET, ALWAYS, "the n-th allocation of the run fails",
        NUMBER(COUNT, "n", 1, INT64_C(1) << 48, 1, 1, 50, "its number, from 1"),
        WORD("every", NO_YES, 1, 0, 0, 1, "one in n, instead of the n-th alone")),
    ROW(PROC_EMFILE, L02, NO_TARGET, ALWAYS, "no more file descriptors: connections cannot be accepted",
        NUMBER(COUNT, "files", 1, 1000000, 1024, 16, 1024, "that others hold")),
    ROW(PROC_EINTR, L02, NO_TARGET, BY_CHANCE, "system calls on files are interrupted by signals", NO_PARAMS),
    ROW(SCHED_PCT, L0, NO_TARGET, ALWAYS, "the order in which answers are handled follows random priorities with a few changes",
        NUMBER(COUNT, "depth", 1, 100, 3, 1, 8, "changes of priority")),
    ROW(SCHED_STARVE, L0, PORTS, ALWAYS, "one part's answers are handled only when nothing else is left", NO_PARAMS),

    /* data */
    ROW(DATA_CORRUPTION, L012, PORTS, BY_CHANCE, "bytes of a message change on its way; whoever receives it must notice", NO_PARAMS),
    ROW(DATA_DELAY, L012, PORTS, BY_CHANCE, "messages are late by a fixed time",
        NUMBER(DURATION, "delay", 1, HOUR, SEC, 10 * MS, 10 * SEC, "that they lose")),
    ROW(DATA_DUPLICATE, L01, PORTS, BY_CHANCE, "messages arrive more than once",
        NUMBER(COUNT, "copies", 1, 100, 1, 1, 5, "besides the first"),
        NUMBER(DURATION, "delay", 0, HOUR, 10 * MS, MS, MIN, "from one to the next")),
    ROW(DATA_REORDER, L01, PORTS, BY_CHANCE, "messages overtake one another",
        NUMBER(DURATION, "window", 1, HOUR, 100 * MS, 10 * MS, 2 * SEC, "within which they may")),

    /* disk */
    ROW(DISK_ENOSPC, L012, NO_TARGET, ALWAYS, "the disk is full: first a short write, then none",
        NUMBER(BYTES, "bytes", 0, INT64_C(1) << 40, 0, 0, 64 * KIB, "that still fit")),
    ROW(DISK_EIO, L012, NO_TARGET, BY_CHANCE, "operations on the log fail",
        WORD("op", DISK_OPS, 2, 0, 0, 2, "which"),
        NUMBER(COUNT, "nth", 1, INT64_C(1) << 48, 1, 1, 20, "one in so many, counted from the beginning of the fault")),
    ROW(DISK_FSYNC_FAIL, L012, NO_TARGET, BY_CHANCE, "a sync fails, and what it was to write is dropped",
        NUMBER(COUNT, "nth", 1, INT64_C(1) << 48, 1, 1, 20, "one in so many, counted from the beginning of the fault")),
    ROW(DISK_TORN, L0, NO_TARGET, BY_CHANCE, "a crash leaves whole sectors of what was not synced, and half a record",
        NUMBER(BYTES, "sector", 1, MIB, 512, 64, 4096, "of the disk")),
    ROW(DISK_LOSE_UNSYNCED, L0, NO_TARGET, BY_CHANCE, "a crash loses all that was not synced", NO_PARAMS),
    ROW(DISK_MISDIRECT, L0, NO_TARGET, BY_CHANCE, "a write lands on earlier bytes of the log", NO_PARAMS),
    ROW(DISK_BITFLIP, L0, NO_TARGET, BY_CHANCE, "one bit of the log changes; it must be noticed before it is used", NO_PARAMS),
    ROW(DISK_SLOW, L012, NO_TARGET, BY_CHANCE, "operations on the log take longer",
        NUMBER(DURATION, "delay", 1, MIN, 100 * MS, MS, 5 * SEC, "of each")),
    ROW(DISK_ROFS, L01, NO_TARGET, ALWAYS, "the file system has become read-only", NO_PARAMS),

    /* clock */
    ROW(CLOCK_SKEW, L02, NO_TARGET, ALWAYS, "the wall clock is wrong by a fixed time",
        NUMBER(SIGNED, "offset", -3650 * NS_PER_DAY, 3650 * NS_PER_DAY, 90 * SEC, SEC, HOUR, "ahead; negative: behind")),
    ROW(CLOCK_JUMP, L02, NO_TARGET, ALWAYS, "the wall clock steps, and is put right in the end",
        NUMBER(SIGNED, "offset", -3650 * NS_PER_DAY, 3650 * NS_PER_DAY, -30 * SEC, SEC, HOUR, "of the step")),
    ROW(CLOCK_DRIFT, L0, NO_TARGET, ALWAYS, "the wall clock runs too fast",
        NUMBER(COUNT, "ppm", -900000, 9000000, 1000, 100, 500000, "of its speed; negative: too slow")),
    ROW(CLOCK_FREEZE, L0, NO_TARGET, ALWAYS, "the wall clock stands still", NO_PARAMS),
    ROW(CLOCK_STROBE, L02, NO_TARGET, ALWAYS, "the wall clock goes to and fro",
        NUMBER(DURATION, "period", MS, HOUR, SEC, 10 * MS, 10 * SEC, "of one to and fro"),
        NUMBER(SIGNED, "delta", -NS_PER_DAY, NS_PER_DAY, 200 * MS, 100 * MS, MIN, "how far")),
    ROW(CLOCK_Y2038, L02, NO_TARGET, ALWAYS, "the wall clock passes the end of 32-bit seconds", NO_PARAMS),

    /* chain */
    ROW(CHAIN_REORG, L01, NO_TARGET, ONCE, "blocks are abandoned, with what was in them",
        NUMBER(COUNT, "depth", 1, 500, 2, 1, 8, "slots"),
        WORD("respects_finality", NO_YES, 1, 1, 1, 1, "final blocks stay; false: a chain that breaks its promise")),
    ROW(CHAIN_SLOT_SKIP, L01, NO_TARGET, BY_CHANCE, "leaders miss their slots: transactions wait for later ones",
        NUMBER(COUNT, "count", 1, 100000, 1, 1, 20, "slots in a row")),
    ROW(CHAIN_CONFIRMATION_DELAY, L01, NO_TARGET, BY_CHANCE, "confirmation takes a multiple of its time",
        NUMBER(FACTOR, "multiplier", TIMES(1), TIMES(1000), TIMES(3), TIMES(1.5), TIMES(10), "of the time")),
    ROW(CHAIN_RPC_ERROR, L01, NO_TARGET, BY_CHANCE, "the RPC node answers with an error",
        WORD("error", RPC_ERRORS, 6, 0, 0, 6, "which: HTTP status, JSON-RPC code (-32005: node behind), no answer, or no JSON"),
        NUMBER(DURATION, "retry_after", 0, HOUR, 0, 100 * MS, 5 * SEC, "that the answer asks for; 0: none")),
    ROW(CHAIN_TX_DROPPED, L01, NO_TARGET, BY_CHANCE, "a transaction was accepted and never lands", NO_PARAMS),
    ROW(CHAIN_UNKNOWN_RESULT, L01, NO_TARGET, BY_CHANCE, "a transaction lands, and its sender never hears of it", NO_PARAMS),
    ROW(CHAIN_DOUBLE_LAND, L01, NO_TARGET, BY_CHANCE, "a transaction is forwarded twice: the chain sees the same proof once more", NO_PARAMS),
    ROW(CHAIN_BLOCKHASH_EXPIRED, L01, NO_TARGET, BY_CHANCE, "a transaction expires before it lands", NO_PARAMS),
    ROW(CHAIN_STALE_RPC, L01, NO_TARGET, BY_CHANCE, "the RPC node is behind: what it says was true slots ago",
        NUMBER(COUNT, "lag", 1, 10000, 10, 1, 50, "slots")),
    ROW(CHAIN_SPLIT_RPC, L01, NO_TARGET, BY_CHANCE, "two RPC nodes disagree: some answers come from the one behind",
        NUMBER(COUNT, "lag", 1, 10000, 10, 1, 50, "slots of the one behind")),
    ROW(CHAIN_FINALITY_STALL, L01, NO_TARGET, ALWAYS, "blocks are confirmed, none is finalized", NO_PARAMS),
    ROW(CHAIN_HALT, L01, NO_TARGET, ALWAYS, "the chain stands still", NO_PARAMS),
    ROW(CHAIN_FEE_SPIKE, L01, NO_TARGET, BY_CHANCE, "fees rise: transactions that do not pay them wait or expire",
        NUMBER(FACTOR, "multiplier", TIMES(1), TIMES(100000), TIMES(10), TIMES(2), TIMES(100), "of the fee")),

    /* application */
    ROW(APP_PROOF_INVALID, L01, NO_TARGET, BY_CHANCE, "a proof is wrong: the chain turns it down", NO_PARAMS),
    ROW(APP_PROOF_SLOW, L01, NO_TARGET, BY_CHANCE, "a proof takes a multiple of its time",
        NUMBER(FACTOR, "multiplier", TIMES(1), TIMES(1000), TIMES(3), TIMES(1.5), TIMES(10), "of the time")),
    ROW(APP_STAKE_INSUFFICIENT, L01, NO_TARGET, BY_CHANCE, "an agent takes out what it can just before its task arrives", NO_PARAMS),
    ROW(APP_CLAIM_EXPIRED, L01, NO_TARGET, BY_CHANCE, "a task arrives with a claim that soon expires",
        NUMBER(DURATION, "left", 0, HOUR, SEC, 5 * SEC, 3 * MIN, "of the claim")),
    ROW(APP_WORKER_POISON, L01, NO_TARGET, BY_CHANCE, "a task kills whichever worker tries to prove it",
        RECOVERY),
    ROW(APP_WORKER_LOSS, L012, NO_TARGET, ALWAYS, "proof workers are gone",
        NUMBER(COUNT, "workers", 1, LIMIT_PROOF_WORKERS, 1, 1, 4, "of them, from the first")),
    ROW(APP_STATE_CONFLICT, L01, NO_TARGET, BY_CHANCE, "somebody else wrote what the task had read", NO_PARAMS),
    ROW(APP_CYCLE_SUBMIT, L0, NO_TARGET, BY_CHANCE, "a task is submitted as its own ancestor first, which must be refused", NO_PARAMS),
    ROW(APP_HUGE_FANOUT, L0, NO_TARGET, BY_CHANCE, "tasks arrive below the one task that everybody wants to read",
        NUMBER(COUNT, "children", 1, 100000, 100, 10, 200, "at most")),
    ROW(APP_WITHDRAW_RACE, L01, NO_TARGET, ONCE, "an agent takes stake out while its tasks are under way",
        NUMBER(SHARE, "share", 1, PPM, PPM / 2, PPM / 10, PPM, "of what is free"),
        WORD("immediate", NO_YES, 1, 0, 0, 1, "without the time of notice")),
    ROW(APP_GC_DURING_ROLLBACK, L01, NO_TARGET, ALWAYS, "memory is collected while rollbacks are under way", NO_PARAMS),
    ROW(APP_CONFIG_FLIP, L0, NO_TARGET, ALWAYS, "a setting is changed under load, and changed back in the end",
        WORD("setting", SETTINGS, FLIPPED_SETTINGS - 1, 0, 0, FLIPPED_SETTINGS - 1, "which"),
        NUMBER(COUNT, "value", 0, 100000, 1, 0, 100000, "its value meanwhile")),

    /* admin, operators, metrics */
    ROW(API_SLOWLORIS, L02, NO_TARGET, ALWAYS, "connections are opened and never finish their requests",
        NUMBER(COUNT, "connections", 1, 100000, 40, 10, 500, "at once")),
    ROW(API_MALFORMED, L02, NO_TARGET, BY_CHANCE, "requests at the admin door that are no HTTP or no JSON", NO_PARAMS),
    ROW(API_HUGE_BODY, L02, NO_TARGET, BY_CHANCE, "requests at the admin door that are too large",
        NUMBER(BYTES, "bytes", 65 * KIB, INT64_C(1) << 40, 16 * MIB, MIB, 64 * MIB, "of a body")),
    ROW(API_BAD_TOKEN, L02, NO_TARGET, BY_CHANCE, "requests at the admin door without the right token", NO_PARAMS),
    ROW(API_CONCURRENT_ADMIN, L02, NO_TARGET, ALWAYS, "two operators give orders at the same time",
        NUMBER(DURATION, "interval", 10 * MS, HOUR, 10 * SEC, 20 * SEC, 2 * MIN, "from one pair of orders to the next")),
    ROW(OPS_SCRAPE_GAP, L01, NO_TARGET, BY_CHANCE, "metrics are not scraped", NO_PARAMS),
    ROW(OPS_ALERT_DELAY, L0, NO_TARGET, BY_CHANCE, "alerts reach nobody for a while",
        NUMBER(DURATION, "delay", 0, NS_PER_DAY, MIN, 10 * SEC, 10 * MIN, "of each")),
    ROW(OPS_OPERATOR, L0, NO_TARGET, ALWAYS, "an operator gives orders, and not always the right ones",
        WORD("habit", HABITS, 5, 0, 0, 5, "what is wrong with them"),
        NUMBER(DURATION, "interval", 100 * MS, HOUR, MIN, 20 * SEC, 2 * MIN, "from one order to the next")),

    /* load */
    ROW(LOAD_BURST, L0, NO_TARGET, ALWAYS, "the jobs of a time so many times as long arrive while it lasts",
        NUMBER(FACTOR, "multiplier", TIMES(1), TIMES(1000), TIMES(10), TIMES(2), TIMES(20), "of the rate")),
    ROW(LOAD_THUNDERING_HERD, L0, NO_TARGET, ALWAYS, "jobs wait for its end, and arrive all at once", NO_PARAMS),
    ROW(LOAD_METASTABLE, L0, NO_TARGET, ALWAYS, "as load.burst, beyond what can be served; when it is over everything must recover by itself",
        NUMBER(FACTOR, "multiplier", TIMES(1), TIMES(1000), TIMES(5), TIMES(2), TIMES(10), "of the rate")),
};
/* clang-format on */

static const char *const HOOKS[CHAOS_HOOK_COUNT] = {
#define NAME_(name, text, help) [name] = text,
    CHAOS_HOOKS(NAME_)
#undef NAME_
};

static const char *const TARGETS[CHAOS_TARGET_COUNT] = {
#define NAME_(name, text) [name] = text,
    CHAOS_TARGETS(NAME_)
#undef NAME_
};

const char *chaos_hook_name(enum chaos_hook hook)
{
    return HOOKS[hook];
}

const char *chaos_target_name(enum chaos_target target)
{
    return TARGETS[target];
}

uint32_t injector_param_count(enum injector_id id)
{
    uint32_t count = 0;
    while (count < FAULT_PARAMS && INJECTOR_TABLE[id].params[count].name) count++;
    return count;
}

/* "partition" for "network.partition". */
static enum injector_id with_last_word(const char *word)
{
    for (uint32_t i = 0; i < INJECTOR_COUNT; i++)
        if (strcmp(strchr(INJECTOR_TABLE[i].name, '.') + 1, word) == 0) return (enum injector_id)i;
    return INJECTOR_COUNT;
}

err injector_find(const char *name, enum injector_id *out, struct diag *diag)
{
    struct nearest nearest = {.wanted = name};
    for (uint32_t i = 0; i < INJECTOR_COUNT; i++) {
        if (strcmp(INJECTOR_TABLE[i].name, name) == 0) {
            *out = (enum injector_id)i;
            return OK;
        }
        nearest_offer(&nearest, INJECTOR_TABLE[i].name);
    }
    const char *dot = strchr(name, '.');
    enum injector_id alike = with_last_word(dot ? dot + 1 : name);
    *out = INJECTOR_COUNT;
    if (alike != INJECTOR_COUNT || nearest.best)
        return diag_fail(diag, ERR_USAGE, "no injector \"%.60s\", nearest is %s", name,
                         alike != INJECTOR_COUNT ? INJECTOR_TABLE[alike].name : nearest.best);
    return diag_fail(diag, ERR_USAGE, "no injector \"%.60s\"; `agenc chaos list injectors` has them all",
                     name);
}
