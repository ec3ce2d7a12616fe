/* base/sent_csv.h: the columns of a table of transactions, as surveys and probes write it and calibration
 * reads it: when each was sent and seen, in milliseconds; empty: never. */
#pragma once

#define SENT_CSV_HEADER "sent_ms,outcome,processed_ms,confirmed_ms,finalized_ms,slots_to_land"
