/* sim/chain_accounts.h: the on-chain records of speculation, field by field.
 *
 * The sizes that the on-chain specification states for three of the four do not
 * add up; what its field lists add up to is what an account needs (engine.md
 * 1.1). Both are kept: the stated one to recognise it. Sizes in bytes, the
 * eight of the account's type included. */
#pragma once
#include <stdint.h>

enum { CHAIN_FIELDS_MOST = 24, CHAIN_TYPE_BYTES = 8 };

struct chain_field {
    const char *name;
    uint32_t bytes;
};

struct chain_account {
    const char *name;
    uint32_t stated_bytes;
    struct chain_field fields[CHAIN_FIELDS_MOST]; /* ended by one without a name */
};

uint32_t chain_account_count(void);
const struct chain_account *chain_account_at(uint32_t index); /* index < count */
uint32_t chain_account_bytes(const struct chain_account *account);
