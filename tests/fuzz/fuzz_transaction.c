/* tests/fuzz/fuzz_transaction.c: any bytes as a transaction or a message; what is one can be executed.
 *
 * Nobody makes valid signatures by chance, so execution does not ask for them; the payer is who the bytes
 * say, and rich. */
#include "daemon/rpc_execute.h"
#include "tests/fuzz/fuzz.h"

static struct accounts accounts;
static struct outcome outcome;

/* Lamports come from nowhere and go nowhere but to the fee. */
static void check_sum(const struct transaction *transaction)
{
    uint64_t before = 0, after = 0;
    for (uint32_t i = 0; i < transaction->key_count; i++) {
        before += outcome.before[i];
        after += outcome.after[i];
    }
    ASSERT(before == after + (outcome.is_included ? outcome.fee_lamports : 0));
}

static void execute(const struct transaction *transaction)
{
    err e = accounts_open(&accounts);
    ASSERT(e == OK);
    for (uint32_t i = 0; i < transaction->key_count; i += 2) {
        struct account_change change = {.key = transaction_key(transaction, i), .lamports = 1000000000 + i};
        e = accounts_set(&accounts, &change);
        ASSERT(e == OK);
    }
    const struct view view = {&accounts, 0};
    uint64_t fee = 0;
    transaction_execute(transaction, &view, &outcome);
    ASSERT(outcome.units <= UNITS_MAX && outcome.logs_bytes < LOGS_BYTES);
    ASSERT(strlen(outcome.logs) == outcome.logs_bytes);
    ASSERT(outcome.status.error != TX_OK || outcome.is_included);
    check_sum(transaction);
    if (outcome.is_included) ASSERT(transaction_fee(transaction, &fee) && fee == outcome.fee_lamports);
    char words[TX_TEXT_BYTES];
    tx_status_text(&outcome.status, words);
    accounts_close(&accounts);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct transaction transaction;
    struct diag diag = {0};
    uint64_t fee = 0;
    err e = transaction_parse(&transaction, bytes, size_bytes, &diag);
    fuzz_judge(e, &diag);
    if (e == OK) {
        (void)transaction_is_signed(&transaction);
        execute(&transaction);
    }
    diag = (struct diag){0};
    e = transaction_parse_message(&transaction, bytes, size_bytes, &diag);
    fuzz_judge(e, &diag);
    if (e == OK) (void)transaction_fee(&transaction, &fee);
    return 0;
}
