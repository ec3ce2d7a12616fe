/* tests/unit/test_rpc_ledger.c: transactions through blocks: balances at each commitment, loss, repetition,
 * age. Every chain here is localnet's, whose blocks come each 400 ms. */
#include "base/units.h"
#include "daemon/rpc_ledger.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(rpc_ledger, .timeout = 20);

static struct chain_profile profile;
static struct ledger *ledger;
static int64_t now_ns;
static unsigned char to[KEY_BYTES] = {1, 2, 3};

static void load(const char *name)
{
    struct diag diag = {""};
    cr_assert(chain_profile_load(&profile, "scenarios/chain", name, &diag) == OK, "%s", diag.text);
}

static void open_ledger(void)
{
    struct ledger_options options = {.profile = &profile, .seed = 1};
    ledger = malloc(sizeof *ledger);
    cr_assert(ledger_open(ledger, &options, &now_ns) == OK);
}

static void begin(void)
{
    load("localnet");
    open_ledger();
}

/* Where there is time between processed and confirmed. */
static void begin_on_mainnet(void)
{
    load("mainnet");
    open_ledger();
}

static void begin_with_votes(void)
{
    load("mainnet");
    profile.fidelity = CHAIN_MECHANISTIC;
    profile.validators = 100;
    open_ledger();
}

static void end(void)
{
    ledger_close(ledger);
    free(ledger);
}

static struct transaction send(uint64_t lamports, enum commitment blockhash_of)
{
    static uint64_t number;
    struct transaction transaction;
    struct transfer transfer = {.seed = ledger->faucet_seed,
                                .to = to,
                                .blockhash = ledger_bank(ledger, blockhash_of)->blockhash,
                                .lamports = lamports,
                                .number = ++number};
    transaction_transfer(&transaction, &transfer);
    cr_assert(transaction_is_signed(&transaction));
    cr_assert(ledger_submit(ledger, &transaction, UINT32_MAX) == OK);
    return transaction;
}

static void pass(int64_t ms)
{
    now_ns += ms * NS_PER_MS;
    cr_assert(ledger_advance(ledger, now_ns) == OK);
}

static uint64_t balance(enum commitment commitment)
{
    return accounts_balance(&ledger->accounts, to, ledger_bank(ledger, commitment)->height);
}

static const struct entry *find(const struct transaction *transaction)
{
    return ledger_find(ledger, transaction_signature(transaction), true);
}

Test(rpc_ledger, a_transfer_is_processed_then_confirmed_then_finalized, .init = begin, .fini = end)
{
    int64_t first_ms[COMMITMENTS] = {0};
    struct transaction transaction = send(LAMPORTS_IN_SOL, COMMIT_FINALIZED);
    cr_assert(find(&transaction) == NULL, "it is in a block");
    for (int64_t ms = 10; ms < 20000; ms += 10) {
        pass(10);
        for (int i = 0; i < COMMITMENTS; i++)
            if (!first_ms[i] && balance((enum commitment)i) == LAMPORTS_IN_SOL) first_ms[i] = ms;
    }
    cr_assert(gt(i64, first_ms[0], 0));
    cr_assert(ge(i64, first_ms[1], first_ms[0]));
    cr_assert(gt(i64, first_ms[2], first_ms[1] + 30 * 400)); /* 32 blocks deep */
    cr_assert(eq(int, (int)ledger_entry_commitment(ledger, find(&transaction)), COMMIT_FINALIZED));
}

Test(rpc_ledger, what_a_reorg_takes_away_comes_back, .init = begin_on_mainnet, .fini = end)
{
    struct transaction transaction = send(LAMPORTS_IN_SOL, COMMIT_FINALIZED);
    uint32_t before = ledger->height[COMMIT_CONFIRMED], lost = 0;
    for (int i = 0; i < 2000 && !lost; i++) {
        pass(1);
        const struct entry *entry = find(&transaction);
        if (entry && ledger_entry_commitment(ledger, entry) == COMMIT_PROCESSED)
            lost = ledger_reorg(ledger, 9);
    }
    cr_assert(gt(u32, lost, 0));
    cr_assert(find(&transaction) == NULL, "it is in a block");
    cr_assert(eq(u64, balance(COMMIT_PROCESSED), 0));
    cr_assert(ge(u32, ledger->height[COMMIT_PROCESSED], before));
    pass(5000);
    cr_assert(find(&transaction) != NULL, "it is in no block");
    cr_assert(eq(u64, balance(COMMIT_CONFIRMED), LAMPORTS_IN_SOL));
    cr_assert(eq(u64, ledger->counts.given_back, 1));
}

Test(rpc_ledger, a_dropped_transaction_is_sent_again_and_one_that_never_arrives_expires, .init = begin,
     .fini = end)
{
    ledger->drop_chance = 1;
    ledger->drop_until_ns = now_ns + 5000 * NS_PER_MS;
    struct transaction transaction = send(1000000, COMMIT_FINALIZED);
    pass(4900);
    cr_assert(find(&transaction) == NULL, "it is in a block");
    pass(3000); /* tried again every 2 s */
    cr_assert(find(&transaction) != NULL, "it is in no block");

    ledger->drop_until_ns = NEVER_NS;
    transaction = send(1000000, COMMIT_PROCESSED);
    pass(70000);
    cr_assert(find(&transaction) == NULL, "it is in a block");
    cr_assert(eq(u64, ledger->counts.expired, 1));
    cr_assert(eq(u32, ledger->pending_count, 0));
}

Test(rpc_ledger, what_the_node_does_not_retry_is_forwarded_each_time_it_is_submitted, .init = begin,
     .fini = end)
{
    struct transaction transaction;
    const struct transfer transfer = {ledger->faucet_seed, to,
                                      ledger_bank(ledger, COMMIT_PROCESSED)->blockhash, 1000000, 7};
    transaction_transfer(&transaction, &transfer);
    ledger->drop_chance = 1;
    ledger->drop_until_ns = now_ns + 5000 * NS_PER_MS;
    cr_assert(ledger_submit(ledger, &transaction, 0) == OK);
    pass(10000);
    cr_assert(find(&transaction) == NULL, "it is in a block");
    cr_assert(eq(u64, ledger->counts.dropped, 1));
    cr_assert(ledger_submit(ledger, &transaction, 0) == OK);
    pass(5000);
    cr_assert(find(&transaction) != NULL, "it is in no block");
    cr_assert(eq(u64, ledger->counts.submitted, 1));
}

Test(rpc_ledger, a_blockhash_serves_150_blocks_and_no_more, .init = begin, .fini = end)
{
    unsigned char hash[KEY_BYTES];
    uint32_t height = ledger->height[COMMIT_PROCESSED], found;
    memcpy(hash, ledger_bank(ledger, COMMIT_PROCESSED)->blockhash, KEY_BYTES);
    while (ledger->height[COMMIT_PROCESSED] < height + 160) pass(400);
    cr_assert(ledger_knows_blockhash(ledger, height + 150, hash, &found));
    cr_assert(eq(u32, found, height));
    cr_assert(not(ledger_knows_blockhash(ledger, height + 151, hash, &found)));
    cr_assert(not(ledger_knows_blockhash(ledger, height - 1, hash, &found)));
}

Test(rpc_ledger, the_same_transaction_twice_moves_money_once, .init = begin, .fini = end)
{
    struct transaction transaction = send(LAMPORTS_IN_SOL, COMMIT_FINALIZED);
    cr_assert(ledger_submit(ledger, &transaction, 5) == OK);
    pass(3000);
    cr_assert(ledger_submit(ledger, &transaction, 5) == OK);
    pass(3000);
    cr_assert(eq(u64, balance(COMMIT_PROCESSED), LAMPORTS_IN_SOL));
    struct simulation simulation = {.bank = ledger_bank(ledger, COMMIT_CONFIRMED)};
    ledger_simulate(ledger, &transaction, &simulation, &ledger->scratch);
    cr_assert(eq(int, ledger->scratch.status.error, TX_ALREADY_PROCESSED));
}

Test(rpc_ledger, a_changed_byte_anywhere_breaks_a_transaction_or_its_signature, .init = begin, .fini = end)
{
    struct transaction transaction = send(LAMPORTS_IN_SOL, COMMIT_FINALIZED), changed;
    for (uint32_t i = 0; i < transaction.size_bytes; i++) {
        unsigned char bytes[PACKET_BYTES];
        memcpy(bytes, transaction.bytes, transaction.size_bytes);
        bytes[i] ^= 0x41;
        bool is_parsed = transaction_parse(&changed, bytes, transaction.size_bytes, NULL) == OK;
        bool is_taken = is_parsed && transaction_is_signed(&changed);
        cr_assert(not(is_taken), "byte %u", i);
        if (i) cr_assert(transaction_parse(&changed, transaction.bytes, i, NULL) != OK, "cut at %u", i);
    }
}

#ifdef __SANITIZE_ADDRESS__
/* A freed block that waits in quarantine is no growth. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1";
}
#endif

/* Memory in use: kB that are in RAM. */
static uint64_t resident_kb(void)
{
    unsigned long long pages = 0, all;
    FILE *file = fopen("/proc/self/statm", "r");
    cr_assert(file && fscanf(file, "%llu %llu", &all, &pages) == 2);
    fclose(file);
    return pages * 4;
}

static void live_for(uint32_t slots)
{
    uint32_t from = ledger_bank(ledger, COMMIT_PROCESSED)->slot;
    while (ledger_bank(ledger, COMMIT_PROCESSED)->slot < from + slots) pass(400);
}

Test(rpc_ledger, weeks_of_slots_take_no_more_memory_than_a_day, .init = begin, .fini = end)
{
    live_for(100000);
    uint64_t before_kb = resident_kb();
    live_for(1500000); /* they would be 90 MB */
    cr_assert(lt(u64, resident_kb(), before_kb + 4000));
}

Test(rpc_ledger, nor_do_their_votes, .init = begin_with_votes, .fini = end)
{
    live_for(70000);
    uint64_t before_kb = resident_kb();
    live_for(70000); /* they would be 12 MB */
    cr_assert(lt(u64, resident_kb(), before_kb + 4000));
}

Test(rpc_ledger, no_money_is_lost_when_the_accounts_are_full, .init = begin, .fini = end)
{
    unsigned char key[KEY_BYTES] = {77};
    while (ledger->accounts.count < ACCOUNTS_MAX - 2) {
        memcpy(key + 8, &ledger->accounts.count, sizeof ledger->accounts.count);
        struct account_change change = {.key = key, .lamports = 1};
        cr_assert(accounts_set(&ledger->accounts, &change) == OK);
    }
    struct transaction first =
        send(LAMPORTS_IN_SOL, COMMIT_FINALIZED); /* keys: two programs and the receiver */
    pass(3000);
    cr_assert(find(&first) == NULL);
    cr_assert(eq(u64, balance(COMMIT_PROCESSED), 0));
    struct account_change change = {.key = to, .lamports = LAMPORTS_IN_SOL};
    cr_assert(accounts_set(&ledger->accounts, &change) == OK);
}
