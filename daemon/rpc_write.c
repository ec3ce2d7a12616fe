/* daemon/rpc_write.c: members in sorted order, as the writer wants them. */
#include "daemon/rpc_write.h"
#include "base/base58.h"
#include "daemon/rpc.h"
#include <string.h>

const char *const COMMITMENT_NAMES[COMMITMENTS] = {"processed", "confirmed", "finalized"};

void write_context(struct json_writer *out, uint32_t slot)
{
    json_write_object(out, "context");
    json_write_text(out, "apiVersion", RPC_VERSION);
    json_write_u64(out, "slot", slot);
    json_write_end(out);
}

static void write_instruction_error(struct json_writer *out, const struct tx_status *status)
{
    const char *name = instruction_error_name((enum instruction_error)status->instruction);
    json_write_array(out, tx_error_name(TX_INSTRUCTION));
    json_write_u64(out, NULL, status->index);
    if (status->instruction == IX_CUSTOM) {
        json_write_object(out, NULL);
        json_write_u64(out, name, status->custom);
        json_write_end(out);
    } else
        json_write_text(out, NULL, name);
    json_write_end(out);
}

void write_tx_error(struct json_writer *out, const char *key, const struct tx_status *status)
{
    const char *name = tx_error_name((enum tx_error)status->error);
    switch ((enum tx_error)status->error) {
    case TX_OK: json_write_null(out, key); return;
    case TX_INSTRUCTION:
        json_write_object(out, key);
        write_instruction_error(out, status);
        json_write_end(out);
        return;
    case TX_FUNDS_FOR_RENT:
        json_write_object(out, key);
        json_write_object(out, name);
        json_write_u64(out, "account_index", status->index);
        json_write_end(out);
        json_write_end(out);
        return;
    case TX_DUPLICATE_INSTRUCTION:
        json_write_object(out, key);
        json_write_u64(out, name, status->index);
        json_write_end(out);
        return;
    default: json_write_text(out, key, name);
    }
}

void write_key(struct json_writer *out, const char *key, const unsigned char *bytes)
{
    char text[BASE58_KEY_TEXT];
    base58_encode(bytes, KEY_BYTES, text);
    json_write_text(out, key, text);
}

void write_signature(struct json_writer *out, const char *key, const unsigned char *bytes)
{
    char text[BASE58_SIGNATURE_TEXT];
    base58_encode(bytes, SIGNATURE_BYTES, text);
    json_write_text(out, key, text);
}

void write_logs(struct json_writer *out, const char *key, const char *lines)
{
    char line[PACKET_BYTES + 128];
    json_write_array(out, key);
    for (const char *end; (end = strchr(lines, '\n')); lines = end + 1) {
        snprintf(line, sizeof line, "%.*s", (int)(end - lines), lines);
        json_write_text(out, NULL, line);
    }
    json_write_end(out);
}

/* Nodes keep memos as "[length] text", several apart by "; ". The logs have them already, readable. */
void write_memo(struct json_writer *out, const char *key, const char *lines)
{
    static const char BEGIN[] = "Program log: Memo (len ";
    char memo[2 * PACKET_BYTES];
    size_t used = 0;
    for (const char *end; (end = strchr(lines, '\n')); lines = end + 1) {
        unsigned size_bytes;
        const char *text = strchr(lines, '"');
        if (strncmp(lines, BEGIN, sizeof BEGIN - 1) != 0 || !text || text + 1 >= end) continue;
        if (sscanf(lines + sizeof BEGIN - 1, "%u", &size_bytes) != 1) continue;
        int more = snprintf(memo + used, sizeof memo - used, "%s[%u] %.*s", used ? "; " : "", size_bytes,
                            (int)(end - text - 2), text + 1);
        if (more < 0 || used + (size_t)more >= sizeof memo) break;
        used += (size_t)more;
    }
    memo[used] = '\0';
    if (used)
        json_write_text(out, key, memo);
    else
        json_write_null(out, key);
}

void write_account(struct json_writer *out, const char *key, uint64_t lamports, const char *encoding)
{
    if (lamports == 0) {
        json_write_null(out, key);
        return;
    }
    json_write_object(out, key);
    json_write_array(out, "data");
    json_write_text(out, NULL, "");
    json_write_text(out, NULL, encoding);
    json_write_end(out);
    json_write_bool(out, "executable", false);
    json_write_u64(out, "lamports", lamports);
    write_key(out, "owner", SYSTEM_PROGRAM);
    json_write_u64(out, "rentEpoch", 0);
    json_write_u64(out, "space", 0);
    json_write_end(out);
}
