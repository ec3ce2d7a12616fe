/* tests/fuzz/fuzz_answer.c: any bytes as what a Solana node answers to each kind of question. */
#include "daemon/rpc_call.h"
#include "daemon/wallet.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    static struct rpc_answer answer;
    static struct transaction transaction;
    static const struct wallet wallet = {{1}, {0}, ""};
    static const unsigned char zeros[2 * SIGNATURE_BYTES] = {0};
    const struct wallet_commitment commitment = {zeros, zeros, 1};
    if (!transaction.size_bytes) wallet_sign(&wallet, &commitment, &transaction);
    char *text = fuzz_text(bytes, size_bytes);
    for (int kind = ASK_BLOCKHASH; kind <= ASK_AIRDROP; kind++) {
        const struct rpc_ask ask = {.kind = (enum rpc_ask_kind)kind,
                                    .id = 7,
                                    .transaction = &transaction,
                                    .signatures = zeros,
                                    .count = 2,
                                    .key = zeros,
                                    .lamports = 1};
        const struct rpc_body body = {text, size_bytes};
        rpc_answer_read(&answer, &ask, &body);
        bool is_good = answer.fault == FAULT_NONE && !answer.code;
        ASSERT(is_good == (answer.why[0] == '\0'));
        ASSERT(strchr(answer.why, '\n') == NULL && strlen(answer.why) < CALL_WHY_BYTES);
        ASSERT(!is_good || kind != ASK_STATUSES || answer.count == 2);
        for (uint32_t i = 0; is_good && i < answer.count; i++)
            ASSERT(answer.statuses[i].level <= LEVEL_FINALIZED && answer.statuses[i].slot <= answer.slot);
    }
    free(text);
    return 0;
}
