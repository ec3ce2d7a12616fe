/* reports/design.c: combinations, or a sample that covers each factor. */
#include "reports/design.h"
#include "base/rng.h"
#include <stdio.h>
#include <string.h>

static err add_level(struct design_factor *factor, const char *text, size_t size, struct diag *diag)
{
    if (size == 0 || size >= DESIGN_TEXT_BYTES)
        return diag_fail(diag, ERR_SYNTAX, "%s: want values of 1 to %d characters between commas",
                         factor->key, DESIGN_TEXT_BYTES - 1);
    if (factor->level_count == DESIGN_LEVELS_MOST)
        return diag_fail(diag, ERR_LIMIT, "%s: more than %d values", factor->key, DESIGN_LEVELS_MOST);
    char *level = factor->levels[factor->level_count];
    memcpy(level, text, size);
    level[size] = '\0';
    for (uint32_t i = 0; i < factor->level_count; i++)
        if (strcmp(factor->levels[i], level) == 0)
            return diag_fail(diag, ERR_SYNTAX, "%s: %s is there twice", factor->key, level);
    factor->level_count++;
    return OK;
}

err design_add_factor(struct design *design, const char *text, struct diag *diag)
{
    size_t key = strcspn(text, "=");
    if (key == 0 || key >= DESIGN_TEXT_BYTES || text[key] == '\0')
        return diag_fail(diag, ERR_SYNTAX, "\"%.64s\": want KEY=A,B,C, as in speculation.max_depth=1,2,4",
                         text);
    if (design->factor_count == DESIGN_FACTORS_MOST)
        return diag_fail(diag, ERR_LIMIT, "more than %d keys at once", DESIGN_FACTORS_MOST);
    struct design_factor *factor = &design->factors[design->factor_count];
    *factor = (struct design_factor){0};
    memcpy(factor->key, text, key);
    for (uint32_t i = 0; i < design->factor_count; i++)
        if (strcmp(design->factors[i].key, factor->key) == 0)
            return diag_fail(diag, ERR_SYNTAX, "%s is there twice, give all its values at once", factor->key);
    for (const char *at = text + key + 1;;) {
        size_t size = strcspn(at, ",");
        TRY(add_level(factor, at, size, diag));
        if (at[size] == '\0') break;
        at += size + 1;
    }
    design->factor_count++;
    return OK;
}

static err lay_out_all(struct design *design, struct diag *diag)
{
    uint64_t points = 1;
    for (uint32_t i = 0; i < design->factor_count; i++) points *= design->factors[i].level_count;
    if (points > DESIGN_POINTS_MOST)
        return diag_fail(
            diag, ERR_LIMIT,
            "%llu combinations, at most %d are run at once; name fewer values, or take a sample of them",
            (unsigned long long)points, DESIGN_POINTS_MOST);
    design->point_count = (uint32_t)points;
    for (uint32_t point = 0; point < design->point_count; point++) {
        uint32_t rest = point;
        for (uint32_t i = design->factor_count; i-- > 0;) {
            design->points[point][i] = (uint8_t)(rest % design->factors[i].level_count);
            rest /= design->factors[i].level_count;
        }
    }
    return OK;
}

/* A factor's column: the points after the first in a drawn order, levels dealt out in turn. */
static void deal(struct design *design, uint32_t factor, const struct rng *rng)
{
    uint32_t count = design->point_count - 1, order[DESIGN_POINTS_MOST];
    struct draw draw = draw_at(rng, RNG_DESIGN, factor, 0);
    for (uint32_t i = 0; i < count; i++) order[i] = i;
    for (uint32_t i = count; i > 1; i--) {
        uint32_t other = (uint32_t)draw_below(&draw, i), kept = order[i - 1];
        order[i - 1] = order[other];
        order[other] = kept;
    }
    design->points[0][factor] = 0;
    for (uint32_t i = 0; i < count; i++)
        design->points[i + 1][factor] = (uint8_t)((order[i] + 1) % design->factors[factor].level_count);
}

err design_lay_out(struct design *design, uint32_t points, uint64_t seed, struct diag *diag)
{
    const struct rng rng = rng_keyed(seed, 0);
    if (points == 0) return lay_out_all(design, diag);
    if (points > DESIGN_POINTS_MOST)
        return diag_fail(diag, ERR_LIMIT, "at most %d points are run at once", DESIGN_POINTS_MOST);
    design->point_count = points;
    for (uint32_t factor = 0; factor < design->factor_count; factor++) deal(design, factor, &rng);
    return OK;
}

/* What is left of a key without its sections, unless that is another factor's as well. */
static const char *short_key(const struct design *design, uint32_t factor)
{
    const char *key = design->factors[factor].key, *dot = strrchr(key, '.');
    if (!dot) return key;
    for (uint32_t i = 0; i < design->factor_count; i++) {
        const char *other = strrchr(design->factors[i].key, '.');
        if (i != factor && strcmp(other ? other : design->factors[i].key, dot) == 0) return key;
    }
    return dot + 1;
}

static void write_name(const struct design *design, uint32_t point, bool is_whole,
                       char out[DESIGN_NAME_BYTES])
{
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < design->factor_count; i++) {
        if (!is_whole && design->points[point][i] == design->points[0][i]) continue;
        used += (size_t)snprintf(out + used, DESIGN_NAME_BYTES - used, "%s%s=%s", used ? ", " : "",
                                 short_key(design, i), design->factors[i].levels[design->points[point][i]]);
    }
}

void design_name(const struct design *design, uint32_t point, char out[DESIGN_NAME_BYTES])
{
    write_name(design, point, true, out);
}

void design_difference(const struct design *design, uint32_t point, char out[DESIGN_NAME_BYTES])
{
    write_name(design, point, false, out);
}
