/* reports/history_trend.c: series of medians, their change points, and what else changed at them. */
#include "reports/history_trend.h"
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TREND_SEED = 1 };
#define TREND_ALPHA 0.05

err trend_metric_find(struct trend_metric *out, const char *name, struct diag *diag)
{
    static const struct run_metrics NOTHING; /* units do not depend on values */
    struct run_metric found;
    if (!run_metric_find(&NOTHING, name, &found)) {
        char room[64];
        const char *nearest = run_metric_nearest(name, room);
        return diag_fail(diag, ERR_USAGE, "there is no metric %.64s%s%s", name,
                         nearest ? ", nearest is " : "", nearest ? nearest : "");
    }
    const struct comparison_metric *known = comparison_metric_find(name);
    bool is_latency = strchr(name, '.'); /* no other name has a dot */
    *out = (struct trend_metric){.name = name,
                                 .label = known ? known->label : name,
                                 .sense = known        ? known->sense
                                          : is_latency ? LOWER_IS_BETTER
                                                       : NEITHER_IS_BETTER,
                                 .unit = found.unit};
    return OK;
}

struct trend_time trend_time(int64_t at_s)
{
    struct trend_time out = {"?"};
    struct tm broken;
    time_t at = (time_t)at_s;
    if (gmtime_r(&at, &broken)) strftime(out.text, sizeof out.text, "%Y-%m-%d %H:%M", &broken);
    return out;
}

static enum comparison_verdict verdict_of(enum comparison_sense sense, double before, double after)
{
    if (sense == NEITHER_IS_BETTER || !(before < after || before > after)) return VERDICT_CHANGED;
    return (after < before) == (sense == LOWER_IS_BETTER) ? VERDICT_BETTER : VERDICT_WORSE;
}

static void say(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(char *text, const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;
    used += (size_t)snprintf(text + used, TREND_OTHERS_BYTES - used, "%s", used ? ", " : "");
    if (used >= TREND_OTHERS_BYTES) return;
    va_start(arguments, format);
    vsnprintf(text + used, TREND_OTHERS_BYTES - used, format, arguments);
    va_end(arguments);
}

/* What a reader would ask first: was it the code, the settings, or only the load? */
static void list_others(char *out, const struct history_entry *before, const struct history_entry *after)
{
    if (strcmp(before->load, after->load) != 0) say(out, "load");
    if (strcmp(before->settings, after->settings) != 0) say(out, "settings");
    if (before->seed != after->seed) say(out, "seed");
    if (strcmp(before->version, after->version) != 0)
        say(out, "version %.16s to %.16s", before->version, after->version);
    if (strcmp(before->commit, after->commit) != 0)
        say(out, "commit %.12s to %.12s", before->commit, after->commit);
}

/* places[i]: the entry that the i-th known median is of. */
static void take_changes(struct trend *trend, const struct changepoint_list *found, const uint32_t *places,
                         enum comparison_sense sense)
{
    for (uint32_t i = 0; i < found->count; i++) {
        const struct changepoint *point = &found->points[i];
        struct trend_change *change = &trend->changes[trend->change_count++];
        *change = (struct trend_change){.index = places[point->index],
                                        .before = point->before,
                                        .after = point->after,
                                        .p = point->p,
                                        .verdict = verdict_of(sense, point->before, point->after)};
        list_others(change->others, &trend->entries[places[point->index - 1]],
                    &trend->entries[change->index]);
    }
}

static err find_changes(struct trend *trend, enum comparison_sense sense)
{
    double values[CHANGEPOINT_VALUES_MOST];
    uint32_t places[CHANGEPOINT_VALUES_MOST], count = 0;
    for (uint32_t i = 0; i < trend->count; i++) trend->known += isfinite(trend->entries[i].median);
    uint32_t left_out = trend->known > CHANGEPOINT_VALUES_MOST ? trend->known - CHANGEPOINT_VALUES_MOST : 0;
    for (uint32_t i = 0, rank = 0; i < trend->count; i++) {
        if (!isfinite(trend->entries[i].median) || rank++ < left_out) continue;
        if (count == 0) trend->first = i;
        values[count] = trend->entries[i].median;
        places[count++] = i;
    }
    struct changepoint_list found;
    const struct changepoint_series series = {values, count, TREND_ALPHA, TREND_SEED};
    TRY(changepoint_find(&found, &series));
    take_changes(trend, &found, places, sense);
    return OK;
}

err trends_make(struct trends *out, const struct history_list *list, const struct trend_metric *metric,
                struct diag *diag)
{
    struct trends trends = {.metric = metric, .all = calloc(list->count + 1, sizeof *trends.all)};
    if (!trends.all) return diag_fail(diag, ERR_NOMEM, "out of memory for the trend");
    for (uint32_t i = 0; i < list->count; i++) {
        struct trend *last = &trends.all[trends.count - (trends.count > 0)];
        if (trends.count == 0 || strcmp(last->entries->test, list->entries[i].test) != 0) {
            last = &trends.all[trends.count++];
            last->entries = &list->entries[i];
        }
        last->count++;
    }
    for (uint32_t i = 0; i < trends.count; i++)
        if (find_changes(&trends.all[i], metric->sense) != OK) {
            trends_free(&trends);
            return diag_fail(diag, ERR_NOMEM, "out of memory for change points");
        }
    *out = trends;
    return OK;
}

void trends_free(struct trends *trends)
{
    free(trends->all);
    *trends = (struct trends){0};
}
