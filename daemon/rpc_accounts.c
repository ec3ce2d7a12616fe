/* daemon/rpc_accounts.c: open addressing over keys, a few versions an account. */
#include "daemon/rpc_accounts.h"
#include "base/assert.h"
#include <stdlib.h>
#include <string.h>

struct version {
    uint64_t lamports;
    uint32_t height;
};

struct account {
    unsigned char key[KEY_BYTES];
    struct version *versions; /* heights rise */
    uint32_t count, room;
};

/* Keys are chosen by clients: every byte counts, or a few could make all of them collide. */
static uint64_t hash_of(const unsigned char *key)
{
    uint64_t hash = UINT64_C(0x9e3779b97f4a7c15);
    for (int i = 0; i < KEY_BYTES; i += 8) {
        uint64_t word;
        memcpy(&word, key + i, sizeof word);
        hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    }
    return hash;
}

err accounts_open(struct accounts *out)
{
    struct accounts accounts = {.room = 256, .slot_count = 1024};
    accounts.rows = calloc(accounts.room, sizeof *accounts.rows);
    accounts.slots = calloc(accounts.slot_count, sizeof *accounts.slots);
    if (!accounts.rows || !accounts.slots) {
        free(accounts.rows);
        free(accounts.slots);
        return ERR_NOMEM;
    }
    *out = accounts;
    return OK;
}

void accounts_close(struct accounts *accounts)
{
    for (uint32_t i = 0; i < accounts->count; i++) free(accounts->rows[i].versions);
    free(accounts->rows);
    free(accounts->slots);
    *accounts = (struct accounts){0};
}

/* Where the key stands or would stand. */
static uint32_t slot_of(const struct accounts *accounts, const unsigned char *key)
{
    uint32_t mask = accounts->slot_count - 1, at = (uint32_t)hash_of(key) & mask;
    while (accounts->slots[at] && memcmp(accounts->rows[accounts->slots[at] - 1].key, key, KEY_BYTES) != 0)
        at = (at + 1) & mask;
    return at;
}

static err grow(struct accounts *accounts)
{
    if (accounts->count == ACCOUNTS_MAX) return ERR_LIMIT;
    uint32_t room = accounts->room * 2, slot_count = accounts->slot_count * 2;
    struct account *rows = realloc(accounts->rows, room * sizeof *rows);
    if (!rows) return ERR_NOMEM;
    accounts->rows = rows;
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    if (!slots) return ERR_NOMEM;
    free(accounts->slots);
    accounts->slots = slots;
    accounts->room = room;
    accounts->slot_count = slot_count;
    for (uint32_t i = 0; i < accounts->count; i++) slots[slot_of(accounts, rows[i].key)] = i + 1;
    return OK;
}

uint64_t accounts_balance(const struct accounts *accounts, const unsigned char *key, uint32_t height)
{
    uint32_t row = accounts->slots[slot_of(accounts, key)];
    if (!row) return 0;
    const struct account *account = &accounts->rows[row - 1];
    for (uint32_t i = account->count; i-- > 0;)
        if (account->versions[i].height <= height) return account->versions[i].lamports;
    return 0;
}

static err find_or_add(struct accounts *accounts, const unsigned char *key, struct account **out)
{
    uint32_t at = slot_of(accounts, key);
    if (!accounts->slots[at]) {
        if (accounts->count == accounts->room) {
            TRY(grow(accounts));
            at = slot_of(accounts, key);
        }
        struct account *account = &accounts->rows[accounts->count++];
        *account = (struct account){0};
        memcpy(account->key, key, KEY_BYTES);
        accounts->slots[at] = accounts->count;
    }
    *out = &accounts->rows[accounts->slots[at] - 1];
    return OK;
}

/* Only the newest final version can still be read. */
static void merge(struct account *account, uint32_t final_height)
{
    uint32_t old = 0;
    while (old + 1 < account->count && account->versions[old + 1].height <= final_height) old++;
    if (!old) return;
    memmove(account->versions, account->versions + old, (account->count - old) * sizeof *account->versions);
    account->count -= old;
}

err accounts_set(struct accounts *accounts, const struct account_change *change)
{
    struct account *account;
    TRY(find_or_add(accounts, change->key, &account));
    merge(account, change->final_height);
    struct version *last = account->count ? &account->versions[account->count - 1] : NULL;
    ASSERT(!last || last->height <= change->height);
    if (last && last->height == change->height) {
        last->lamports = change->lamports;
        return OK;
    }
    if (account->count == account->room) {
        uint32_t room = account->room ? 2 * account->room : 2;
        struct version *versions = realloc(account->versions, room * sizeof *versions);
        if (!versions) return ERR_NOMEM;
        account->versions = versions;
        account->room = room;
    }
    account->versions[account->count++] = (struct version){change->lamports, change->height};
    return OK;
}

void accounts_forget_above(struct accounts *accounts, uint32_t height)
{
    for (uint32_t i = 0; i < accounts->count; i++) {
        struct account *account = &accounts->rows[i];
        while (account->count && account->versions[account->count - 1].height > height) account->count--;
    }
}

bool accounts_know(const struct accounts *accounts, const unsigned char *key)
{
    return accounts->slots[slot_of(accounts, key)] != 0;
}
