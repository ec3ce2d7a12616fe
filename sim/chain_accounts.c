/* sim/chain_accounts.c: the fields as a table; keys are 32 bytes, amounts and times 8. */
#include "sim/chain_accounts.h"
#include "base/assert.h"

enum { KEY = 32, HASH = 32, AMOUNT = 8, TIME = 8, BYTE = 1, COUNT = 2 };

static const struct chain_account ACCOUNTS[] = {
    {"Task",
     336,
     {{"id", HASH},
      {"creator", KEY},
      {"capabilities", 8},
      {"description", 64},
      {"constraint hash", HASH},
      {"reward", AMOUNT},
      {"workers, most and now", 2 * BYTE},
      {"status and type", 2 * BYTE},
      {"created, deadline, completed", 3 * TIME},
      {"escrow", KEY},
      {"result", 64},
      {"completions, now and required", 2 * BYTE},
      {"bump", BYTE},
      {"depends on", KEY},
      {"dependency type", BYTE},
      {"dependency depth", BYTE},
      {"reserve", 28}}},
    {"SpeculativeCommitment",
     345,
     {{"task, worker, worker's agent", 3 * KEY},
      {"parent commitment", KEY},
      {"task depended on", KEY},
      {"depth", BYTE},
      {"result hash", HASH},
      {"input state hash", HASH},
      {"compute cost", AMOUNT},
      {"created, expires, confirmed, voided", 4 * TIME},
      {"status", BYTE},
      {"bond", KEY},
      {"staked amount", AMOUNT},
      {"bump", BYTE},
      {"reserve", 32}}},
    {"SpeculationBond",
     190,
     {{"agent, authority", 2 * KEY},
      {"deposited, available, locked, withdrawing", 4 * AMOUNT},
      {"locks, active and most", 2 * COUNT},
      {"withdrawal time", TIME},
      {"withdrawal amount", AMOUNT},
      {"slashed in all", AMOUNT},
      {"slashes", COUNT},
      {"last slash, cooldown until", 2 * TIME},
      {"created, last activity", 2 * TIME},
      {"status", BYTE},
      {"bump", BYTE},
      {"reserve", 30}}},
    {"BondLock",
     98,
     {{"bond", KEY},
      {"commitment", KEY},
      {"amount", AMOUNT},
      {"created, released", 2 * TIME},
      {"active", BYTE},
      {"bump", BYTE}}},
};

uint32_t chain_account_count(void)
{
    return sizeof ACCOUNTS / sizeof *ACCOUNTS;
}

const struct chain_account *chain_account_at(uint32_t index)
{
    ASSERT(index < chain_account_count());
    return &ACCOUNTS[index];
}

uint32_t chain_account_bytes(const struct chain_account *account)
{
    uint32_t bytes = CHAIN_TYPE_BYTES;
    for (int i = 0; i < CHAIN_FIELDS_MOST && account->fields[i].name; i++) bytes += account->fields[i].bytes;
    return bytes;
}
