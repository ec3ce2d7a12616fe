/* daemon/rpc_transaction.c: reads the wire format, and the only user of libsodium. */
#include "daemon/rpc_transaction.h"
#include "base/assert.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>

struct reader {
    const unsigned char *bytes;
    size_t at, size_bytes;
    bool is_short; /* asked for more than there is */
};

static uint8_t take_byte(struct reader *reader)
{
    if (reader->at >= reader->size_bytes) {
        reader->is_short = true;
        return 0;
    }
    return reader->bytes[reader->at++];
}

static uint16_t take_span(struct reader *reader, size_t size_bytes)
{
    uint16_t at = (uint16_t)reader->at;
    if (size_bytes > reader->size_bytes - reader->at)
        reader->is_short = true;
    else
        reader->at += size_bytes;
    return at;
}

/* Seven bits a byte, low ones first, at most three bytes; what was written longer than needed is refused. */
static uint32_t take_count(struct reader *reader)
{
    uint32_t value = 0;
    for (uint32_t i = 0; i < 3; i++) {
        uint8_t byte = take_byte(reader);
        value |= (uint32_t)(byte & 0x7f) << (7 * i);
        if (byte & 0x80) continue;
        if (byte == 0 && i > 0) break;
        return value;
    }
    reader->is_short = true;
    return 0;
}

static err refuse(struct diag *diag, const char *why)
{
    return diag_fail(diag, ERR_SYNTAX, "%s", why);
}

static err read_instructions(struct transaction *out, struct reader *reader, struct diag *diag)
{
    uint32_t count = take_count(reader);
    if (reader->is_short) return refuse(diag, "io error: unexpected end of file");
    if (count > TRANSACTION_INSTRUCTIONS) return refuse(diag, "invalid transaction: too many instructions");
    out->instruction_count = (uint8_t)count;
    for (uint32_t i = 0; i < count && !reader->is_short; i++) {
        struct instruction *instruction = &out->instructions[i];
        instruction->program = take_byte(reader);
        uint32_t accounts = take_count(reader);
        instruction->account_count = (uint8_t)accounts;
        instruction->accounts_at = take_span(reader, accounts);
        uint32_t data_bytes = take_count(reader);
        instruction->data_bytes = (uint16_t)data_bytes;
        instruction->data_at = take_span(reader, data_bytes);
        if (accounts > UINT8_MAX) return refuse(diag, "invalid transaction: too many accounts");
    }
    return reader->is_short ? refuse(diag, "io error: unexpected end of file") : OK;
}

static err read_lookups(struct transaction *out, struct reader *reader, struct diag *diag)
{
    uint32_t count = take_count(reader);
    for (uint32_t i = 0; i < count && !reader->is_short; i++) {
        take_span(reader, KEY_BYTES);
        uint32_t writable = take_count(reader);
        take_span(reader, writable);
        uint32_t readonly = take_count(reader);
        take_span(reader, readonly);
        if (!reader->is_short && writable + readonly == 0)
            return refuse(diag,
                          "invalid transaction: Transaction failed to sanitize accounts offsets correctly");
        out->looked_up = (uint16_t)(out->looked_up + writable + readonly); /* of a packet: it cannot wrap */
    }
    out->lookup_count = (uint8_t)(count < UINT8_MAX ? count : UINT8_MAX);
    return reader->is_short ? refuse(diag, "io error: unexpected end of file") : OK;
}

/* What a node calls sanitizing. Programs may not be looked up, other keys may; an index is a byte. */
static err check(const struct transaction *out, struct diag *diag)
{
    static const char *const BAD =
        "invalid transaction: Transaction failed to sanitize accounts offsets correctly";
    if (out->required == 0 || out->readonly_signed >= out->required) return refuse(diag, BAD);
    if (out->required + out->readonly_unsigned > out->key_count) return refuse(diag, BAD);
    if (out->key_count + out->looked_up > UINT8_MAX + 1) return refuse(diag, BAD);
    for (uint32_t i = 0; i < out->instruction_count; i++) {
        const struct instruction *instruction = &out->instructions[i];
        if (instruction->program == 0 || instruction->program >= out->key_count) return refuse(diag, BAD);
        for (uint32_t k = 0; k < instruction->account_count; k++)
            if (out->bytes[instruction->accounts_at + k] >= out->key_count + out->looked_up)
                return refuse(diag, BAD);
    }
    return OK;
}

static err read_message(struct transaction *out, struct reader *reader, struct diag *diag)
{
    out->message_at = (uint16_t)reader->at;
    out->is_versioned = reader->at < reader->size_bytes && reader->bytes[reader->at] & 0x80;
    if (out->is_versioned && take_byte(reader) != 0x80)
        return refuse(diag, "invalid value: integer, expected a valid transaction message version");
    out->required = take_byte(reader);
    out->readonly_signed = take_byte(reader);
    out->readonly_unsigned = take_byte(reader);
    uint32_t keys = take_count(reader);
    if (keys > TRANSACTION_KEYS) return refuse(diag, "invalid transaction: too many account locks");
    out->key_count = (uint8_t)keys;
    out->keys_at = take_span(reader, (size_t)keys * KEY_BYTES);
    out->blockhash_at = take_span(reader, KEY_BYTES);
    TRY(read_instructions(out, reader, diag));
    if (out->is_versioned) TRY(read_lookups(out, reader, diag));
    if (reader->at != reader->size_bytes) return refuse(diag, "io error: bytes remain behind the message");
    return check(out, diag);
}

static err begin(struct transaction *out, struct reader *reader, struct diag *diag)
{
    if (reader->size_bytes > PACKET_BYTES)
        return diag_fail(diag, ERR_SYNTAX,
                         "decoded solana_transaction::versioned::VersionedTransaction too large: "
                         "%zu bytes (max: %d bytes)",
                         reader->size_bytes, PACKET_BYTES);
    *out = (struct transaction){.size_bytes = (uint16_t)reader->size_bytes};
    memcpy(out->bytes, reader->bytes, reader->size_bytes);
    return OK;
}

err transaction_parse_message(struct transaction *out, const unsigned char *bytes, size_t size_bytes,
                              struct diag *diag)
{
    struct reader reader = {.bytes = bytes, .size_bytes = size_bytes};
    TRY(begin(out, &reader, diag));
    return read_message(out, &reader, diag);
}

err transaction_parse(struct transaction *out, const unsigned char *bytes, size_t size_bytes,
                      struct diag *diag)
{
    struct reader reader = {.bytes = bytes, .size_bytes = size_bytes};
    TRY(begin(out, &reader, diag));
    uint32_t signatures = take_count(&reader);
    out->signatures_at = take_span(&reader, (size_t)signatures * SIGNATURE_BYTES);
    if (reader.is_short || signatures > TRANSACTION_SIGNATURES)
        return refuse(diag, "io error: unexpected end of file");
    out->signature_count = (uint8_t)signatures;
    TRY(read_message(out, &reader, diag));
    if (signatures != out->required)
        return refuse(diag, "invalid transaction: Transaction failed to sanitize accounts offsets correctly");
    return OK;
}

bool transaction_is_signed(const struct transaction *transaction)
{
    if (sodium_init() < 0) return false;
    const unsigned char *message = transaction->bytes + transaction->message_at;
    size_t size_bytes = (size_t)transaction->size_bytes - transaction->message_at;
    for (uint32_t i = 0; i < transaction->signature_count; i++) {
        const unsigned char *signature = transaction_signature(transaction) + (size_t)i * SIGNATURE_BYTES;
        if (crypto_sign_verify_detached(signature, message, size_bytes, transaction_key(transaction, i)) != 0)
            return false;
    }
    return true;
}

bool transaction_names(const struct transaction *transaction, const unsigned char *key)
{
    for (uint32_t i = 0; i < transaction->key_count; i++)
        if (memcmp(transaction_key(transaction, i), key, KEY_BYTES) == 0) return true;
    return false;
}

bool transaction_is_writable(const struct transaction *transaction, uint32_t key)
{
    if (key < transaction->required)
        return key < (uint32_t)transaction->required - transaction->readonly_signed;
    return key < (uint32_t)transaction->key_count - transaction->readonly_unsigned;
}

void transaction_public_key(const unsigned char seed[KEY_BYTES], unsigned char key[KEY_BYTES])
{
    unsigned char secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(key, secret, seed);
}

static void append(unsigned char *bytes, size_t *at, const void *from, size_t size_bytes)
{
    memcpy(bytes + *at, from, size_bytes);
    *at += size_bytes;
}

static const unsigned char MEMO_PROGRAM[KEY_BYTES] = {5,   74,  83,  90, 153, 41,  33, 6,   77,  36,  232,
                                                      113, 96,  218, 56, 124, 124, 53, 181, 221, 188, 146,
                                                      187, 129, 228, 31, 168, 64,  65, 5,   68,  141};

/* A message with one signer: the header, then the signer's key. */
struct draft {
    unsigned char bytes[PACKET_BYTES], secret[crypto_sign_SECRETKEYBYTES];
    size_t at;
};

enum { DRAFT_MESSAGE_AT = 1 + SIGNATURE_BYTES };

static void draft_begin(struct draft *draft, const unsigned char *seed, const unsigned char header[4])
{
    unsigned char signer[KEY_BYTES];
    crypto_sign_seed_keypair(signer, draft->secret, seed);
    draft->bytes[0] = 1;
    draft->at = DRAFT_MESSAGE_AT;
    append(draft->bytes, &draft->at, header, 4);
    append(draft->bytes, &draft->at, signer, KEY_BYTES);
}

static void draft_sign(struct draft *draft, struct transaction *out)
{
    crypto_sign_detached(draft->bytes + 1, NULL, draft->bytes + DRAFT_MESSAGE_AT,
                         draft->at - DRAFT_MESSAGE_AT, draft->secret);
    sodium_memzero(draft->secret, sizeof draft->secret);
    err e = transaction_parse(out, draft->bytes, draft->at, NULL);
    ASSERT(e == OK);
}

void transaction_transfer(struct transaction *out, const struct transfer *transfer)
{
    static const unsigned char SYSTEM[KEY_BYTES] = {0}, HEADER[] = {1, 0, 2, 4};
    static const unsigned char TRANSFER[] = {2, 2, 2, 0, 1, 12, 2, 0, 0, 0}, NOTE[] = {3, 0, 20};
    struct draft draft;
    char note[24];
    draft_begin(&draft, transfer->seed, HEADER);
    append(draft.bytes, &draft.at, transfer->to, KEY_BYTES);
    append(draft.bytes, &draft.at, SYSTEM, KEY_BYTES);
    append(draft.bytes, &draft.at, MEMO_PROGRAM, KEY_BYTES);
    append(draft.bytes, &draft.at, transfer->blockhash, KEY_BYTES);
    append(draft.bytes, &draft.at, TRANSFER, sizeof TRANSFER);
    for (int i = 0; i < 8; i++) draft.bytes[draft.at++] = (unsigned char)(transfer->lamports >> (8 * i));
    append(draft.bytes, &draft.at, NOTE, sizeof NOTE);
    snprintf(note, sizeof note, "%020llu", (unsigned long long)transfer->number);
    append(draft.bytes, &draft.at, note, 20);
    draft_sign(&draft, out);
}

void transaction_memo(struct transaction *out, const struct memo *memo)
{
    static const unsigned char HEADER[] = {1, 0, 1, 2};
    struct draft draft;
    size_t size = strlen(memo->text);
    ASSERT(size <= MEMO_BYTES_MOST);
    const unsigned char instruction[] = {1, 1, 0,
                                         (unsigned char)size}; /* one, by the second key, no accounts */
    draft_begin(&draft, memo->seed, HEADER);
    append(draft.bytes, &draft.at, MEMO_PROGRAM, KEY_BYTES);
    append(draft.bytes, &draft.at, memo->blockhash, KEY_BYTES);
    append(draft.bytes, &draft.at, instruction, sizeof instruction);
    append(draft.bytes, &draft.at, memo->text, size);
    draft_sign(&draft, out);
}
