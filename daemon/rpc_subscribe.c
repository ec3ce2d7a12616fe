/* daemon/rpc_subscribe.c: one list, walked when the ledger has news. */
#include "daemon/rpc_subscribe.h"
#include "base/units.h"
#include "daemon/rpc_write.h"
#include <stdlib.h>
#include <string.h>

err subscriptions_add(struct subscriptions *subscriptions, const struct subscription *wanted, uint64_t *id)
{
    if (subscriptions->count == SUBSCRIPTIONS_MAX) return ERR_LIMIT;
    if (subscriptions->count == subscriptions->room) {
        uint32_t room = subscriptions->room ? 2 * subscriptions->room : 64;
        struct subscription *rows = realloc(subscriptions->rows, room * sizeof *rows);
        if (!rows) return ERR_NOMEM;
        subscriptions->rows = rows;
        subscriptions->room = room;
    }
    struct subscription *added = &subscriptions->rows[subscriptions->count++];
    *added = *wanted;
    added->id = *id = ++subscriptions->last_id;
    subscriptions->fresh++;
    return OK;
}

/* The last one takes its place. */
static void remove_at(struct subscriptions *subscriptions, uint32_t index)
{
    subscriptions->rows[index] = subscriptions->rows[--subscriptions->count];
}

bool subscriptions_remove(struct subscriptions *subscriptions, uint32_t client, uint64_t id,
                          enum subscription_kind kind)
{
    for (uint32_t i = 0; i < subscriptions->count; i++) {
        const struct subscription *row = &subscriptions->rows[i];
        if (row->client != client || row->id != id || row->kind != kind) continue;
        remove_at(subscriptions, i);
        return true;
    }
    return false;
}

void subscriptions_forget(struct subscriptions *subscriptions, uint32_t client)
{
    for (uint32_t i = subscriptions->count; i-- > 0;)
        if (subscriptions->rows[i].client == client) remove_at(subscriptions, i);
}

void subscriptions_close(struct subscriptions *subscriptions)
{
    free(subscriptions->rows);
    *subscriptions = (struct subscriptions){0};
}

/* -- notifications -- */

struct notice {
    struct subscriptions *subscriptions;
    const struct subscription *to;
    FILE *stream;
    char *text;
    size_t size_bytes;
    struct json_writer out;
};

/* Up to where the result stands. False: no memory, and nobody is told. */
static bool notice_begin(struct notice *notice, const char *method)
{
    notice->stream = open_memstream(&notice->text, &notice->size_bytes);
    if (!notice->stream) return false;
    json_write_begin(&notice->out, notice->stream, JSON_ONE_LINE);
    json_write_object(&notice->out, NULL);
    json_write_text(&notice->out, "jsonrpc", "2.0");
    json_write_text(&notice->out, "method", method);
    json_write_object(&notice->out, "params");
    return true;
}

static void notice_end(struct notice *notice)
{
    json_write_u64(&notice->out, "subscription", notice->to->id);
    json_write_end(&notice->out);
    json_write_end(&notice->out);
    json_write_finish(&notice->out);
    if (fclose(notice->stream) == 0)
        notice->subscriptions->push(notice->subscriptions->context, notice->to->client, notice->text,
                                    notice->size_bytes);
    free(notice->text);
}

/* entry NULL: it has only been received. */
static void tell_signature(struct subscriptions *subscriptions, const struct subscription *to,
                           const struct entry *entry)
{
    struct notice notice = {.subscriptions = subscriptions, .to = to};
    if (!notice_begin(&notice, "signatureNotification")) return;
    json_write_object(&notice.out, "result");
    write_context(&notice.out, ledger_bank(subscriptions->ledger, to->commitment)->slot);
    if (entry) {
        json_write_object(&notice.out, "value");
        write_tx_error(&notice.out, "err", &entry->status);
        json_write_end(&notice.out);
    } else
        json_write_text(&notice.out, "value", "receivedSignature");
    json_write_end(&notice.out);
    notice_end(&notice);
}

static void tell_account(struct subscriptions *subscriptions, const struct subscription *to)
{
    struct notice notice = {.subscriptions = subscriptions, .to = to};
    if (!notice_begin(&notice, "accountNotification")) return;
    json_write_object(&notice.out, "result");
    write_context(&notice.out, ledger_bank(subscriptions->ledger, to->commitment)->slot);
    write_account(&notice.out, "value", to->lamports, "base64");
    json_write_end(&notice.out);
    notice_end(&notice);
}

static void tell_slot(struct subscriptions *subscriptions, const struct subscription *to,
                      const struct bank *bank)
{
    struct notice notice = {.subscriptions = subscriptions, .to = to};
    if (!notice_begin(&notice, "slotNotification")) return;
    json_write_object(&notice.out, "result");
    json_write_u64(&notice.out, "parent", bank->parent_slot);
    json_write_u64(&notice.out, "root", ledger_bank(subscriptions->ledger, COMMIT_FINALIZED)->slot);
    json_write_u64(&notice.out, "slot", bank->slot);
    json_write_end(&notice.out);
    notice_end(&notice);
}

static void tell_root(struct subscriptions *subscriptions, const struct subscription *to,
                      const struct bank *bank)
{
    struct notice notice = {.subscriptions = subscriptions, .to = to};
    if (!notice_begin(&notice, "rootNotification")) return;
    json_write_u64(&notice.out, "result", bank->slot);
    notice_end(&notice);
}

struct update {
    const char *type;
    int64_t at_ns;
    const struct bank *bank;
    bool has_parent, has_stats;
};

static void write_stats(struct json_writer *out, const struct bank *bank)
{
    uint32_t all = bank->succeeded + bank->failed;
    json_write_object(out, "stats");
    json_write_u64(out, "maxTransactionsPerEntry", all);
    json_write_u64(out, "numFailedTransactions", bank->failed);
    json_write_u64(out, "numSuccessfulTransactions", bank->succeeded);
    json_write_u64(out, "numTransactionEntries", all > 0);
    json_write_end(out);
}

static void tell_update(struct subscriptions *subscriptions, const struct subscription *to,
                        const struct update *update)
{
    struct notice notice = {.subscriptions = subscriptions, .to = to};
    if (!notice_begin(&notice, "slotsUpdatesNotification")) return;
    json_write_object(&notice.out, "result");
    if (update->has_parent) json_write_u64(&notice.out, "parent", update->bank->parent_slot);
    json_write_u64(&notice.out, "slot", update->bank->slot);
    if (update->has_stats) write_stats(&notice.out, update->bank);
    json_write_i64(&notice.out, "timestamp", subscriptions->unix_base_s * 1000 + update->at_ns / NS_PER_MS);
    json_write_text(&notice.out, "type", update->type);
    json_write_end(&notice.out);
    notice_end(&notice);
}

/* What a slot went through stands in its frozen bank; a node says it as one goes into the next. */
static void tell_updates(struct subscriptions *subscriptions, const struct subscription *to,
                         enum ledger_news news, const struct bank *bank)
{
    const struct ledger *ledger = subscriptions->ledger;
    const struct chain_slot *slot = &ledger->slots.slots[bank->slot];
    const struct update frozen[] = {{"firstShredReceived", slot->start_ns, bank, false, false},
                                    {"createdBank", slot->start_ns, bank, true, false},
                                    {"completed", slot->end_ns, bank, false, false},
                                    {"frozen", bank->frozen_ns, bank, false, true}};
    const struct update confirmed = {"optimisticConfirmation", ledger->now_ns, bank, false, false},
                        root = {"root", ledger->now_ns, bank, false, false};
    for (size_t i = 0; news == NEWS_FROZEN && i < sizeof frozen / sizeof *frozen; i++)
        tell_update(subscriptions, to, &frozen[i]);
    if (news == NEWS_CONFIRMED) tell_update(subscriptions, to, &confirmed);
    if (news == NEWS_ROOT) tell_update(subscriptions, to, &root);
}

/* True: told, and over. */
static bool check_signature(struct subscriptions *subscriptions, const struct subscription *to)
{
    const struct entry *entry = ledger_find(subscriptions->ledger, to->key, true);
    if (!entry || ledger_entry_commitment(subscriptions->ledger, entry) < to->commitment) return false;
    tell_signature(subscriptions, to, entry);
    return true;
}

static void check_account(struct subscriptions *subscriptions, struct subscription *to)
{
    const struct bank *bank = ledger_bank(subscriptions->ledger, to->commitment);
    uint64_t lamports = accounts_balance(&subscriptions->ledger->accounts, to->key, bank->height);
    if (lamports == to->lamports) return;
    to->lamports = lamports;
    tell_account(subscriptions, to);
}

static bool check(struct subscriptions *subscriptions, struct subscription *to, enum ledger_news news,
                  const struct bank *bank)
{
    switch (to->kind) {
    case SUBSCRIBE_SIGNATURE: return check_signature(subscriptions, to);
    case SUBSCRIBE_ACCOUNT: check_account(subscriptions, to); break;
    case SUBSCRIBE_SLOT:
        if (news == NEWS_FROZEN) tell_slot(subscriptions, to, bank);
        break;
    case SUBSCRIBE_ROOT:
        if (news == NEWS_ROOT) tell_root(subscriptions, to, bank);
        break;
    case SUBSCRIBE_SLOTS_UPDATES: tell_updates(subscriptions, to, news, bank); break;
    case SUBSCRIBE_LOGS: break; /* of whole blocks: tell_block_logs */
    }
    return false;
}

static void tell_logs(struct subscriptions *subscriptions, const struct subscription *to,
                      const struct entry *entry)
{
    struct notice notice = {.subscriptions = subscriptions, .to = to};
    if (!notice_begin(&notice, "logsNotification")) return;
    json_write_object(&notice.out, "result");
    write_context(&notice.out, entry->slot);
    json_write_object(&notice.out, "value");
    write_tx_error(&notice.out, "err", &entry->status);
    write_logs(&notice.out, "logs", entry->logs);
    write_signature(&notice.out, "signature", transaction_signature(entry->transaction));
    json_write_end(&notice.out);
    json_write_end(&notice.out);
    notice_end(&notice);
}

/* The block's transactions are looked for once, and only when somebody wants to hear of them. */
static void tell_block_logs(struct subscriptions *subscriptions, enum commitment commitment,
                            const struct bank *bank)
{
    const struct entry **list = NULL;
    uint32_t count = 0;
    if (bank->succeeded + bank->failed == 0) return;
    for (uint32_t i = 0; i < subscriptions->count; i++) {
        const struct subscription *to = &subscriptions->rows[i];
        if (to->kind != SUBSCRIBE_LOGS || to->commitment != commitment) continue;
        if (!list) list = ledger_landed(subscriptions->ledger, bank->height - 1, bank->height, &count);
        for (uint32_t k = 0; list && k < count; k++)
            if (!to->has_key || transaction_names(list[k]->transaction, to->key))
                tell_logs(subscriptions, to, list[k]);
    }
    free(list);
}

void subscriptions_news(void *context, enum ledger_news news, const struct bank *bank)
{
    static const enum commitment COMMITMENT_OF[] = {[NEWS_FROZEN] = COMMIT_PROCESSED,
                                                    [NEWS_CONFIRMED] = COMMIT_CONFIRMED,
                                                    [NEWS_ROOT] = COMMIT_FINALIZED};
    struct subscriptions *subscriptions = context;
    if (news != NEWS_LOST) tell_block_logs(subscriptions, COMMITMENT_OF[news], bank);
    for (uint32_t i = subscriptions->count; i-- > 0;) {
        struct subscription row = subscriptions->rows[i];
        bool is_over = check(subscriptions, &row, news, bank);
        if (is_over)
            remove_at(subscriptions, i);
        else
            subscriptions->rows[i] = row;
    }
}

/* Lower commitments first, whatever the order in which they were asked for. */
void subscriptions_settle(struct subscriptions *subscriptions)
{
    uint32_t fresh = subscriptions->fresh;
    subscriptions->fresh = 0;
    for (uint32_t commitment = 0; fresh && commitment < COMMITMENTS; commitment++) {
        uint32_t first = subscriptions->count > fresh ? subscriptions->count - fresh : 0;
        for (uint32_t i = subscriptions->count; i-- > first;) {
            struct subscription row = subscriptions->rows[i];
            if (row.kind != SUBSCRIBE_SIGNATURE || row.commitment != (enum commitment)commitment) continue;
            if (!check_signature(subscriptions, &row)) continue;
            remove_at(subscriptions, i);
            fresh--;
        }
    }
}

void subscriptions_received(struct subscriptions *subscriptions, const unsigned char *signature)
{
    for (uint32_t i = 0; i < subscriptions->count; i++) {
        struct subscription *row = &subscriptions->rows[i];
        if (row->kind != SUBSCRIBE_SIGNATURE || !row->wants_received ||
            memcmp(row->key, signature, SIGNATURE_BYTES) != 0)
            continue;
        row->wants_received = false;
        tell_signature(subscriptions, row, NULL);
    }
}
