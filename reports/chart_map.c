/* reports/chart_map.c: how many tasks waited how long, and when, as gnuplot data.
 *
 * A tile's shade is the logarithm of its tasks over its height on the axis, in steps. A step is an area that
 * is drawn over the one before, each a little transparent: neighbours merge, and so the picture stays small.
 */
#include "base/fmath.h"
#include "base/units.h"
#include "reports/chart_data.h"
#include <inttypes.h>
#include <math.h>

/* What all maps of a plot share. */
struct scale {
    double least, most;       /* tasks of a run over height; most 0: no tasks */
    uint32_t fewest, largest; /* tasks in the tiles of these */
    uint32_t lowest, highest; /* buckets in use */
};

/* Tasks of a run over the tile's height in octaves. */
static double density_of(const struct chart_map *map, uint32_t bin, uint32_t bucket)
{
    static const double HEIGHTS[] = {0.32192809488736235, 0.26303440583379378, 0.22239242133644787,
                                     0.19264507794239583}; /* log2 of 5/4, 6/5, 7/6, 8/7 */
    return map->counts->counts[bin][bucket] / HEIGHTS[bucket % 4] / map->runs;
}

static void add_tile(struct scale *scale, const struct chart_map *map, uint32_t bin, uint32_t bucket)
{
    uint32_t count = map->counts->counts[bin][bucket];
    double density = density_of(map, bin, bucket);
    if (count == 0) return;
    if (bucket < scale->lowest) scale->lowest = bucket;
    if (bucket > scale->highest) scale->highest = bucket;
    if (density < scale->least) {
        scale->least = density;
        scale->fewest = count;
    }
    if (density <= scale->most) return;
    scale->most = density;
    scale->largest = count;
}

static struct scale scale_of(const struct chart_map *maps, uint32_t count)
{
    struct scale scale = {.least = INFINITY, .lowest = LATENCY_MAP_BUCKETS};
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t bin = 0; maps[i].counts && bin < maps[i].counts->bins; bin++)
            for (uint32_t bucket = 0; bucket < LATENCY_MAP_BUCKETS; bucket++)
                add_tile(&scale, &maps[i], bin, bucket);
    return scale;
}

static double seconds_of(uint32_t bucket)
{
    return (double)latency_map_lowest_ns(bucket) / (double)NS_PER_S;
}

/* The place-th stretch of a bin's buckets that reach the threshold; false when there are fewer. */
static bool find_stretch(const struct chart_map *map, uint32_t bin, double threshold, uint32_t place,
                         uint32_t limits[2])
{
    for (uint32_t bucket = 0, end; bucket < LATENCY_MAP_BUCKETS; bucket = end + 1) {
        for (end = bucket; end < LATENCY_MAP_BUCKETS && density_of(map, bin, end) >= threshold;) end++;
        if (end == bucket || place-- > 0) continue;
        limits[0] = bucket;
        limits[1] = end;
        return true;
    }
    return false;
}

/* The outline of every bin's stretch of that place, rows of time, from, until; an empty line at a gap, never
 * two. False when no bin has one. */
static bool write_stretches(FILE *script, const struct chart_map *map, double threshold, uint32_t place)
{
    double bin_width = map->counts->bin_s / map->unit_s;
    bool has_any = false, is_gap = true;
    for (uint32_t bin = 0; bin < map->counts->bins; bin++) {
        uint32_t limits[2];
        if (find_stretch(map, bin, threshold, place, limits)) {
            double from_s = seconds_of(limits[0]), until_s = seconds_of(limits[1]);
            fprintf(script, "%.5g %.4g %.4g\n%.5g %.4g %.4g\n", bin * bin_width, from_s, until_s,
                    (bin + 1) * bin_width, from_s, until_s);
            has_any = true;
            is_gap = false;
        } else if (!is_gap) {
            fputc('\n', script);
            is_gap = true;
        }
    }
    if (!is_gap) fputc('\n', script);
    return has_any;
}

/* Steps are gnuplot's indices: two empty lines between them, the last stretch's and one more. */
static void write_map(FILE *script, const struct chart_map *map, const struct scale *scale)
{
    const double less = 1 - 1e-9; /* the first threshold takes the least tile in */
    fprintf(script, "$%s << EOD\n", map->block);
    for (uint32_t step = 0; map->counts && scale->most > 0 && step < CHART_MAP_STEPS; step++) {
        double share = (double)step / CHART_MAP_STEPS;
        double threshold = less * scale->least * fmath_pow(scale->most / scale->least, share);
        uint32_t place = 0;
        while (write_stretches(script, map, threshold, place)) place++;
        fputc('\n', script);
    }
    fputs("EOD\n", script);
}

/* Room for labels above; 1, 2, 5 in a narrow range, else powers of ten. */
static void write_range(FILE *script, const struct scale *scale)
{
    double begin = seconds_of(scale->lowest), end = seconds_of(scale->highest + 1);
    bool is_narrow = end < 500 * begin;
    fprintf(script, "set yrange [%.4g:%.4g]\nset ytics (", begin, end * fmath_pow(end / begin, 0.12));
    const char *comma = "";
    for (int power = -4; power <= 4; power++)
        for (int digit = 1; digit <= 5; digit += digit == 1 ? 1 : 3) {
            double tick = digit * fmath_pow(10, power);
            if (tick < begin || tick > 1.01 * end || (digit > 1 && !is_narrow)) continue;
            fprintf(script, "%s'%.4g' %.4g", comma, tick, tick);
            comma = ", ";
        }
    fputs(")\n", script);
}

void chart_write_maps(FILE *script, const struct chart_map *maps, uint32_t count)
{
    struct scale scale = scale_of(maps, count);
    for (uint32_t i = 0; i < count; i++) write_map(script, &maps[i], &scale);
    fputs("set logscale y\n", script);
    if (scale.most > 0)
        write_range(script, &scale);
    else
        fputs("set yrange [*:*]\n", script);
    fprintf(script, "map_steps = %d\nmap_fewest = '%" PRIu32 "'\nmap_largest = '%" PRIu32 " tasks'\n",
            scale.most > 0 ? CHART_MAP_STEPS : 0, scale.fewest, scale.largest);
}
