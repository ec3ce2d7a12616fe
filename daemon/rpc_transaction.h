/* daemon/rpc_transaction.h: a transaction of Solana as it comes over the wire.
 *
 * Legacy and version 0. Parsing checks what a node's sanitizer checks: sizes,
 * indices, no byte left over, no key twice; it borrows nothing, the bytes are kept inside.
 * Source: Solana's documentation of transactions; chain.md 4 for the limits. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    KEY_BYTES = 32,
    SIGNATURE_BYTES = 64,
    PACKET_BYTES = 1232,
    TRANSACTION_SIGNATURES = 12, /* more do not fit a packet */
    TRANSACTION_KEYS = 64,       /* locks that one transaction may hold */
    TRANSACTION_INSTRUCTIONS = 64,
};

struct instruction {
    uint8_t program, account_count;
    uint16_t accounts_at, data_at, data_bytes; /* in bytes[] */
};

struct transaction {
    unsigned char bytes[PACKET_BYTES];
    uint16_t size_bytes, message_at; /* the message is what is signed */
    uint16_t signatures_at, keys_at, blockhash_at;
    uint8_t signature_count, key_count, instruction_count, lookup_count;
    uint16_t looked_up;                                   /* keys that its lookup tables would add */
    uint8_t required, readonly_signed, readonly_unsigned; /* the header */
    bool is_versioned;
    struct instruction instructions[TRANSACTION_INSTRUCTIONS];
};

/* ERR_SYNTAX: not a transaction; the reason, for the client, in `diag`. */
MUST_USE err transaction_parse(struct transaction *out, const unsigned char *bytes, size_t size_bytes,
                               struct diag *diag);
/* The message alone, as getFeeForMessage has it. */
MUST_USE err transaction_parse_message(struct transaction *out, const unsigned char *bytes, size_t size_bytes,
                                       struct diag *diag);

bool transaction_is_signed(const struct transaction *transaction); /* every signature verifies (ed25519) */

static inline const unsigned char *transaction_signature(const struct transaction *transaction)
{
    return transaction->bytes + transaction->signatures_at; /* the first names the transaction */
}
static inline const unsigned char *transaction_key(const struct transaction *transaction, uint32_t index)
{
    return transaction->bytes + transaction->keys_at + (size_t)index * KEY_BYTES;
}
static inline const unsigned char *transaction_blockhash(const struct transaction *transaction)
{
    return transaction->bytes + transaction->blockhash_at;
}
static inline bool transaction_is_signer(const struct transaction *transaction, uint32_t key)
{
    return key < transaction->required;
}
bool transaction_names(const struct transaction *transaction, const unsigned char *key); /* among its keys */
bool transaction_is_writable(const struct transaction *transaction, uint32_t key);

/* What we sign ourselves. The faucet: a transfer with a memo that makes it unlike any other; the live port: a
 * memo alone. The signer, from its seed, pays. */
void transaction_public_key(const unsigned char seed[KEY_BYTES], unsigned char key[KEY_BYTES]);
struct transfer {
    const unsigned char *seed, *to, *blockhash;
    uint64_t lamports, number;
};
void transaction_transfer(struct transaction *out, const struct transfer *transfer);

enum { MEMO_BYTES_MOST = 127 }; /* what one byte can count */
struct memo {
    const unsigned char *seed, *blockhash;
    const char *text; /* UTF-8 */
};
void transaction_memo(struct transaction *out, const struct memo *memo);
