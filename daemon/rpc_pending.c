/* daemon/rpc_pending.c: transactions on their way: sent, dropped, sent again, executed, given back, expired.
 */
#include "base/assert.h"
#include "base/sample.h"
#include "base/units.h"
#include "daemon/rpc_ledger.h"
#include <stdlib.h>
#include <string.h>

enum { DRAW_DROP, DRAW_FORWARD = 16, DRAW_WAIT = 32, DRAW_TRY = 48, TRIES_DRAWN = 1 << 16 };

static uint64_t short_name(const unsigned char *signature)
{
    uint64_t name;
    memcpy(&name, signature, sizeof name);
    return name;
}

const struct entry *ledger_find(const struct ledger *ledger, const unsigned char *signature, bool in_block)
{
    uint32_t index;
    if (!table_find(&ledger->by_signature, short_name(signature), &index)) return NULL;
    const struct entry *entry = &ledger->entries[index];
    if (memcmp(transaction_signature(entry->transaction), signature, SIGNATURE_BYTES) != 0) return NULL;
    return in_block && entry->state != ENTRY_IN_BLOCK ? NULL : entry;
}

static int by_place(const void *a, const void *b)
{
    const struct entry *first = *(const struct entry *const *)a, *second = *(const struct entry *const *)b;
    return (first->place > second->place) - (first->place < second->place);
}

static bool is_landed(const struct entry *entry, uint32_t above, uint32_t top)
{
    return entry->state == ENTRY_IN_BLOCK && entry->height > above && entry->height <= top;
}

const struct entry **ledger_landed(const struct ledger *ledger, uint32_t above, uint32_t top,
                                   uint32_t *count_out)
{
    uint64_t submitted = ledger->counts.submitted;
    uint32_t used = submitted < LEDGER_ENTRIES ? (uint32_t)submitted : LEDGER_ENTRIES, count = 0, at = 0;
    for (uint32_t i = 0; i < used; i++) count += is_landed(&ledger->entries[i], above, top);
    const struct entry **list = malloc((count + 1) * sizeof *list);
    if (!list) return NULL;
    for (uint32_t i = 0; i < used; i++)
        if (is_landed(&ledger->entries[i], above, top)) list[at++] = &ledger->entries[i];
    qsort(list, count, sizeof *list, by_place);
    *count_out = count;
    return list;
}

enum commitment ledger_entry_commitment(const struct ledger *ledger, const struct entry *entry)
{
    ASSERT(entry->state == ENTRY_IN_BLOCK);
    if (entry->height <= ledger->height[COMMIT_FINALIZED]) return COMMIT_FINALIZED;
    return entry->height <= ledger->height[COMMIT_CONFIRMED] ? COMMIT_CONFIRMED : COMMIT_PROCESSED;
}

/* -- one try -- */

static struct draw try_draw(const struct ledger *ledger, const struct entry *entry, uint32_t place)
{
    return draw_at(&ledger->slots.rng, RNG_TRANSACTION, entry->serial,
                   entry->tries % TRIES_DRAWN * DRAW_TRY + place);
}

/* How many slots the leader's scheduler lets it wait. */
static uint32_t draw_wait(const struct ledger *ledger, const struct entry *entry,
                          const struct chain_path_profile *path)
{
    struct draw draw = try_draw(ledger, entry, DRAW_WAIT);
    if (path->wait_mean_slots > 0) {
        double slots = path->wait_mean_slots * sample_exponential(&draw);
        return slots < 1000 ? (uint32_t)slots : 1000;
    }
    double left = draw_unit(&draw) - path->wait_weights[0];
    uint32_t wait = 0;
    for (; wait + 1 < CHAIN_WAITS && left >= 0; wait++) left -= path->wait_weights[wait + 1];
    return wait;
}

static err try_once(struct ledger *ledger, struct entry *entry)
{
    struct chain_slots *slots = &ledger->slots;
    TRY(chain_slots_reach_ns(slots, ledger->now_ns));
    const struct chain_path_profile *path = &chain_slots_regime(slots, ledger->now_ns)->path[ledger->path];
    struct draw draw = try_draw(ledger, entry, DRAW_DROP);
    bool is_faulty = ledger->now_ns < ledger->drop_until_ns;
    double chance =
        is_faulty && ledger->drop_chance > path->drop_chance ? ledger->drop_chance : path->drop_chance;
    bool is_dropped = draw_chance(&draw, chance);
    ledger->counts.dropped += is_dropped;
    if (!is_dropped) {
        draw = try_draw(ledger, entry, DRAW_FORWARD);
        int64_t arrives_ns =
            ledger->now_ns + sample_lognormal_ns(&draw, path->forward_ns, path->forward_sigma);
        TRY(chain_slots_reach_ns(slots, arrives_ns));
        uint32_t due = chain_slots_at(slots, arrives_ns) + draw_wait(ledger, entry, path);
        if (due < entry->due_slot) entry->due_slot = due;
    }
    entry->tries++;
    entry->next_try_ns = ledger->now_ns + slots->profile->retry_ns;
    return OK;
}

/* -- the pool -- */

static void expire(struct ledger *ledger, struct entry *entry)
{
    entry->state = ENTRY_EXPIRED;
    ledger->counts.expired++;
}

err pending_send(struct ledger *ledger)
{
    for (uint32_t i = 0; i < ledger->pending_count; i++) {
        struct entry *entry = &ledger->entries[ledger->pending[i]];
        if (entry->next_try_ns > ledger->now_ns || entry->tries > entry->tries_max) continue;
        TRY(try_once(ledger, entry));
    }
    return OK;
}

static void release(struct ledger *ledger, struct entry *entry)
{
    if (entry->state == ENTRY_FREE) return;
    table_remove(&ledger->by_signature, short_name(transaction_signature(entry->transaction)));
    free(entry->transaction);
    free(entry->balances);
    free(entry->logs);
    *entry = (struct entry){0};
}

/* The oldest that may be forgotten: what is under way or not final stays. */
static struct entry *take_entry(struct ledger *ledger)
{
    for (uint32_t i = 0; i < LEDGER_ENTRIES; i++) {
        struct entry *entry = &ledger->entries[ledger->entry_at];
        ledger->entry_at = (ledger->entry_at + 1) % LEDGER_ENTRIES;
        bool is_needed =
            entry->state == ENTRY_PENDING ||
            (entry->state == ENTRY_IN_BLOCK && ledger_entry_commitment(ledger, entry) != COMMIT_FINALIZED);
        if (is_needed) continue;
        release(ledger, entry);
        return entry;
    }
    return NULL;
}

static struct transaction *copy_of(const struct transaction *transaction)
{
    struct transaction *copy = malloc(sizeof *copy);
    if (copy) *copy = *transaction;
    return copy;
}

/* A node that still retries by itself ignores the same transaction; one that has stopped forwards it again.
 */
static err submit_again(struct ledger *ledger, struct entry *entry)
{
    if (entry->state != ENTRY_PENDING || entry->tries <= entry->tries_max) return OK;
    return try_once(ledger, entry);
}

err ledger_submit(struct ledger *ledger, const struct transaction *transaction, uint32_t tries_max)
{
    const unsigned char *signature = transaction_signature(transaction);
    uint32_t known;
    if (table_find(&ledger->by_signature, short_name(signature), &known))
        return submit_again(ledger, &ledger->entries[known]);
    struct entry *entry = take_entry(ledger);
    if (!entry) return ERR_LIMIT;
    struct transaction *copy = copy_of(transaction);
    if (!copy) return ERR_NOMEM;
    uint32_t tip = ledger->height[COMMIT_PROCESSED], hash_height;
    if (!ledger_knows_blockhash(ledger, tip, transaction_blockhash(transaction), &hash_height))
        hash_height = tip; /* of a fork perhaps: kept as long as a new one would be */
    *entry = (struct entry){.state = ENTRY_PENDING,
                            .transaction = copy,
                            .last_height = hash_height + BLOCKHASH_BLOCKS,
                            .due_slot = UINT32_MAX,
                            .tries_max = ledger->pending_count < LEDGER_POOL ? tries_max : 0,
                            .serial = ledger->serial++,
                            .next_try_ns = ledger->now_ns};
    uint32_t index = (uint32_t)(entry - ledger->entries);
    err e = table_insert(&ledger->by_signature, short_name(signature), index);
    ASSERT(e == OK);
    ledger->pending[ledger->pending_count++] = index;
    ledger->counts.submitted++;
    return try_once(ledger, entry);
}

/* -- blocks -- */

void ledger_simulate(struct ledger *ledger, const struct transaction *transaction,
                     const struct simulation *simulation, struct outcome *out)
{
    uint32_t height = simulation->bank->height, hash_height;
    struct view view = {&ledger->accounts, height};
    const struct entry *known = ledger_find(ledger, transaction_signature(transaction), true);
    enum tx_error error = TX_OK;
    if (!simulation->ignores_blockhash &&
        !ledger_knows_blockhash(ledger, height, transaction_blockhash(transaction), &hash_height))
        error = TX_BLOCKHASH_NOT_FOUND;
    else if (transaction->signature_count && known && known->height <= height)
        error = TX_ALREADY_PROCESSED;
    if (error == TX_OK) {
        transaction_execute(transaction, &view, out);
        return;
    }
    out->status = (struct tx_status){.error = (uint8_t)error};
    out->is_included = false;
    out->logs[0] = '\0';
    out->logs_bytes = out->units = 0;
    out->fee_lamports = 0;
}

static err keep_outcome(struct entry *entry, const struct outcome *outcome)
{
    uint32_t keys = entry->transaction->key_count;
    uint64_t *balances = malloc(2 * keys * sizeof *balances);
    char *logs = strdup(outcome->logs);
    if (!balances || !logs) {
        free(balances);
        free(logs);
        return ERR_NOMEM;
    }
    free(entry->balances);
    free(entry->logs);
    memcpy(balances, outcome->before, keys * sizeof *balances);
    memcpy(balances + keys, outcome->after, keys * sizeof *balances);
    entry->balances = balances;
    entry->logs = logs;
    entry->status = outcome->status;
    entry->fee_lamports = outcome->fee_lamports;
    entry->units = outcome->units;
    entry->unit_price = outcome->unit_price;
    return OK;
}

static err write_balances(struct ledger *ledger, const struct entry *entry)
{
    const struct outcome *outcome = &ledger->scratch;
    for (uint32_t i = 0; i < entry->transaction->key_count; i++) {
        if (outcome->after[i] == outcome->before[i]) continue;
        struct account_change change = {.key = transaction_key(entry->transaction, i),
                                        .lamports = outcome->after[i],
                                        .height = entry->height,
                                        .final_height = ledger->height[COMMIT_FINALIZED]};
        TRY(accounts_set(&ledger->accounts, &change));
    }
    return OK;
}

static bool has_room(const struct accounts *accounts, const struct transaction *transaction)
{
    uint32_t count = accounts->count;
    for (uint32_t i = 0; i < transaction->key_count; i++)
        count += !accounts_know(accounts, transaction_key(transaction, i));
    return count <= ACCOUNTS_MAX;
}

/* Executes it in the block after the tip; *is_in: it is in there now. When the accounts are full nothing
 * enters, for money that has nowhere to go would be lost. */
static err enter(struct ledger *ledger, struct entry *entry, struct bank *bank, bool *is_in)
{
    uint32_t hash_height;
    struct view view = {&ledger->accounts, bank->height};
    struct outcome *outcome = &ledger->scratch;
    *is_in = false;
    if (!ledger_knows_blockhash(ledger, bank->height - 1, transaction_blockhash(entry->transaction),
                                &hash_height) ||
        !transaction_is_signed(entry->transaction) || !has_room(&ledger->accounts, entry->transaction))
        return OK;
    transaction_execute(entry->transaction, &view, outcome);
    if (!outcome->is_included) return OK;
    TRY(keep_outcome(entry, outcome));
    entry->state = ENTRY_IN_BLOCK;
    entry->height = bank->height;
    entry->slot = bank->slot;
    TRY(write_balances(ledger, entry));
    entry->place = ++bank->transactions;
    *(entry->status.error == TX_OK ? &bank->succeeded : &bank->failed) += 1;
    ledger->counts.landed++;
    ledger->counts.failed += entry->status.error != TX_OK;
    *is_in = true;
    return OK;
}

err pending_fill_block(struct ledger *ledger, struct bank *bank)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < ledger->pending_count; i++) {
        uint32_t index = ledger->pending[i];
        struct entry *entry = &ledger->entries[index];
        bool is_in = false;
        if (bank->height > entry->last_height)
            expire(ledger, entry);
        else if (entry->due_slot <= bank->slot)
            TRY(enter(ledger, entry, bank, &is_in));
        if (entry->state != ENTRY_PENDING) continue;
        if (entry->due_slot <= bank->slot) entry->due_slot = UINT32_MAX; /* the leader threw it away */
        ledger->pending[kept++] = index;
    }
    ledger->pending_count = kept;
    return OK;
}

void pending_give_back(struct ledger *ledger, uint32_t height)
{
    for (uint32_t index = 0; index < LEDGER_ENTRIES; index++) {
        struct entry *entry = &ledger->entries[index];
        if (entry->state != ENTRY_IN_BLOCK || entry->height != height) continue;
        entry->state = ENTRY_PENDING;
        entry->due_slot = UINT32_MAX; /* until the node sends it again */
        ledger->pending[ledger->pending_count++] = index;
        ledger->counts.given_back++;
        ledger->counts.landed--;
    }
}
