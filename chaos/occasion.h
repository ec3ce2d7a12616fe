/* chaos/occasion.h: what ports show before it happens, so that faults can change it.
 *
 * An occasion says what would happen without faults; injectors that are armed
 * change it, one after the other in the order of the schedule; the port then
 * does what it says. (entity, ordinal) name it for keyed draws: the same in
 * every run in which it occurs, whatever else is injected. */
#pragma once
#include "engine/event.h"

/* Of the chain whose faults these are: Solana's. */
#define CHAOS_SLOT_NS (400 * NS_PER_MS)

enum occasion_kind {
    OCCASION_MESSAGE,     /* a request to a port, or its answer */
    OCCASION_TRANSACTION, /* handed to the chain; entity: task, ordinal: attempt */
    OCCASION_PROOF,       /* a proof that begins; entity: task, ordinal: attempt */
    OCCASION_SUBMISSION,  /* a task that arrives; entity: task */
    OCCASION_ARRIVAL,     /* when a job arrives; entity: job */
    OCCASION_DISK,        /* an operation on the log; entity: when and which, ordinal: of those at once */
    OCCASION_CLOCK,       /* the wall clock is read */
    OCCASION_ALLOCATION,  /* the driver asks for memory; ordinal: number of the allocation */
    OCCASION_REQUEST,     /* at the admin door; ordinal: number of the request */
    OCCASION_SCRAPE,      /* metrics are read */
    OCCASION_STEP,        /* an event is about to be stepped; ordinal: its number */
    OCCASION_DEED,        /* the fault acts of itself: when it begins, then each interval */
    OCCASION_KIND_COUNT,
};

/* Parts between which messages travel, and which can fail. */
#define CHAOS_TARGETS(X)                                                                                     \
    X(TARGET_ANY, "any")                                                                                     \
    X(TARGET_EXECUTOR, "executor")                                                                           \
    X(TARGET_PROVER, "proof_generator")                                                                      \
    X(TARGET_CHAIN, "chain")                                                                                 \
    X(TARGET_STORAGE, "storage")                                                                             \
    X(TARGET_SCHEDULER, "scheduler") /* the service itself; so is the ledger: they live in one process */    \
    X(TARGET_LEDGER, "ledger")                                                                               \
    X(TARGET_ADMIN, "admin")
#define NAME_(name, text) name,
enum chaos_target { CHAOS_TARGETS(NAME_) CHAOS_TARGET_COUNT };
#undef NAME_
const char *chaos_target_name(enum chaos_target target);

/* Requests to a port and answers of it. */
struct occasion_message {
    enum chaos_target link;
    bool is_answer;
    enum event_kind event; /* of an answer */
    uint32_t bytes;
    int64_t sent_ns;    /* of an answer: when its request went out */
    int64_t at_ns;      /* out: when it gets there; now or later */
    bool is_lost;       /* out */
    bool is_damaged;    /* out: bytes change on the way; whoever receives it must notice */
    bool is_collecting; /* out: just before it is heard, all garbage is collected */
    uint32_t copies;    /* out: more of it, each copy_gap_ns after the one before */
    int64_t copy_gap_ns;
};

enum tx_fate { TX_LANDS, TX_IS_REFUSED, TX_EXPIRES, TX_IS_REJECTED };

/* What becomes of a transaction: times as its sender sees them, all out. */
struct occasion_transaction {
    enum tx_fate fate;
    enum tx_rejection rejection; /* TX_IS_REJECTED: at confirmed_ns */
    int64_t accepted_ns, confirmed_ns, finalized_ns;
    int64_t expired_ns;    /* TX_EXPIRES: certain then */
    bool is_answer_lost;   /* landed, and the sender never heard that it was accepted */
    bool is_landing_twice; /* forwarded twice: the chain sees the same proof once more */
};

struct occasion_proof {
    uint32_t worker;
    int64_t duration_ns; /* out */
    bool is_invalid;     /* out: the chain will turn it down */
    bool is_killed;      /* out: the worker dies of it, and with it every proof of the batch */
    int64_t recovery_ns; /* out: when killed, until the worker is there again */
};

struct occasion_submission {
    uint64_t agent_id;
    int64_t claim_expires_ns; /* out */
    bool is_without_stake;    /* out: the agent has taken out what it can, just before */
    bool is_cycle;            /* out: sent first with itself, then with its own child, as a parent */
    bool joins_crowd;         /* out: below the one task that everybody wants to read */
};

struct occasion_arrival {
    int64_t at_ns; /* out; the order of arrivals must not change */
};

enum disk_op { DISK_APPEND, DISK_SYNC, DISK_READ, DISK_CRASH };
enum disk_error { DISK_OK, DISK_NO_SPACE, DISK_IO_ERROR, DISK_READ_ONLY, DISK_INTERRUPTED };
#define DISK_NO_BIT UINT64_MAX

struct occasion_disk {
    enum disk_op op;
    uint64_t size_bytes;      /* of the log as the service sees it */
    uint64_t unsynced_bytes;  /* of those, not yet synced */
    uint64_t bytes;           /* of an append; out: how many of them are written */
    enum disk_error error;    /* out */
    bool loses_pages;         /* out: a sync that fails drops what it was to write (fsyncgate) */
    bool is_misdirected;      /* out: an append that lands on earlier bytes */
    uint64_t flipped_bit;     /* out: of the whole log; DISK_NO_BIT: none */
    uint64_t surviving_bytes; /* out, DISK_CRASH: of the unsynced ones */
    int64_t delay_ns;         /* out */
};

struct occasion_clock {
    int64_t wall_ns; /* out */
};

struct occasion_allocation {
    bool fails; /* out */
};

struct occasion_request {
    uint32_t connections_taken;                /* out: by others */
    bool is_malformed, has_bad_token, is_huge; /* out */
};

struct occasion_scrape {
    bool is_skipped;  /* out */
    int64_t delay_ns; /* out: of an alert */
};

struct occasion_step {
    bool crashes; /* out: the process ends before this event is answered */
    int64_t recovery_ns;
};

/* What a driver can be told to do; each is counted as fired when it did. */
#define CHAOS_DEEDS(X)                                                                                       \
    X(DEED_NONE, "nothing")                                                                                  \
    X(DEED_CRASH, "crash")             /* the part ends, and is there again after duration_ns */             \
    X(DEED_CRASH_TWICE, "crash_twice") /* again when `count` records of its log are read */                  \
    X(DEED_UPGRADE, "upgrade")         /* restart as a program that reads version `count` of the log */      \
    X(DEED_OOM, "oom")                 /* crash if memory is above `share_ppm` of the limit */               \
    X(DEED_ASK_AGAIN, "ask_again")     /* every request that is out is sent again, `count` times */          \
    X(DEED_REORG, "reorg")             /* `count` slots are lost; is_forced: final ones as well */           \
    X(DEED_WITHDRAW, "withdraw")       /* some agent takes out `share_ppm` of what is free */                \
    X(DEED_CONFIG, "config")           /* setting `count` to `value`; at the end of the fault back */        \
    X(DEED_OPERATE, "operate")         /* an operator's order; `count`: enum operator_habit */
#define NAME_(name, text) name,
enum chaos_deed { CHAOS_DEEDS(NAME_) CHAOS_DEED_COUNT };
#undef NAME_

struct occasion_deed {
    enum chaos_deed deed; /* out, as all here */
    enum chaos_target target;
    bool is_end;                  /* in: the fault is over, and may put back what it did */
    int64_t duration_ns, next_ns; /* next_ns: when it wants to act again; NEVER_NS: not */
    uint64_t count, value, share_ppm;
    bool is_forced;
    uint64_t draw; /* 64 random bits for whatever the driver must choose */
};

struct occasion {
    enum occasion_kind kind;
    uint64_t entity;
    uint32_t ordinal;
    union {
        struct occasion_message message;
        struct occasion_transaction transaction;
        struct occasion_proof proof;
        struct occasion_submission submission;
        struct occasion_arrival arrival;
        struct occasion_disk disk;
        struct occasion_clock clock;
        struct occasion_allocation allocation;
        struct occasion_request request;
        struct occasion_scrape scrape;
        struct occasion_step step;
        struct occasion_deed deed;
    } u;
};
