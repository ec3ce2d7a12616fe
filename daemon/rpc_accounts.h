/* daemon/rpc_accounts.h: who owns how many lamports, at each height that may still be asked for.
 *
 * An account keeps its balance after each block that changed it, down to the
 * newest one that is final: processed, confirmed and finalized readers see
 * different balances, and a lost block is forgotten by dropping what it wrote.
 * Errors: ERR_LIMIT more than ACCOUNTS_MAX; ERR_NOMEM. Threads: one. */
#pragma once
#include "base/err.h"
#include "daemon/rpc_transaction.h"
#include <stdbool.h>
#include <stdint.h>

enum { ACCOUNTS_MAX = 1 << 18 };

struct account;

struct accounts {
    struct account *rows;
    uint32_t *slots; /* of the hash: row + 1; 0 is free */
    uint32_t count, room, slot_count;
};

MUST_USE err accounts_open(struct accounts *out);
void accounts_close(struct accounts *accounts); /* fine on a zeroed one */

/* After the block of this height; 0 for one that nobody ever credited. */
uint64_t accounts_balance(const struct accounts *accounts, const unsigned char *key, uint32_t height);

/* In the block of `height`, which is not below any earlier one; what is older than `final_height` is merged.
 */
struct account_change {
    const unsigned char *key;
    uint64_t lamports;
    uint32_t height, final_height;
};
MUST_USE err accounts_set(struct accounts *accounts, const struct account_change *change);

bool accounts_know(const struct accounts *accounts, const unsigned char *key);

void accounts_forget_above(struct accounts *accounts, uint32_t height); /* those blocks are lost */
