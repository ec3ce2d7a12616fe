/* daemon/rpc_methods.h: the one table of methods: name, what it takes, what it does.
 *
 *     X(name, shape, handler, help)
 *
 * Shape: a letter a parameter, in capitals when it may be left out or be null:
 * s text, u whole number 0 or more, i whole number, a array, o object, * anything or nothing, + anything. The
 * table checks them, so that a handler reads what is there. A handler writes the result as one value with key
 * NULL, after everything that can fail; or it refuses: returns rpc_refuse(...). Docs and `agenc chain serve
 * --help` come from here. */
#pragma once
#include "daemon/rpc.h"

#define RPC_METHOD_TABLE(X)                                                                                  \
    X(getHealth, "", rpc_get_health, "ok, or how far the node is behind")                                    \
    X(getVersion, "", rpc_get_version, "what a client needs to know of the software")                        \
    X(getGenesisHash, "", rpc_get_genesis_hash, "the chain's name")                                          \
    X(getSlot, "O", rpc_get_slot, "the slot of the newest bank")                                             \
    X(getBlockHeight, "O", rpc_get_block_height, "blocks up to the newest bank")                             \
    X(getEpochInfo, "O", rpc_get_epoch_info, "slot, height and epoch of the newest bank")                    \
    X(getTransactionCount, "O", rpc_get_transaction_count, "transactions since the genesis")                 \
    X(getLatestBlockhash, "O", rpc_get_latest_blockhash, "and the last height that takes it")                \
    X(isBlockhashValid, "sO", rpc_is_blockhash_valid, "is it among the last 150?")                           \
    X(getBlockTime, "u", rpc_get_block_time, "when the block of a slot was made")                            \
    X(getBlock, "u*", rpc_get_block, "a confirmed block with its transactions")                              \
    X(getBlocks, "u*O", rpc_get_blocks, "slots that have a block, from one to another")                      \
    X(getBlocksWithLimit, "uuO", rpc_get_blocks_with_limit, "so many of them")                               \
    X(getSignaturesForAddress, "sO", rpc_get_signatures_for_address,                                         \
      "what touched an account, newest first")                                                               \
    X(getSlotLeaders, "uu", rpc_get_slot_leaders, "who leads the slots from one on")                         \
    X(getSlotLeader, "O", rpc_get_slot_leader, "who leads the present slot")                                 \
    X(getFirstAvailableBlock, "", rpc_get_first_available_block, "the oldest slot that is kept")             \
    X(getRecentPerformanceSamples, "U", rpc_get_performance_samples, "slots and transactions a minute")      \
    X(getAgGenesisCert, "", rpc_get_ag_genesis_cert, "null on a TowerBFT cluster")                           \
    X(getBalance, "sO", rpc_get_balance, "lamports of an account")                                           \
    X(getAccountInfo, "sO", rpc_get_account_info, "an account, or null")                                     \
    X(getMultipleAccounts, "aO", rpc_get_multiple_accounts, "up to 100 of them")                             \
    X(getMinimumBalanceForRentExemption, "uO", rpc_get_minimum_balance, "lamports for so many bytes")        \
    X(getRecentPrioritizationFees, "A", rpc_get_prioritization_fees,                                         \
      "the least price a unit, of 150 blocks")                                                               \
    X(getFeeForMessage, "sO", rpc_get_fee_for_message, "lamports, by signatures and compute budget")         \
    X(requestAirdrop, "suO", rpc_request_airdrop, "a transfer from the faucet")                              \
    X(sendTransaction, "sO", rpc_send_transaction, "with preflight unless told otherwise")                   \
    X(simulateTransaction, "sO", rpc_simulate_transaction, "what it would do")                               \
    X(getSignatureStatuses, "aO", rpc_get_signature_statuses, "of up to 256 transactions")                   \
    X(getTransaction, "s*", rpc_get_transaction, "a confirmed transaction")                                  \
    X(signatureSubscribe, "sO", rpc_signature_subscribe, "once, when it has the commitment")                 \
    X(signatureUnsubscribe, "i", rpc_signature_unsubscribe, "")                                              \
    X(slotSubscribe, "", rpc_slot_subscribe, "every frozen slot")                                            \
    X(slotUnsubscribe, "i", rpc_slot_unsubscribe, "")                                                        \
    X(rootSubscribe, "", rpc_root_subscribe, "every root")                                                   \
    X(rootUnsubscribe, "i", rpc_root_unsubscribe, "")                                                        \
    X(accountSubscribe, "sO", rpc_account_subscribe, "whenever its balance changes")                         \
    X(accountUnsubscribe, "i", rpc_account_unsubscribe, "")                                                  \
    X(logsSubscribe, "+O", rpc_logs_subscribe, "logs of all transactions, or of those that name a key")      \
    X(logsUnsubscribe, "i", rpc_logs_unsubscribe, "")                                                        \
    X(slotsUpdatesSubscribe, "", rpc_slots_updates_subscribe, "what a slot goes through")                    \
    X(slotsUpdatesUnsubscribe, "i", rpc_slots_updates_unsubscribe, "")

enum rpc_error_data { DATA_NONE, DATA_BEHIND, DATA_UNKNOWN_HEALTH, DATA_CONTEXT_SLOT, DATA_SIMULATION };

struct rpc_call {
    struct rpc *rpc;
    struct json_node params; /* an array; value NULL: none were given */
    uint32_t param_count;
    uint32_t client; /* 0: over HTTP, where nothing can be subscribed to */
    struct json_writer *out;
    /* when refused */
    int32_t code;
    char message[RPC_TEXT_BYTES];
    enum rpc_error_data data;
    uint64_t number; /* of the data; DATA_SIMULATION has ledger.scratch */
};

typedef bool rpc_handler(struct rpc_call *call); /* false: refused */

struct rpc_method {
    const char *name, *shape;
    rpc_handler *handler;
    const char *help;
};

#define X(name, shape, handler, help) rpc_handler handler;
RPC_METHOD_TABLE(X)
#undef X

uint32_t rpc_method_count(void);
const struct rpc_method *rpc_method_at(uint32_t index);
const struct rpc_method *rpc_method_find(const char *name); /* NULL: none */

/* Checks the parameters and runs it. */
bool rpc_method_call(const struct rpc_method *method, struct rpc_call *call);

/* -- for handlers -- */
bool rpc_refuse(struct rpc_call *call, int32_t code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));    /* false */
bool rpc_check_health(struct rpc_call *call); /* or refuses, as a node that is behind */
bool rpc_has(const struct rpc_call *call, uint32_t index);
const char *rpc_text(const struct rpc_call *call, uint32_t index);
uint64_t rpc_number(const struct rpc_call *call, uint32_t index);
struct json_node rpc_param(const struct rpc_call *call, uint32_t index);
/* A member of the object at `index`; *out stays as it is when that is not there. */
bool rpc_option_text(struct rpc_call *call, uint32_t index, const char *name, const char **out);
bool rpc_option_bool(struct rpc_call *call, uint32_t index, const char *name, bool *out);
bool rpc_option_number(struct rpc_call *call, uint32_t index, const char *name, uint64_t *out);

/* The bank that commitment and minContextSlot of the object at `index` ask for; default finalized. */
bool rpc_bank(struct rpc_call *call, uint32_t index, const struct bank **out);
bool rpc_commitment(struct rpc_call *call, uint32_t index, const char *name, enum commitment *out);
bool rpc_read_key(struct rpc_call *call, const char *text, unsigned char key[KEY_BYTES]);
bool rpc_read_signature(struct rpc_call *call, const char *text, unsigned char signature[SIGNATURE_BYTES]);
void rpc_begin_value(struct rpc_call *call, const struct bank *bank); /* {context, "value": … rpc_end_value */
void rpc_end_value(struct rpc_call *call);

/* -- a transaction that landed, as getTransaction and getBlock give it -- */
enum { RPC_LEGACY_ONLY = UINT8_MAX }; /* maxSupportedTransactionVersion when it was not said */
bool rpc_read_encoding(struct rpc_call *call, const char **encoding); /* of the object at 1 */
bool rpc_commitment_of_blocks(struct rpc_call *call, uint32_t index,
                              enum commitment *out); /* not processed */
bool rpc_refuse_version(struct rpc_call *call);      /* false */
void rpc_write_meta(struct json_writer *out, const struct entry *entry);
void rpc_write_transaction(struct json_writer *out, const struct transaction *transaction,
                           const char *encoding);
void rpc_write_version(struct json_writer *out, const struct transaction *transaction);
/* The bank of a slot up to `newest`, or the refusal that says why there is none. */
bool rpc_bank_of_slot(struct rpc_call *call, uint64_t slot, const struct bank *newest,
                      const struct bank **out);
int64_t rpc_block_time(const struct rpc_call *call, const struct bank *bank); /* s since 1970 */

void rpc_write_simulation(struct json_writer *out, const char *key, const struct outcome *outcome);
