/* daemon/wallet.c: reads or makes a key pair, and signs memos with it. */
#include "daemon/wallet.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { PAIR_BYTES = 2 * KEY_BYTES, FILE_BYTES_MOST = 4096 };

static void name_wallet(struct wallet *wallet)
{
    transaction_public_key(wallet->seed, wallet->key);
    base58_encode(wallet->key, KEY_BYTES, wallet->address);
}

static err fail(const char *path, struct diag *diag)
{
    return diag_fail(diag, ERR_SYNTAX,
                     "%.300s: is no key pair; want a JSON array of %d whole numbers from 0 to 255, "
                     "as solana-keygen writes it",
                     path, PAIR_BYTES);
}

static err read_pair(const struct json_node *root, unsigned char pair[PAIR_BYTES])
{
    struct json_node array;
    TRY(json_get_array(root, NULL, &array, NULL));
    if (json_count(&array) != PAIR_BYTES) return ERR_SYNTAX;
    for (size_t i = 0; i < PAIR_BYTES; i++) {
        struct json_node item = json_item(&array, i);
        int64_t value;
        TRY(json_get_i64(&item, NULL, &value, NULL));
        if (value < 0 || value > UINT8_MAX) return ERR_RANGE;
        pair[i] = (unsigned char)value;
    }
    return OK;
}

static err read_text(struct wallet *out, const char *path, const struct file_bytes *file, struct diag *diag)
{
    const struct json_text text = {path, file->text, file->size_bytes};
    struct json *json;
    unsigned char pair[PAIR_BYTES] = {0};
    if (json_read_text(&json, &text, NULL) != OK) return fail(path, diag);
    const struct json_node root = json_root(json);
    err e = read_pair(&root, pair);
    json_free(json);
    struct wallet wallet;
    memcpy(wallet.seed, pair, KEY_BYTES);
    explicit_bzero(pair, KEY_BYTES);
    name_wallet(&wallet);
    if (e == OK && memcmp(wallet.key, pair + KEY_BYTES, KEY_BYTES) == 0) {
        *out = wallet;
        return OK;
    }
    wallet_forget(&wallet);
    if (e != OK) return fail(path, diag);
    return diag_fail(diag, ERR_SYNTAX, "%.300s: the public half of the key pair does not fit the secret",
                     path);
}

err wallet_read(struct wallet *out, const char *path, struct diag *diag)
{
    struct file_bytes file;
    TRY(file_read(path, FILE_BYTES_MOST, &file, diag));
    err e = read_text(out, path, &file, diag);
    explicit_bzero(file.text, file.size_bytes);
    free(file.text);
    return e;
}

err wallet_fresh(struct wallet *out, struct diag *diag)
{
    struct wallet wallet;
    if (getrandom(wallet.seed, sizeof wallet.seed, 0) != sizeof wallet.seed)
        return diag_fail(diag, ERR_IO, "the kernel gives no random bytes for a key");
    name_wallet(&wallet);
    *out = wallet;
    return OK;
}

void wallet_forget(struct wallet *wallet)
{
    explicit_bzero(wallet->seed, sizeof wallet->seed);
}

void wallet_sign(const struct wallet *wallet, const struct wallet_commitment *commitment,
                 struct transaction *out)
{
    char digest[SHA256_HEX_BYTES], text[MEMO_BYTES_MOST + 1];
    sha256_hex(commitment->digest, digest);
    snprintf(text, sizeof text, "agenc:%s:%llu", digest, (unsigned long long)commitment->number);
    const struct memo memo = {wallet->seed, commitment->blockhash, text};
    transaction_memo(out, &memo);
}
