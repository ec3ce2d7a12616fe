/* daemon/rpc_write.h: pieces of answers that several methods and notifications share. */
#pragma once
#include "base/json_write.h"
#include "daemon/rpc_ledger.h"

void write_context(struct json_writer *out, uint32_t slot); /* the member "context" */
void write_tx_error(struct json_writer *out, const char *key, const struct tx_status *status);
void write_key(struct json_writer *out, const char *key, const unsigned char *bytes);
void write_signature(struct json_writer *out, const char *key, const unsigned char *bytes);
void write_logs(struct json_writer *out, const char *key, const char *lines); /* an array; each ends in \n */
void write_memo(struct json_writer *out, const char *key, const char *lines); /* of the logs; null: none */
void write_account(struct json_writer *out, const char *key, uint64_t lamports, const char *encoding);
extern const char *const COMMITMENT_NAMES[COMMITMENTS];
