/* daemon/rpc_execute.h: what a transaction does to balances, and what a node says about it.
 *
 * Programs: system (transfer), compute budget, memo (v1, v2, v4). Everything
 * else is a program that does not exist here. An outcome that is not included
 * costs nothing and leaves no trace; one that is included pays its fee, and
 * when an instruction failed, changes nothing else.
 * Source: chain.md 4 and 5.3; fee rules and texts of errors as nodes give them. */
#pragma once
#include "daemon/rpc_accounts.h"
#include "daemon/rpc_transaction.h"

enum {
    FEE_PER_SIGNATURE = 5000,   /* lamports */
    UNITS_DEFAULT = 200000,     /* of an instruction */
    UNITS_MAX = 1400000,        /* of a transaction */
    RENT_EXEMPT_EMPTY = 890880, /* lamports of an account without data */
    LOGS_BYTES = 8192,
};

/* code as clients know it, what a node says */
#define TX_ERROR_TABLE(X)                                                                                    \
    X(TX_OK, "", "")                                                                                         \
    X(TX_BLOCKHASH_NOT_FOUND, "BlockhashNotFound", "Blockhash not found")                                    \
    X(TX_ALREADY_PROCESSED, "AlreadyProcessed", "This transaction has already been processed")               \
    X(TX_ACCOUNT_NOT_FOUND, "AccountNotFound",                                                               \
      "Attempt to debit an account but found no record of a prior credit.")                                  \
    X(TX_FUNDS_FOR_FEE, "InsufficientFundsForFee", "Insufficient funds for fee")                             \
    X(TX_PROGRAM_NOT_FOUND, "ProgramAccountNotFound", "Attempt to load a program that does not exist")       \
    X(TX_LOADED_TWICE, "AccountLoadedTwice", "Account loaded twice")                                         \
    X(TX_LOOKUP_NOT_FOUND, "AddressLookupTableNotFound",                                                     \
      "Transaction loads an address table account that doesn't exist")                                       \
    X(TX_SIGNATURE_FAILURE, "SignatureFailure", "Transaction did not pass signature verification")           \
    X(TX_DUPLICATE_INSTRUCTION, "DuplicateInstruction",                                                      \
      "Transaction contains a duplicate instruction (%u) "                                                   \
      "that is not allowed")                                                                                 \
    X(TX_FUNDS_FOR_RENT, "InsufficientFundsForRent",                                                         \
      "Transaction results in an account (%u) with insufficient funds for rent")                             \
    X(TX_INSTRUCTION, "InstructionError", "Error processing Instruction %u: ")

enum tx_error {
#define X(code, name, text) code,
    TX_ERROR_TABLE(X)
#undef X
};

#define INSTRUCTION_ERROR_TABLE(X)                                                                           \
    X(IX_CUSTOM, "Custom", "custom program error: 0x%x")                                                     \
    X(IX_INVALID_DATA, "InvalidInstructionData", "invalid instruction data")                                 \
    X(IX_MISSING_SIGNATURE, "MissingRequiredSignature", "missing required signature for instruction")        \
    X(IX_MISSING_ACCOUNT, "NotEnoughAccountKeys", "insufficient account keys for instruction")               \
    X(IX_READONLY, "ReadonlyLamportChange", "instruction changed the balance of a read-only account")        \
    X(IX_BUDGET, "ComputationalBudgetExceeded", "Computational budget exceeded")

enum instruction_error {
#define X(code, name, text) code,
    INSTRUCTION_ERROR_TABLE(X)
#undef X
};

struct tx_status {
    uint8_t error;       /* enum tx_error */
    uint8_t instruction; /* enum instruction_error, of TX_INSTRUCTION */
    uint8_t index;       /* of the instruction, or of the account without rent */
    uint32_t custom;
};

struct outcome {
    struct tx_status status;
    bool is_included;
    uint64_t fee_lamports, unit_price; /* unit_price: millionths of a lamport */
    uint32_t units;
    uint64_t before[TRANSACTION_KEYS], after[TRANSACTION_KEYS];
    char logs[LOGS_BYTES]; /* lines, each ended by a newline */
    uint32_t logs_bytes;
};

struct view {
    const struct accounts *accounts;
    uint32_t height;
};

/* Blockhash and repetition are the ledger's to check. */
void transaction_execute(const struct transaction *transaction, const struct view *view, struct outcome *out);

/* The fee alone; false when its compute budget instructions are not in order. */
bool transaction_fee(const struct transaction *transaction, uint64_t *fee_lamports);

const char *tx_error_name(enum tx_error error);
const char *instruction_error_name(enum instruction_error error);
enum { TX_TEXT_BYTES = 160 };
void tx_status_text(const struct tx_status *status, char text[TX_TEXT_BYTES]);

extern const unsigned char SYSTEM_PROGRAM[KEY_BYTES];
const char *program_name(const unsigned char *key); /* its address as text; NULL: no program of ours */
