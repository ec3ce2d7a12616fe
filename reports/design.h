/* reports/design.h: which settings are tried together: factors, their levels, and points.
 *
 * A factor is written KEY=A,B,C. A full design has every combination, the last
 * factor changing fastest. A Latin hypercube has as many points as are asked for
 * and spreads each factor evenly over them: of n points and L levels, every level
 * is used n / L times, give or take one, in an order drawn by the seed. The first
 * point of both is the first level of every factor: what the others are held against.
 * Source: McKay, Beckman and Conover 1979.
 * Errors: ERR_SYNTAX, ERR_LIMIT. Texts are copied. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum { DESIGN_FACTORS_MOST = 8, DESIGN_LEVELS_MOST = 32, DESIGN_POINTS_MOST = 256, DESIGN_TEXT_BYTES = 96 };

struct design_factor {
    char key[DESIGN_TEXT_BYTES];
    char levels[DESIGN_LEVELS_MOST][DESIGN_TEXT_BYTES];
    uint32_t level_count;
};

struct design {
    struct design_factor factors[DESIGN_FACTORS_MOST];
    uint32_t factor_count, point_count;
    uint8_t points[DESIGN_POINTS_MOST][DESIGN_FACTORS_MOST]; /* level of each factor */
};

/* "speculation.max_depth=1,2,4" */
MUST_USE err design_add_factor(struct design *design, const char *text, struct diag *diag);
/* points 0: all combinations. ERR_LIMIT: more than DESIGN_POINTS_MOST. */
MUST_USE err design_lay_out(struct design *design, uint32_t points, uint64_t seed, struct diag *diag);

/* "max_depth=3, batch_size=10": a point by the last parts of its keys. */
enum { DESIGN_NAME_BYTES = DESIGN_FACTORS_MOST * 2 * DESIGN_TEXT_BYTES };
void design_name(const struct design *design, uint32_t point, char out[DESIGN_NAME_BYTES]);
/* The same, only what differs from the first point; "" for that. */
void design_difference(const struct design *design, uint32_t point, char out[DESIGN_NAME_BYTES]);
