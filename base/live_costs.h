/* base/live_costs.h: what things cost in the live service's own models, unless it is told otherwise.
 *
 * The smoke tests of the deployment runbook fix them: five seconds after its
 * child was submitted a parent must still be unconfirmed, within a minute it
 * must be confirmed, its child five seconds later; a failing parent must have
 * taken its child with it within fifteen seconds (engine.md 8.12). */
#pragma once
#include "base/units.h"

#define LIVE_EXECUTION_NS    (500 * NS_PER_MS)
#define LIVE_PROOF_NS        (8000 * NS_PER_MS)
#define LIVE_CONFIRMATION_NS (1200 * NS_PER_MS)

#define LIVE_SNAPSHOT_BYTES 8000000 /* of the state before a task, as workloads have it */

enum { LIVE_PROOF_SPREAD_BPS = 1000 }; /* proofs take up to so much more or less */
