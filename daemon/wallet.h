/* daemon/wallet.h: the key that pays for what the live port sends.
 *
 * From a file as Solana's own command line writes it, a JSON array of 64 whole numbers
 * from 0 to 255: the seed, then the public key, which must fit the seed. Or fresh, from
 * the kernel. The seed never leaves this struct but to be signed with, and is in no message.
 * Errors: ERR_IO a file that cannot be read; ERR_SYNTAX one that is no key pair, with a line
 * that does not quote it. */
#pragma once
#include "base/base58.h"
#include "daemon/rpc_transaction.h"

struct wallet {
    unsigned char seed[KEY_BYTES], key[KEY_BYTES];
    char address[BASE58_KEY_TEXT];
};

MUST_USE err wallet_read(struct wallet *out, const char *path, struct diag *diag);
MUST_USE err wallet_fresh(struct wallet *out, struct diag *diag);
void wallet_forget(struct wallet *wallet); /* overwrites the seed */

/* Signed: a memo with the digest of what is committed to; the number makes a second try another transaction.
 */
struct wallet_commitment {
    const unsigned char *digest; /* KEY_BYTES */
    const unsigned char *blockhash;
    uint64_t number;
};
void wallet_sign(const struct wallet *wallet, const struct wallet_commitment *commitment,
                 struct transaction *out);
