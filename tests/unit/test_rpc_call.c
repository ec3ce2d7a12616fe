/* tests/unit/test_rpc_call.c: answers of nodes, good and hostile; what each question says. */
#include "base/json.h"
#include "daemon/rpc_call.h"
#include "daemon/wallet.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(rpc_call, .timeout = 10);

static unsigned char two[2][SIGNATURE_BYTES];
static const struct rpc_ask STATUSES = {.kind = ASK_STATUSES, .id = 7, .signatures = two[0], .count = 2};
static const struct rpc_ask BLOCKHASH = {.kind = ASK_BLOCKHASH, .id = 7};
static const struct rpc_ask EPOCH = {.kind = ASK_EPOCH, .id = 7};
static struct rpc_answer answer;

static enum rpc_fault read_bytes(const struct rpc_ask *ask, const char *text, size_t size)
{
    struct rpc_body body = {text, size};
    rpc_answer_read(&answer, ask, &body);
    cr_assert((answer.fault == FAULT_NONE && !answer.code) == (answer.why[0] == '\0'), "%s", answer.why);
    cr_assert(strchr(answer.why, '\n') == NULL);
    return answer.fault;
}

static enum rpc_fault read_answer(const struct rpc_ask *ask, const char *text)
{
    return read_bytes(ask, text, strlen(text));
}

#define GOOD_STATUSES                                                                                        \
    "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"context\":{\"slot\":90},\"value\":[null,{\"slot\":80,"      \
    "\"confirmations\":3,\"err\":null,\"confirmationStatus\":\"confirmed\"}]}}"

/* The good answer with a piece of it replaced. */
static enum rpc_fault with(const char *piece, const char *other)
{
    char text[1024];
    const char *at = strstr(GOOD_STATUSES, piece);
    cr_assert(at != NULL);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - GOOD_STATUSES), GOOD_STATUSES, other,
             at + strlen(piece));
    return read_answer(&STATUSES, text);
}

Test(rpc_call, statuses_are_read_with_level_slot_and_error)
{
    cr_assert(read_answer(&STATUSES, GOOD_STATUSES) == FAULT_NONE);
    cr_assert(answer.slot == 90 && answer.count == 2 && answer.statuses[0].level == LEVEL_NONE);
    cr_assert(answer.statuses[1].level == LEVEL_CONFIRMED && answer.statuses[1].slot == 80);
    cr_assert(!answer.statuses[1].has_failed);
    cr_assert(with("\"err\":null", "\"err\":{\"InstructionError\":[0,{\"Custom\":1}]}") == FAULT_NONE);
    cr_assert(answer.statuses[1].has_failed);
    cr_assert_str_eq(answer.statuses[1].error, "InstructionError");
    cr_assert(with("\"err\":null", "\"err\":\"AccountInUse\"") == FAULT_NONE);
    cr_assert_str_eq(answer.statuses[1].error, "AccountInUse");
}

Test(rpc_call, a_null_confirmation_status_of_an_old_node_follows_from_its_confirmations)
{
    cr_assert(with("\"confirmed\"", "null") == FAULT_NONE);
    cr_assert(answer.statuses[1].level == LEVEL_PROCESSED);
}

Test(rpc_call, what_has_the_wrong_shape_is_a_fault_with_a_line)
{
    static const char *const PIECES[][2] = {{"\"id\":7", "\"id\":8"},
                                            {"\"id\":7", "\"id\":\"7\""},
                                            {"\"id\":7,", ""},
                                            {"\"2.0\"", "\"1.0\""},
                                            {"null,", ""},
                                            {"null,", "null,null,"},
                                            {"null,", "7,"},
                                            {"\"slot\":90", "\"slot\":90.5"},
                                            {"\"slot\":90", "\"slot\":-90"},
                                            {"\"slot\":90", "\"slot\":\"90\""},
                                            {"\"slot\":90", "\"slot\":null"},
                                            {"\"slot\":90", "\"slot\":1e3"},
                                            {"\"slot\":80", "\"slot\":91"},
                                            {"\"slot\":80,", ""},
                                            {"\"confirmed\"", "\"certain\""},
                                            {"\"confirmed\"", "3"},
                                            {"\"confirmations\":3", "\"confirmations\":true"},
                                            {"\"err\":null", "\"err\":5"},
                                            {"\"result\":{", "\"error\":{\"code\":1},\"result\":{"}};
    for (size_t i = 0; i < sizeof PIECES / sizeof *PIECES; i++)
        cr_assert(with(PIECES[i][0], PIECES[i][1]) == FAULT_SHAPE, "%s", PIECES[i][1]);
    cr_assert(read_answer(&STATUSES, "[]") == FAULT_SHAPE);
    cr_assert(read_answer(&STATUSES, "{}") == FAULT_SHAPE);
}

Test(rpc_call, what_is_no_json_or_has_two_meanings_is_a_fault)
{
    cr_assert(with("\"slot\":90", "\"slot\":NaN") == FAULT_SYNTAX);
    cr_assert(with("\"slot\":90", "\"slot\":90,\"slot\":91") == FAULT_SYNTAX);
    cr_assert(with("\"slot\":90", "\"slot\":99999999999999999999999999") == FAULT_SYNTAX);
    cr_assert(read_answer(&STATUSES, "<html><body>502 Bad Gateway</body></html>") == FAULT_SYNTAX);
    cr_assert(read_answer(&STATUSES, "") == FAULT_SYNTAX);
    cr_assert(read_answer(&STATUSES, GOOD_STATUSES GOOD_STATUSES) == FAULT_SYNTAX);
    cr_assert(read_bytes(&STATUSES, "\xff\xfe\n\x01", 4) == FAULT_SYNTAX);
}

Test(rpc_call, no_prefix_of_a_good_answer_is_believed)
{
    for (size_t size = 0; size < strlen(GOOD_STATUSES); size++)
        cr_assert(read_bytes(&STATUSES, GOOD_STATUSES, size) == FAULT_SYNTAX, "%zu", size);
}

Test(rpc_call, blockhash_and_height_are_read_and_refused_by_field)
{
    cr_assert(read_answer(&BLOCKHASH,
                          "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"context\":{\"slot\":5},\"value\":{"
                          "\"blockhash\":\"11111111111111111111111111111112\","
                          "\"lastValidBlockHeight\":150}}}") == FAULT_NONE);
    cr_assert(answer.last_height == 150 && answer.blockhash[31] == 1 && answer.slot == 5);
    cr_assert(read_answer(&BLOCKHASH,
                          "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"context\":{\"slot\":5},\"value\":{"
                          "\"blockhash\":\"1111111111111111111111111111111l\","
                          "\"lastValidBlockHeight\":150}}}") == FAULT_SHAPE);
    cr_assert(read_answer(&EPOCH, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"absoluteSlot\":9,"
                                  "\"blockHeight\":8,\"epoch\":0}}") == FAULT_NONE);
    cr_assert(answer.height == 8 && answer.slot == 9);
    cr_assert(read_answer(&EPOCH, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"absoluteSlot\":8,"
                                  "\"blockHeight\":9}}") == FAULT_SHAPE);
}

static enum rpc_fault error_of(const struct rpc_ask *ask, const char *error)
{
    char text[512];
    snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":%s}", error);
    return read_answer(ask, text);
}

Test(rpc_call, errors_of_the_node_are_faults_and_errors_of_the_request_are_answers)
{
    struct wallet wallet;
    struct transaction transaction;
    unsigned char zeros[KEY_BYTES] = {0};
    cr_assert(wallet_fresh(&wallet, NULL) == OK);
    wallet_sign(&wallet, &(struct wallet_commitment){zeros, zeros, 1}, &transaction);
    const struct rpc_ask send = {.kind = ASK_SEND, .id = 7, .transaction = &transaction};
    cr_assert(error_of(&send, "{\"code\":-32005,\"message\":\"behind\"}") == FAULT_BEHIND);
    cr_assert(error_of(&send, "{\"code\":-32016,\"message\":\"slot\"}") == FAULT_BEHIND);
    cr_assert(error_of(&send, "{\"code\":429,\"message\":\"slow down\"}") == FAULT_LIMITED);
    cr_assert(error_of(&send, "{\"code\":-32603,\"message\":\"internal\"}") == FAULT_ERROR);
    cr_assert(error_of(&send, "{\"code\":\"-32002\",\"message\":\"x\"}") == FAULT_SHAPE);
    cr_assert(error_of(&send, "{\"code\":-32002,\"message\":\"failed\",\"data\":{\"err\":"
                              "\"BlockhashNotFound\"}}") == FAULT_NONE);
    cr_assert(answer.code == -32002);
    cr_assert_str_eq(answer.error_name, "BlockhashNotFound");
    cr_assert(error_of(&EPOCH, "{\"code\":-32602,\"message\":\"failed\"}") == FAULT_ERROR);
    cr_assert(read_answer(&send, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":\"1111\"}") == FAULT_SHAPE);
}

Test(rpc_call, a_signed_memo_is_a_transaction_that_verifies_and_carries_the_digest)
{
    struct wallet wallet;
    struct transaction transaction, again;
    unsigned char digest[KEY_BYTES] = {0xab}, hash[KEY_BYTES] = {1};
    char *text;
    size_t size;
    cr_assert(wallet_fresh(&wallet, NULL) == OK);
    wallet_sign(&wallet, &(struct wallet_commitment){digest, hash, 1}, &transaction);
    wallet_sign(&wallet, &(struct wallet_commitment){digest, hash, 2}, &again);
    cr_assert(transaction_is_signed(&transaction));
    cr_assert(memcmp(transaction_key(&transaction, 0), wallet.key, KEY_BYTES) == 0);
    cr_assert(memcmp(transaction_signature(&transaction), transaction_signature(&again), SIGNATURE_BYTES) !=
              0);
    const struct instruction *memo = &transaction.instructions[0];
    cr_assert(memcmp(transaction.bytes + memo->data_at, "agenc:ab00", 10) == 0);
    transaction.bytes[memo->data_at] ^= 1;
    cr_assert(!transaction_is_signed(&transaction));
    const struct rpc_ask ask = {.kind = ASK_SEND, .id = 9, .transaction = &again, .least_slot = 4};
    cr_assert(rpc_ask_write(&ask, &text, &size) == OK);
    cr_assert(strstr(text, "\"minContextSlot\":4") && strstr(text, "\"maxRetries\":0") &&
              strlen(text) == size);
    free(text);
}

static err read_wallet(const char *text, struct diag *diag)
{
    char path[] = "/tmp/test_wallet_XXXXXX";
    struct wallet wallet;
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    fputs(text, file);
    fclose(file);
    *diag = (struct diag){""};
    err e = wallet_read(&wallet, path, diag);
    remove(path);
    return e;
}

Test(rpc_call, a_key_pair_file_is_64_bytes_whose_halves_fit)
{
    struct wallet wallet;
    struct diag diag;
    char text[512] = "[", spoilt[600];
    cr_assert(wallet_fresh(&wallet, NULL) == OK);
    for (int i = 0; i < 64; i++)
        sprintf(text + strlen(text), "%s%d", i ? "," : "", i < 32 ? wallet.seed[i] : wallet.key[i - 32]);
    snprintf(spoilt, sizeof spoilt, "%s,1]", text);
    cr_assert(read_wallet(spoilt, &diag) == ERR_SYNTAX);
    snprintf(spoilt, sizeof spoilt, "[%d%s]", (wallet.seed[0] + 1) % 256, strchr(text, ','));
    cr_assert(read_wallet(spoilt, &diag) == ERR_SYNTAX);
    cr_assert(strstr(diag.text, "does not fit") != NULL);
    strcat(text, "]");
    cr_assert(read_wallet(text, &diag) == OK);
    cr_assert(read_wallet("[1,2,3]", &diag) == ERR_SYNTAX);
    cr_assert(strstr(diag.text, "64 whole numbers") != NULL);
    cr_assert(read_wallet("secret words", &diag) == ERR_SYNTAX);
    cr_assert(strstr(diag.text, "secret words") == NULL, "a message must not quote the file");
}
