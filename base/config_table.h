/* base/config_table.h: the rows themselves, for base/config_value.c only; others use base/config_keys.h. */
#pragma once
#include "base/config_keys.h"

extern const struct config_key CONFIG_KEYS[];
extern const uint32_t CONFIG_KEY_COUNT;
