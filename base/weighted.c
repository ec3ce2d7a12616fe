/* base/weighted.c: a rich column lends its surplus to each poor one until all are level. */
#include "base/weighted.h"
#include "base/units.h"
#include <stdlib.h>

struct build {
    u128 *left;     /* weight * count still to place; a level column holds the total */
    uint32_t *todo; /* poor columns from the front, rich ones from the back */
    uint64_t total;
};

static bool sum_of(const uint64_t *weights, uint32_t count, uint64_t *total)
{
    *total = 0;
    for (uint32_t i = 0; i < count; i++)
        if (!u64_add(*total, weights[i], total)) return false;
    return *total > 0;
}

static void level(struct weighted *out, const struct build *build)
{
    uint32_t poor_count = 0, rich_from = out->count;
    for (uint32_t i = 0; i < out->count; i++)
        build->todo[build->left[i] < build->total ? poor_count++ : --rich_from] = i;
    while (poor_count > 0 && rich_from < out->count) {
        uint32_t poor = build->todo[--poor_count], rich = build->todo[rich_from];
        out->keep[poor] = (uint64_t)((build->left[poor] << 64) / build->total);
        out->alias[poor] = rich;
        build->left[rich] -= build->total - build->left[poor];
        if (build->left[rich] >= build->total) continue;
        rich_from++;
        build->todo[poor_count++] = rich;
    }
    /* What is left is level: exactly so, since only whole weights were moved. */
}

err weighted_open(struct weighted *out, const uint64_t *weights, uint32_t count)
{
    struct build build;
    if (!sum_of(weights, count, &build.total)) return ERR_RANGE;
    struct weighted made = {.count = count};
    build.left = malloc(count * sizeof *build.left);
    build.todo = malloc(count * sizeof *build.todo);
    made.alias = malloc(count * sizeof *made.alias);
    made.keep = malloc(count * sizeof *made.keep);
    bool has_memory = build.left && build.todo && made.alias && made.keep;
    for (uint32_t i = 0; has_memory && i < count; i++) {
        build.left[i] = (u128)weights[i] * count;
        made.alias[i] = i;
        made.keep[i] = UINT64_MAX;
    }
    if (has_memory) level(&made, &build);
    free(build.left);
    free(build.todo);
    if (!has_memory) {
        weighted_close(&made);
        return ERR_NOMEM;
    }
    *out = made;
    return OK;
}

void weighted_close(struct weighted *weighted)
{
    free(weighted->alias);
    free(weighted->keep);
    *weighted = (struct weighted){0};
}

uint32_t weighted_draw(const struct weighted *weighted, struct draw *draw)
{
    uint32_t column = (uint32_t)draw_below(draw, weighted->count);
    return draw_u64(draw) < weighted->keep[column] ? column : weighted->alias[column];
}
