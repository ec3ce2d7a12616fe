/* daemon/rpc_fund.h: sees to it that a wallet can pay, before a command begins. Blocks.
 *
 * Every endpoint must see the money: what is sent through one may go on through another.
 * An endpoint that does not answer is passed over, as long as one does.
 * Errors: ERR_CONFLICT too little money, and no airdrop wanted or given; ERR_IO nobody
 * answers in time. */
#pragma once
#include "daemon/rpc_client.h"
#include "daemon/wallet.h"

struct fund_order {
    struct rpc_client_options client; /* heard and context are not used */
    const struct wallet *wallet;
    uint64_t lamports;
    bool may_airdrop; /* test networks give money away */
    int64_t timeout_ns;
};
MUST_USE err rpc_fund(const struct fund_order *order, struct diag *diag);
