/* daemon/rpc_ledger.c: banks and the three commitments over them. */
#include "daemon/rpc_ledger.h"
#include "base/assert.h"
#include "base/sha256.h"
#include "base/units.h"
#include <stdlib.h>
#include <string.h>

enum {
    OPENING_BLOCKS = 40,  /* final before anybody looks */
    FORGET_BLOCKS = 1024, /* roots from one time that slots are forgotten to the next */
    DEPTH_MAX = LEDGER_BANKS - 2 * BLOCKHASH_BLOCKS,
};

static struct bank *bank_at(const struct ledger *ledger, uint32_t height)
{
    return &ledger->banks[height % LEDGER_BANKS];
}

const struct bank *ledger_bank_at(const struct ledger *ledger, uint32_t height)
{
    bool is_there = height <= ledger->height[COMMIT_PROCESSED] &&
                    height + LEDGER_BANKS > ledger->height[COMMIT_PROCESSED];
    return is_there ? bank_at(ledger, height) : NULL;
}

const struct bank *ledger_bank(const struct ledger *ledger, enum commitment commitment)
{
    return bank_at(ledger, ledger->height[commitment]);
}

const struct bank *ledger_bank_of_slot(const struct ledger *ledger, uint32_t slot)
{
    uint32_t high = ledger->height[COMMIT_PROCESSED] + 1;
    uint32_t low = high > LEDGER_BANKS ? high - LEDGER_BANKS : 0;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        *(bank_at(ledger, middle)->slot <= slot ? &low : &high) = middle;
    }
    const struct bank *bank = bank_at(ledger, low);
    return bank->slot == slot ? bank : NULL;
}

bool ledger_knows_blockhash(const struct ledger *ledger, uint32_t bank_height, const unsigned char *hash,
                            uint32_t *height_out)
{
    for (uint32_t age = 0; age <= BLOCKHASH_BLOCKS && age <= bank_height; age++) {
        const struct bank *bank = ledger_bank_at(ledger, bank_height - age);
        if (!bank || memcmp(bank->blockhash, hash, KEY_BYTES) != 0) continue;
        *height_out = bank->height;
        return true;
    }
    return false;
}

/* -- freezing -- */

static void tell(struct ledger *ledger, enum ledger_news news, const struct bank *bank)
{
    if (ledger->watch) ledger->watch(ledger->context, news, bank);
}

/* A block's name follows from the chain's, its slot and its parent: two forks never share one. */
static void name_bank(const struct ledger *ledger, struct bank *bank, const struct bank *parent)
{
    struct sha256 hash;
    sha256_begin(&hash);
    sha256_add(&hash, ledger->genesis, KEY_BYTES);
    sha256_add(&hash, &bank->slot, sizeof bank->slot);
    sha256_add(&hash, parent->blockhash, KEY_BYTES);
    sha256_end(&hash, bank->blockhash);
}

static void lose_tip(struct ledger *ledger)
{
    uint32_t height = ledger->height[COMMIT_PROCESSED];
    ASSERT(height > ledger->height[COMMIT_CONFIRMED]); /* nothing confirmed is ever lost */
    struct bank lost = *bank_at(ledger, height);
    pending_give_back(ledger, height);
    ledger->height[COMMIT_PROCESSED] = height - 1;
    accounts_forget_above(&ledger->accounts, height - 1);
    ledger->counts.lost++;
    tell(ledger, NEWS_LOST, &lost);
}

uint32_t ledger_reorg(struct ledger *ledger, uint32_t depth)
{
    uint32_t lost = 0;
    while (lost < depth && ledger->height[COMMIT_PROCESSED] > ledger->height[COMMIT_CONFIRMED]) {
        lose_tip(ledger);
        lost++;
    }
    return lost;
}

static err freeze(struct ledger *ledger, uint32_t slot, uint32_t sim_height)
{
    const struct chain_slot *made = &ledger->slots.slots[slot];
    if (ledger->skip_left) {
        ledger->skip_left--;
        return OK;
    }
    while (sim_height && ledger_bank(ledger, COMMIT_PROCESSED)->is_doomed) lose_tip(ledger);
    const struct bank *parent = ledger_bank(ledger, COMMIT_PROCESSED);
    if (parent->slot >= slot) return OK; /* a doomed block, frozen after those that beat it */
    struct bank bank = {.slot = slot,
                        .parent_slot = parent->slot,
                        .height = parent->height + 1,
                        .sim_height = sim_height,
                        .is_doomed = sim_height == 0,
                        .frozen_ns = made->freeze_ns,
                        .confirmed_ns = made->confirmed_ns,
                        .finalized_ns = NEVER_NS,
                        .transactions = parent->transactions};
    name_bank(ledger, &bank, parent);
    TRY(pending_fill_block(ledger, &bank));
    *bank_at(ledger, bank.height) = bank;
    ledger->height[COMMIT_PROCESSED] = bank.height;
    ledger->counts.blocks++;
    tell(ledger, NEWS_FROZEN, &bank);
    return OK;
}

/* -- what happens next -- */

/* Winners are frozen in the order of their heights; doomed ones whenever they come. */
struct coming {
    int64_t winner_ns, doomed_ns, confirmed_ns, finalized_ns, first_ns;
};

static void find_doomed(struct ledger *ledger)
{
    const struct chain_slots *slots = &ledger->slots;
    while (ledger->next_doomed < slots->count && slots->slots[ledger->next_doomed].state != SLOT_ABANDONED)
        ledger->next_doomed++;
}

static err look_ahead(struct ledger *ledger, struct coming *out)
{
    struct chain_slots *slots = &ledger->slots;
    struct coming coming = {NEVER_NS, NEVER_NS, NEVER_NS, NEVER_NS, NEVER_NS};
    TRY(chain_slots_reach_height(slots, ledger->next_sim_height));
    find_doomed(ledger);
    coming.winner_ns = slots->slots[slots->by_height[ledger->next_sim_height]].freeze_ns;
    if (ledger->next_doomed < slots->count) coming.doomed_ns = slots->slots[ledger->next_doomed].freeze_ns;
    uint32_t confirmed = ledger->height[COMMIT_CONFIRMED], root = ledger->height[COMMIT_FINALIZED];
    if (confirmed < ledger->height[COMMIT_PROCESSED])
        coming.confirmed_ns = bank_at(ledger, confirmed + 1)->confirmed_ns;
    if (root < confirmed) {
        struct bank *bank = bank_at(ledger, root + 1);
        if (bank->finalized_ns == NEVER_NS)
            TRY(chain_slots_finalized_ns(slots, bank->sim_height, &bank->finalized_ns));
        coming.finalized_ns = bank->finalized_ns;
    }
    int64_t all[] = {coming.winner_ns, coming.doomed_ns, coming.confirmed_ns, coming.finalized_ns};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] < coming.first_ns) coming.first_ns = all[i];
    *out = coming;
    return OK;
}

static void climb(struct ledger *ledger, enum commitment commitment, enum ledger_news news)
{
    const struct bank *bank = bank_at(ledger, ++ledger->height[commitment]);
    ASSERT(ledger->height[COMMIT_FINALIZED] <= ledger->height[COMMIT_CONFIRMED]);
    ASSERT(ledger->height[COMMIT_CONFIRMED] <= ledger->height[COMMIT_PROCESSED]);
    ASSERT(!bank->is_doomed);
    tell(ledger, news, bank);
    if (commitment == COMMIT_FINALIZED && bank->height % FORGET_BLOCKS == 0)
        chain_slots_forget(&ledger->slots, bank->slot);
}

static err happen(struct ledger *ledger, const struct coming *coming)
{
    if (coming->first_ns == coming->finalized_ns)
        climb(ledger, COMMIT_FINALIZED, NEWS_ROOT);
    else if (coming->first_ns == coming->confirmed_ns)
        climb(ledger, COMMIT_CONFIRMED, NEWS_CONFIRMED);
    else if (coming->first_ns == coming->winner_ns) {
        uint32_t height = ledger->next_sim_height++;
        return freeze(ledger, ledger->slots.by_height[height], height);
    } else
        return freeze(ledger, ledger->next_doomed++, 0);
    return OK;
}

err ledger_advance(struct ledger *ledger, int64_t now_ns)
{
    struct coming coming;
    TRY(chain_slots_reach_ns(&ledger->slots, now_ns));
    for (;;) {
        TRY(look_ahead(ledger, &coming));
        if (coming.first_ns > now_ns) break;
        if (ledger->height[COMMIT_PROCESSED] - ledger->height[COMMIT_FINALIZED] > DEPTH_MAX) return ERR_LIMIT;
        if (coming.first_ns > ledger->now_ns) ledger->now_ns = coming.first_ns;
        TRY(pending_send(ledger));
        TRY(happen(ledger, &coming));
    }
    ledger->now_ns = now_ns;
    return pending_send(ledger);
}

int64_t ledger_next_ns(struct ledger *ledger)
{
    struct coming coming;
    return look_ahead(ledger, &coming) == OK ? coming.first_ns : ledger->now_ns;
}

/* -- opening -- */

static err first_bank(struct ledger *ledger, uint64_t seed)
{
    unsigned char faucet[KEY_BYTES];
    char text[64];
    int used = snprintf(text, sizeof text, "agenc chain %llu", (unsigned long long)seed);
    sha256_of(text, (size_t)used, ledger->genesis);
    sha256_of(ledger->genesis, KEY_BYTES, ledger->faucet_seed);
    transaction_public_key(ledger->faucet_seed, faucet);
    struct bank genesis = {0};
    memcpy(genesis.blockhash, ledger->genesis, KEY_BYTES);
    *bank_at(ledger, 0) = genesis;
    ledger->next_sim_height = 1;
    struct account_change all = {.key = faucet, .lamports = UINT64_C(500000000) * LAMPORTS_IN_SOL};
    return accounts_set(&ledger->accounts, &all);
}

err ledger_open(struct ledger *out, const struct ledger_options *options, int64_t *start_ns)
{
    struct ledger ledger = {.path = options->path};
    ASSERT(!options->profile->is_fixed);
    ledger.banks = calloc(LEDGER_BANKS, sizeof *ledger.banks);
    ledger.entries = calloc(LEDGER_ENTRIES, sizeof *ledger.entries);
    ledger.pending = calloc(LEDGER_ENTRIES, sizeof *ledger.pending);
    err e = ledger.banks && ledger.entries && ledger.pending ? OK : ERR_NOMEM;
    if (e == OK) e = arena_open(&ledger.arena, table_bytes(LEDGER_ENTRIES));
    if (e == OK) e = table_init(&ledger.by_signature, &ledger.arena, LEDGER_ENTRIES);
    if (e == OK) e = accounts_open(&ledger.accounts);
    *out = ledger; /* before the slots: a chain by mechanism keeps the address of its own */
    if (e == OK) e = chain_slots_open(&out->slots, options->profile, options->seed, 0);
    if (e == OK) e = first_bank(out, options->seed);
    if (e == OK) e = chain_slots_reach_height(&out->slots, OPENING_BLOCKS);
    if (e == OK) e = chain_slots_finalized_ns(&out->slots, OPENING_BLOCKS, start_ns);
    if (e == OK) e = ledger_advance(out, *start_ns);
    if (e != OK) ledger_close(out);
    return e;
}

void ledger_close(struct ledger *ledger)
{
    for (uint32_t i = 0; ledger->entries && i < LEDGER_ENTRIES; i++) {
        free(ledger->entries[i].transaction);
        free(ledger->entries[i].balances);
        free(ledger->entries[i].logs);
    }
    chain_slots_close(&ledger->slots);
    accounts_close(&ledger->accounts);
    arena_close(&ledger->arena);
    free(ledger->entries);
    free(ledger->pending);
    free(ledger->banks);
    *ledger = (struct ledger){0};
}
