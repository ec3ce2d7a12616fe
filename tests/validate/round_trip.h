/* tests/validate/round_trip.h: samples of a chain, calibrated, and the profile that comes of it described
 * again. */
#pragma once

/* A Markdown table: quantiles before and after. Runs build/release/agenc; ends the program when that fails.
 */
void round_trip_print(const char *profile);
