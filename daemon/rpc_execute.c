/* daemon/rpc_execute.c: the programs, as a table, and the rules around them. */
#include "daemon/rpc_execute.h"
#include "base/base58.h"
#include "base/units.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const unsigned char SYSTEM_PROGRAM[KEY_BYTES] = {0};

/* One transaction at work. */
struct run {
    const struct transaction *transaction;
    struct outcome *out;
    uint32_t units_limit;
    uint64_t unit_price; /* millionths of a lamport */
    uint32_t at;         /* the instruction */
};

typedef bool program_run(struct run *run, const struct instruction *instruction); /* false: status says why */

static program_run run_system, run_budget, run_memo;

static const struct program {
    const char *address;
    unsigned char key[KEY_BYTES];
    uint32_t units; /* [A] but for the built-in programs' 150 */
    program_run *run;
} PROGRAMS[] = {
    {"11111111111111111111111111111111", {0}, 150, run_system},
    {"ComputeBudget111111111111111111111111111111",
     {3,   6,   70,  111, 229, 33,  23, 50,  255, 236, 173, 186, 114, 195, 155, 231,
      188, 140, 229, 187, 197, 247, 18, 107, 44,  67,  155, 58,  64,  0,   0,   0},
     150,
     run_budget},
    {"Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo",
     {5,   74,  83, 80,  248, 93,  200, 130, 214, 20,  165, 86, 114, 120, 138, 41,
      109, 223, 30, 171, 171, 208, 166, 6,   120, 136, 73,  50, 244, 238, 246, 160},
     4000,
     run_memo},
    {"Memo4c2pN8afCj432Lb7RMVKi9PbQnnW7ewFFaV3oAH",
     {5,   74,  83,  82,  40,  84,  205, 209, 3,   204, 46,  70,  49,  163, 245, 23,
      146, 172, 114, 124, 241, 229, 10,  188, 151, 130, 138, 197, 153, 79,  60,  194},
     4000,
     run_memo},
    {"MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr",
     {5,   74, 83,  90,  153, 41,  33,  6,   77,  36, 232, 113, 96, 218, 56, 124,
      124, 53, 181, 221, 188, 146, 187, 129, 228, 31, 168, 64,  65, 5,   68, 141},
     4000,
     run_memo},
};
enum { PROGRAM_COUNT = sizeof PROGRAMS / sizeof *PROGRAMS };

static const struct program *program_of(const unsigned char *key)
{
    for (uint32_t i = 0; i < PROGRAM_COUNT; i++)
        if (memcmp(PROGRAMS[i].key, key, KEY_BYTES) == 0) return &PROGRAMS[i];
    return NULL;
}

const char *program_name(const unsigned char *key)
{
    const struct program *program = program_of(key);
    return program ? program->address : NULL;
}

/* -- words -- */

static const char *const TX_NAMES[] = {
#define X(code, name, text) name,
    TX_ERROR_TABLE(X)
#undef X
};
static const char *const INSTRUCTION_NAMES[] = {
#define X(code, name, text) name,
    INSTRUCTION_ERROR_TABLE(X)
#undef X
};

const char *tx_error_name(enum tx_error error)
{
    return TX_NAMES[error];
}
const char *instruction_error_name(enum instruction_error error)
{
    return INSTRUCTION_NAMES[error];
}

static const char *const TX_TEXTS[] = {
#define X(code, name, text) text,
    TX_ERROR_TABLE(X)
#undef X
};
static const char *const INSTRUCTION_TEXTS[] = {
#define X(code, name, text) text,
    INSTRUCTION_ERROR_TABLE(X)
#undef X
};

static void instruction_text(const struct tx_status *status, char text[TX_TEXT_BYTES])
{
    if (status->instruction == IX_CUSTOM)
        snprintf(text, TX_TEXT_BYTES, "custom program error: 0x%" PRIx32, status->custom);
    else
        snprintf(text, TX_TEXT_BYTES, "%s", INSTRUCTION_TEXTS[status->instruction]);
}

void tx_status_text(const struct tx_status *status, char text[TX_TEXT_BYTES])
{
    char inner[TX_TEXT_BYTES];
    const char *format = TX_TEXTS[status->error], *number = strstr(format, "%u");
    if (!number) {
        snprintf(text, TX_TEXT_BYTES, "%s", format);
        return;
    }
    inner[0] = '\0';
    if (status->error == TX_INSTRUCTION) instruction_text(status, inner);
    snprintf(text, TX_TEXT_BYTES, "%.*s%u%s%.80s", (int)(number - format), format, status->index, number + 2,
             inner);
}

/* Nodes cut long logs; so do we, at whole lines. */
static void say(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct run *run, const char *format, ...)
{
    struct outcome *out = run->out;
    size_t room = LOGS_BYTES - out->logs_bytes;
    va_list list;
    va_start(list, format);
    int used = vsnprintf(out->logs + out->logs_bytes, room, format, list);
    va_end(list);
    if (used < 0 || (size_t)used + 1 >= room) {
        out->logs[out->logs_bytes] = '\0';
        return;
    }
    out->logs_bytes += (uint32_t)used;
    out->logs[out->logs_bytes++] = '\n';
    out->logs[out->logs_bytes] = '\0';
}

/* -- programs -- */

static bool fail(struct run *run, enum instruction_error error, uint32_t custom)
{
    run->out->status = (struct tx_status){
        .error = TX_INSTRUCTION, .instruction = (uint8_t)error, .index = (uint8_t)run->at, .custom = custom};
    return false;
}

static uint64_t little_endian(const unsigned char *bytes, uint32_t size_bytes)
{
    uint64_t value = 0;
    for (uint32_t i = size_bytes; i-- > 0;) value = value << 8 | bytes[i];
    return value;
}

static bool move_lamports(struct run *run, const unsigned char *accounts, uint64_t lamports)
{
    enum { RESULT_WITH_NEGATIVE_LAMPORTS = 1 };
    const struct transaction *transaction = run->transaction;
    uint32_t from = accounts[0], to = accounts[1];
    uint64_t *after = run->out->after;
    if (!transaction_is_signer(transaction, from)) return fail(run, IX_MISSING_SIGNATURE, 0);
    if (after[from] < lamports) {
        say(run, "Transfer: insufficient lamports %" PRIu64 ", need %" PRIu64, after[from], lamports);
        return fail(run, IX_CUSTOM, RESULT_WITH_NEGATIVE_LAMPORTS);
    }
    if (lamports &&
        (!transaction_is_writable(transaction, from) || !transaction_is_writable(transaction, to)))
        return fail(run, IX_READONLY, 0);
    after[from] -= lamports;
    after[to] += lamports; /* cannot wrap: all lamports there are fit */
    return true;
}

static bool run_system(struct run *run, const struct instruction *instruction)
{
    enum { TRANSFER = 2, TRANSFER_BYTES = 12 };
    const unsigned char *bytes = run->transaction->bytes + instruction->data_at;
    if (instruction->data_bytes < TRANSFER_BYTES || little_endian(bytes, 4) != TRANSFER)
        return fail(run, IX_INVALID_DATA, 0);
    if (instruction->account_count < 2) return fail(run, IX_MISSING_ACCOUNT, 0);
    return move_lamports(run, run->transaction->bytes + instruction->accounts_at,
                         little_endian(bytes + 4, 8));
}

static bool run_budget(struct run *run, const struct instruction *instruction)
{
    (void)run;
    (void)instruction; /* read before anything runs */
    return true;
}

/* Length of the UTF-8 sequence that starts here; 0: it is none. */
static uint32_t utf8_span(const unsigned char *bytes, uint32_t left)
{
    uint32_t span = bytes[0] < 0x80                       ? 1
                    : bytes[0] >= 0xc2 && bytes[0] < 0xe0 ? 2
                    : bytes[0] >= 0xe0 && bytes[0] < 0xf0 ? 3
                    : bytes[0] >= 0xf0 && bytes[0] < 0xf5 ? 4
                                                          : 0;
    if (span > left) return 0;
    for (uint32_t i = 1; i < span; i++)
        if ((bytes[i] & 0xc0) != 0x80) return 0;
    if (span >= 3 && bytes[0] == 0xe0 && bytes[1] < 0xa0) return 0;
    if (span >= 3 && bytes[0] == 0xed && bytes[1] > 0x9f) return 0;
    if (span == 4 && ((bytes[0] == 0xf0 && bytes[1] < 0x90) || (bytes[0] == 0xf4 && bytes[1] > 0x8f)))
        return 0;
    return span;
}

static bool run_memo(struct run *run, const struct instruction *instruction)
{
    const unsigned char *bytes = run->transaction->bytes + instruction->data_at;
    const unsigned char *accounts = run->transaction->bytes + instruction->accounts_at;
    for (uint32_t i = 0; i < instruction->account_count; i++)
        if (!transaction_is_signer(run->transaction, accounts[i])) return fail(run, IX_MISSING_SIGNATURE, 0);
    for (uint32_t i = 0, span; i < instruction->data_bytes; i += span) {
        span = utf8_span(bytes + i, (uint32_t)instruction->data_bytes - i);
        if (span) continue;
        say(run, "Program log: Invalid UTF-8, from byte %" PRIu32, i);
        return fail(run, IX_INVALID_DATA, 0);
    }
    char text[PACKET_BYTES + 1];
    uint32_t used = 0; /* a memo with a NUL or newline would break the list of lines */
    for (uint32_t i = 0; i < instruction->data_bytes; i++)
        text[used++] = bytes[i] < ' ' ? ' ' : (char)bytes[i];
    text[used] = '\0';
    say(run, "Program log: Memo (len %" PRIu32 "): \"%s\"", (uint32_t)instruction->data_bytes, text);
    return true;
}

/* -- around them -- */

/* What the compute budget instructions ask for; each kind once. */
static bool read_budget(struct run *run)
{
    static const uint8_t SIZES[] = {[1] = 5, [2] = 5, [3] = 9, [4] = 5};
    const struct transaction *transaction = run->transaction;
    uint32_t seen = 0, others = 0;
    bool has_limit = false;
    for (run->at = 0; run->at < transaction->instruction_count; run->at++) {
        const struct instruction *instruction = &transaction->instructions[run->at];
        const struct program *program = program_of(transaction_key(transaction, instruction->program));
        if (!program || program->run != run_budget) {
            others++;
            continue;
        }
        const unsigned char *bytes = transaction->bytes + instruction->data_at;
        uint32_t kind = instruction->data_bytes ? bytes[0] : 0;
        if (kind < 1 || kind > 4 || instruction->data_bytes != SIZES[kind])
            return fail(run, IX_INVALID_DATA, 0);
        if (seen & 1u << kind) {
            run->out->status =
                (struct tx_status){.error = TX_DUPLICATE_INSTRUCTION, .index = (uint8_t)run->at};
            return false;
        }
        seen |= 1u << kind;
        if (kind == 2) {
            has_limit = true;
            run->units_limit = (uint32_t)little_endian(bytes + 1, 4);
        }
        if (kind == 3) run->unit_price = little_endian(bytes + 1, 8);
    }
    if (!has_limit) run->units_limit = others * UNITS_DEFAULT;
    if (run->units_limit > UNITS_MAX) run->units_limit = UNITS_MAX;
    return true;
}

static uint64_t fee_of(const struct run *run)
{
    u128 priority = ((u128)run->unit_price * run->units_limit + 999999) / 1000000;
    u128 fee = priority + (u128)FEE_PER_SIGNATURE * run->transaction->required;
    return fee > INT64_MAX ? INT64_MAX : (uint64_t)fee;
}

bool transaction_fee(const struct transaction *transaction, uint64_t *fee_lamports)
{
    struct outcome ignored = {0};
    struct run run = {.transaction = transaction, .out = &ignored};
    if (!read_budget(&run)) return false;
    *fee_lamports = fee_of(&run);
    return true;
}

static bool refuse(struct run *run, enum tx_error error)
{
    run->out->status = (struct tx_status){.error = (uint8_t)error};
    return false;
}

static bool keys_repeat(const struct transaction *transaction)
{
    for (uint32_t i = 1; i < transaction->key_count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (memcmp(transaction_key(transaction, i), transaction_key(transaction, k), KEY_BYTES) == 0)
                return true;
    return false;
}

/* What must hold before a leader takes it into a block. */
static bool may_enter(struct run *run)
{
    const struct transaction *transaction = run->transaction;
    if (keys_repeat(transaction)) return refuse(run, TX_LOADED_TWICE);
    if (transaction->lookup_count) return refuse(run, TX_LOOKUP_NOT_FOUND);
    if (!read_budget(run)) return false;
    run->out->fee_lamports = fee_of(run);
    run->out->unit_price = run->unit_price;
    if (run->out->before[0] == 0) return refuse(run, TX_ACCOUNT_NOT_FOUND);
    if (run->out->before[0] < run->out->fee_lamports) return refuse(run, TX_FUNDS_FOR_FEE);
    for (uint32_t i = 0; i < transaction->instruction_count; i++)
        if (!program_of(transaction_key(transaction, transaction->instructions[i].program)))
            return refuse(run, TX_PROGRAM_NOT_FOUND);
    return true;
}

static bool run_instruction(struct run *run)
{
    const struct instruction *instruction = &run->transaction->instructions[run->at];
    const struct program *program = program_of(transaction_key(run->transaction, instruction->program));
    uint32_t left = run->units_limit - run->out->units;
    bool is_good;
    say(run, "Program %s invoke [1]", program->address);
    if (program->units > left) {
        run->out->units = run->units_limit;
        is_good = fail(run, IX_BUDGET, 0);
    } else {
        run->out->units += program->units;
        is_good = program->run(run, instruction);
        if (program->run == run_memo)
            say(run, "Program %s consumed %" PRIu32 " of %" PRIu32 " compute units", program->address,
                program->units, left);
    }
    if (is_good) {
        say(run, "Program %s success", program->address);
        return true;
    }
    char words[TX_TEXT_BYTES];
    instruction_text(&run->out->status, words);
    say(run, "Program %s failed: %s", program->address, words);
    return false;
}

/* An account that changed must be empty or exempt from rent; one that was below before may stay there. */
static bool check_rent(struct run *run)
{
    for (uint32_t i = 0; i < run->transaction->key_count; i++) {
        uint64_t before = run->out->before[i], after = run->out->after[i];
        if (after == before || after == 0 || after >= RENT_EXEMPT_EMPTY) continue;
        if (before && before < RENT_EXEMPT_EMPTY && after < before) continue;
        run->out->status = (struct tx_status){.error = TX_FUNDS_FOR_RENT, .index = (uint8_t)i};
        return false;
    }
    return true;
}

void transaction_execute(const struct transaction *transaction, const struct view *view, struct outcome *out)
{
    struct run run = {.transaction = transaction, .out = out};
    out->status = (struct tx_status){0};
    out->is_included = false;
    out->fee_lamports = 0;
    out->units = out->logs_bytes = 0;
    out->logs[0] = '\0';
    for (uint32_t i = 0; i < transaction->key_count; i++)
        out->before[i] = out->after[i] =
            accounts_balance(view->accounts, transaction_key(transaction, i), view->height);
    if (!may_enter(&run)) return;
    out->is_included = true;
    out->after[0] -= out->fee_lamports;
    bool is_good = true;
    for (run.at = 0; is_good && run.at < transaction->instruction_count; run.at++)
        is_good = run_instruction(&run);
    if (is_good) is_good = check_rent(&run);
    if (is_good) return;
    memcpy(out->after, out->before, sizeof out->after);
    out->after[0] -= out->fee_lamports;
}
