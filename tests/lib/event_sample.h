/* tests/lib/event_sample.h: an event of each kind with every field of it drawn, and nothing else set.
 *
 * Written out kind by kind, apart from the codec's table, so that a field that the table forgets is
 * noticed. Values are of the kind's form, not sensible. */
#pragma once
#include "base/rng.h"
#include "engine/event.h"

/* `settings` is what EVENT_SETTINGS carries. */
struct event event_sample(struct draw *draw, enum event_kind kind, const struct settings *settings);
