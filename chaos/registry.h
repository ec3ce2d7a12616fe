/* chaos/registry.h: what one parameter cannot say of itself: how many there are, what settings may become. */
#pragma once
#include "chaos/schedule.h"

uint32_t injector_param_count(enum injector_id id);

/* What app.config_flip may set, by the word of its parameter "setting"; usual .. most: of a random flip. */
enum { FLIPPED_SETTINGS = 7 };
struct setting_range {
    const char *name, *unit;
    int64_t min, max, usual, most;
};
extern const struct setting_range SETTING_RANGES[FLIPPED_SETTINGS];
