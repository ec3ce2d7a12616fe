/* daemon/rpc_ledger.h: the chain as one node holds it: banks, commitments, what became of transactions.
 *
 * Slots come from sim/chain_slots.h; the ledger walks along them in the order in
 * which the node hears of things: a block is frozen (processed), confirmed, made
 * a root (finalized), or lost with its fork. A transaction travels as sim/chain.h
 * has it: dropped, forwarded again every 2 s, waiting some slots, executed when
 * the first block from there on is frozen, given back when that block is lost,
 * and past its blockhash's 150 blocks never again.
 *
 * Heights are counted here and not there, because faults take blocks away.
 * Never broken, asserted: nothing confirmed is lost; root <= confirmed <= processed.
 * Memory is bounded: LEDGER_BANKS banks, LEDGER_ENTRIES transactions (older ones are forgotten).
 * Slots below the root are forgotten. Times are chain ns. Threads: one. */
#pragma once
#include "base/arena.h"
#include "base/table.h"
#include "daemon/rpc_execute.h"
#include "sim/chain.h"
#include "sim/chain_slots.h"
#include <stdio.h>

enum commitment { COMMIT_PROCESSED, COMMIT_CONFIRMED, COMMIT_FINALIZED, COMMITMENTS };

enum {
    LEDGER_BANKS = 1 << 13,
    LEDGER_ENTRIES = 1 << 16,
    LEDGER_POOL = 10000, /* transactions that the node sends again (chain.md 4) */
    BLOCKHASH_BLOCKS = 150,
    SLOTS_PER_EPOCH = 432000,
};

struct bank {
    uint32_t slot, parent_slot, height, sim_height; /* sim_height: among the winners of the sim */
    bool is_doomed;                                 /* its fork will lose: it is never confirmed */
    int64_t frozen_ns, confirmed_ns, finalized_ns;  /* finalized_ns: NEVER_NS until asked for */
    uint64_t transactions;                          /* from the genesis to here */
    uint32_t succeeded, failed;                     /* in this block */
    unsigned char blockhash[KEY_BYTES];
};

enum entry_state { ENTRY_FREE, ENTRY_PENDING, ENTRY_IN_BLOCK, ENTRY_EXPIRED };

struct entry {
    enum entry_state state;
    struct transaction *transaction; /* ours */
    uint32_t height, slot;           /* of its block */
    uint32_t last_height, due_slot, tries, tries_max, serial;
    int64_t next_try_ns;
    struct tx_status status;
    uint64_t fee_lamports, *balances; /* before, then after, of each key; ours */
    uint32_t units;
    uint64_t place;      /* transactions from the genesis up to it: its order in the block */
    uint64_t unit_price; /* millionths of a lamport */
    char *logs;          /* ours */
};

enum ledger_news { NEWS_FROZEN, NEWS_CONFIRMED, NEWS_ROOT, NEWS_LOST };

/* Called as things happen, in their order; may read the ledger, not change it. */
typedef void ledger_watch(void *context, enum ledger_news news, const struct bank *bank);

struct ledger_options {
    const struct chain_profile *profile; /* borrowed; not fixed */
    enum chain_path path;
    uint64_t seed;
};

struct ledger_counts {
    uint64_t submitted, landed, failed, expired, dropped, given_back, blocks, lost;
};

struct ledger {
    struct chain_slots slots;
    enum chain_path path;
    struct accounts accounts;
    struct bank *banks; /* by height, the last LEDGER_BANKS */
    uint32_t height[COMMITMENTS];
    uint32_t next_sim_height, next_doomed; /* the next to freeze: a winner, an abandoned slot */
    uint32_t skip_left;                    /* fault: so many blocks are not built */
    double drop_chance;                    /* fault: above the profile's */
    int64_t drop_until_ns, now_ns;
    struct entry *entries;
    struct arena arena;
    struct table by_signature;
    uint32_t entry_at, serial;
    uint32_t *pending, pending_count;
    unsigned char genesis[KEY_BYTES], faucet_seed[KEY_BYTES];
    struct outcome scratch; /* too large for a stack frame of every call */
    struct ledger_counts counts;
    ledger_watch *watch;
    void *context;
};

/* Opens with a chain that has run long enough to have roots; *start_ns is now. Watch may be set after. */
MUST_USE err ledger_open(struct ledger *out, const struct ledger_options *options, int64_t *start_ns);
void ledger_close(struct ledger *ledger); /* fine on a zeroed one */

MUST_USE err ledger_advance(struct ledger *ledger, int64_t now_ns);
/* When something may happen next, for sleeping until then. */
int64_t ledger_next_ns(struct ledger *ledger);

const struct bank *ledger_bank(const struct ledger *ledger, enum commitment commitment);
const struct bank *ledger_bank_at(const struct ledger *ledger, uint32_t height); /* NULL: too old, or none */
const struct bank *ledger_bank_of_slot(const struct ledger *ledger, uint32_t slot); /* NULL: none there */

/* Is the hash one of the last 150 blocks of this bank's? *height_out: of which. */
bool ledger_knows_blockhash(const struct ledger *ledger, uint32_t bank_height, const unsigned char *hash,
                            uint32_t *height_out);

/* NULL: never seen, forgotten, or (with `in_block`) in no block now. */
const struct entry *ledger_find(const struct ledger *ledger, const unsigned char *signature, bool in_block);
/* What landed in the blocks above `above`, up to `top`, the oldest first; no others are in blocks. Forgotten
 * ones are left out. The list is the caller's, to free; NULL: no memory. */
const struct entry **ledger_landed(const struct ledger *ledger, uint32_t above, uint32_t top,
                                   uint32_t *count_out);
enum commitment ledger_entry_commitment(const struct ledger *ledger, const struct entry *entry);

/* Takes it over for sending. What is known already stays as it is. ERR_LIMIT: the table is full. */
MUST_USE err ledger_submit(struct ledger *ledger, const struct transaction *transaction, uint32_t tries_max);
/* On top of this bank, changing nothing. */
struct simulation {
    const struct bank *bank;
    bool ignores_blockhash;
};
void ledger_simulate(struct ledger *ledger, const struct transaction *transaction,
                     const struct simulation *simulation, struct outcome *out);

/* Faults. Reorg: how many of the newest unconfirmed blocks were lost. */
uint32_t ledger_reorg(struct ledger *ledger, uint32_t depth);

/* daemon/rpc_pending.c */
MUST_USE err pending_fill_block(struct ledger *ledger, struct bank *bank);
void pending_give_back(struct ledger *ledger, uint32_t height); /* the block of this height is lost */
MUST_USE err pending_send(struct ledger *ledger);               /* what is due for a try */
