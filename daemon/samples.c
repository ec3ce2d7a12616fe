/* daemon/samples.c: a ring of rounds; a column a series, found by a table of its text. */
#include "daemon/samples.h"
#include "base/assert.h"
#include "base/json_write.h"
#include "base/units.h"
#include "daemon/metrics.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SLOTS = 8192, INSTANCE_BYTES = 128 }; /* of the table, a power of two well above the series */

struct series {
    char *text; /* name, labels: the key, then the same cut into pieces that `labels` points at; NULL: free */
    struct label at[SAMPLES_LABELS_MOST];
    struct labels labels;
    uint64_t hash;
    uint64_t last_round; /* the last one that mentioned it */
    double values[SAMPLES_KEPT];
    uint8_t is_there[(SAMPLES_KEPT + 7) / 8];
};

struct samples {
    char instances[2][INSTANCE_BYTES];
    const char *job, *instance; /* of what is added now */
    int64_t began_wall_ms, began_mono_ns, next_ns;
    uint64_t rounds; /* ever */
    uint64_t lost;
    int64_t times_ms[SAMPLES_KEPT];
    uint32_t count;
    struct series *series[SAMPLES_SERIES_MOST];
    uint16_t slots[SLOTS]; /* index + 1 into series; 0: free */
};
_Static_assert(SAMPLES_SERIES_MOST < UINT16_MAX, "an index fits a slot");

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

err samples_open(struct samples **out, const struct samples_options *options)
{
    struct samples *samples = calloc(1, sizeof *samples);
    if (!samples) return ERR_NOMEM;
    const char *instances[] = {options->instance, options->workers_instance};
    for (int i = 0; i < 2; i++)
        snprintf(samples->instances[i], INSTANCE_BYTES, "%s", instances[i] ? instances[i] : "");
    samples->began_wall_ms = clock_ns(CLOCK_REALTIME) / NS_PER_MS;
    samples->began_mono_ns = samples->next_ns = clock_ns(CLOCK_MONOTONIC);
    samples->job = samples->instance = "";
    *out = samples;
    return OK;
}

static void series_free(struct series *series)
{
    if (series) free(series->text);
    free(series);
}

void samples_free(struct samples *samples)
{
    if (!samples) return;
    for (uint32_t i = 0; i < samples->count; i++) series_free(samples->series[i]);
    free(samples);
}

int64_t samples_now_ms(const struct samples *samples)
{
    return samples->began_wall_ms + (clock_ns(CLOCK_MONOTONIC) - samples->began_mono_ns) / NS_PER_MS;
}

int64_t samples_next_ns(const struct samples *samples)
{
    return samples->next_ns;
}

/* ---- series ---- */

static uint64_t hash_of(const char *const *texts, uint32_t count)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (uint32_t i = 0; i < count; i++)
        for (const char *at = texts[i];; at++) {
            hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
            if (!*at) break;
        }
    return hash;
}

/* The key of a series as it was added: the first bytes of its text. */
static bool is_same(const struct series *series, uint64_t hash, const char *const *texts, uint32_t count)
{
    const char *at = series->text;
    if (series->hash != hash) return false;
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(at, texts[i]) != 0) return false;
        at += strlen(at) + 1;
    }
    return true;
}

/* name="value", cut in place: escapes are undone, ends become zeros. The rest behind it; NULL: not of that
 * form. */
static char *cut_label(char *at, struct label *out)
{
    out->name = at;
    at = strchr(at, '=');
    if (!at || at[1] != '"') return NULL;
    *at = '\0';
    char *to = at + 1;
    out->value = to;
    for (at += 2; *at && *at != '"'; at++) {
        if (*at == '\\' && at[1])
            at++, *to++ = *at == 'n' ? '\n' : *at;
        else
            *to++ = *at;
    }
    if (*at != '"') return NULL;
    *to = '\0';
    return at + 1 + (at[1] == ',');
}

static void add_label(struct series *series, const char *name, const char *value)
{
    if (!*value || series->labels.count == SAMPLES_LABELS_MOST) return;
    uint32_t at = series->labels.count++;
    for (; at > 0 && strcmp(series->at[at - 1].name, name) > 0; at--) series->at[at] = series->at[at - 1];
    series->at[at] = (struct label){name, value};
}

static void cut_labels(struct series *series, const char *name, char *labels)
{
    struct label label;
    series->labels.at = series->at;
    add_label(series, "__name__", name);
    while (labels && *labels) {
        labels = cut_label(labels, &label);
        if (labels) add_label(series, label.name, label.value);
    }
}

/* texts: name, labels, job, instance. */
static struct series *series_new(const char *const texts[4], uint64_t hash)
{
    struct series *series = calloc(1, sizeof *series);
    size_t key = 0, labels = strlen(texts[1]) + 1;
    for (int i = 0; i < 4; i++) key += strlen(texts[i]) + 1;
    char *text = series ? malloc(key + labels) : NULL;
    if (!text) {
        free(series);
        return NULL;
    }
    char *at = series->text = text, *parts[4];
    for (int i = 0; i < 4; i++) {
        parts[i] = memcpy(at, texts[i], strlen(texts[i]) + 1);
        at += strlen(texts[i]) + 1;
    }
    series->hash = hash;
    cut_labels(series, parts[0], memcpy(at, texts[1], labels));
    add_label(series, "job", parts[2]);
    add_label(series, "instance", parts[3]);
    return series;
}

/* ---- the table ---- */

static void fill_slots(struct samples *samples)
{
    memset(samples->slots, 0, sizeof samples->slots);
    for (uint32_t i = 0; i < samples->count; i++) {
        uint64_t slot = samples->series[i]->hash;
        while (samples->slots[slot % SLOTS]) slot++;
        samples->slots[slot % SLOTS] = (uint16_t)(i + 1);
    }
}

/* Forgets what no round of the ring mentions. */
static void make_room(struct samples *samples)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < samples->count; i++) {
        struct series *series = samples->series[i];
        if (series->last_round + SAMPLES_KEPT > samples->rounds)
            samples->series[kept++] = series;
        else
            series_free(series);
    }
    samples->count = kept;
    fill_slots(samples);
}

static struct series *find_or_make(struct samples *samples, const char *const texts[4])
{
    uint64_t hash = hash_of(texts, 4), slot = hash;
    for (; samples->slots[slot % SLOTS]; slot++) {
        struct series *series = samples->series[samples->slots[slot % SLOTS] - 1];
        if (is_same(series, hash, texts, 4)) return series;
    }
    if (samples->count == SAMPLES_SERIES_MOST) {
        make_room(samples);
        if (samples->count == SAMPLES_SERIES_MOST) return NULL;
        for (slot = hash; samples->slots[slot % SLOTS];) slot++;
    }
    struct series *series = series_new(texts, hash);
    if (!series) return NULL;
    samples->series[samples->count++] = series;
    samples->slots[slot % SLOTS] = (uint16_t)samples->count;
    return series;
}

/* ---- rounds ---- */

static void mark(struct series *series, uint32_t place, bool is_there)
{
    uint8_t bit = (uint8_t)(1U << (place % 8));
    if (is_there)
        series->is_there[place / 8] |= bit;
    else
        series->is_there[place / 8] &= (uint8_t)~bit;
}

void samples_begin(struct samples *samples, int64_t at_ms)
{
    uint32_t place = (uint32_t)(samples->rounds % SAMPLES_KEPT);
    ASSERT(!samples->rounds ||
           at_ms > samples->times_ms[(samples->rounds - 1) % SAMPLES_KEPT]); /* samples_turn sees to it */
    samples->times_ms[place] = at_ms;
    samples->rounds++;
    for (uint32_t i = 0; i < samples->count; i++) mark(samples->series[i], place, false);
}

void samples_add(struct samples *samples, const char *name, const char *labels, double value)
{
    const char *const texts[] = {name, labels, samples->job, samples->instance};
    struct series *series = find_or_make(samples, texts);
    if (!series) {
        samples->lost++;
        return;
    }
    uint32_t place = (uint32_t)((samples->rounds - 1) % SAMPLES_KEPT);
    series->values[place] = value;
    series->last_round = samples->rounds;
    mark(series, place, true);
}

static void take(void *context, const char *name, const char *labels, double value)
{
    samples_add(context, name, labels, value);
}

static const char *const JOBS[] = {"agenc", "agenc-workers"};

void samples_turn(struct samples *samples, struct metrics *metrics, const struct service *service)
{
    int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    if (now_ns < samples->next_ns) return;
    samples->next_ns += SAMPLES_STEP_S * NS_PER_S;
    if (samples->next_ns <= now_ns)
        samples->next_ns = now_ns + SAMPLES_STEP_S * NS_PER_S; /* it was stopped */
    int64_t at_ms = samples_now_ms(samples);
    if (samples->rounds && at_ms <= samples->times_ms[(samples->rounds - 1) % SAMPLES_KEPT]) return;
    samples_begin(samples, at_ms);
    for (int i = 0; i < 2; i++) {
        if (!*samples->instances[i]) continue;
        samples->job = JOBS[i];
        samples->instance = samples->instances[i];
        if (i == 0)
            metrics_each(metrics, service, take, samples);
        else
            metrics_each_of_workers(metrics, service, take, samples);
        samples_add(samples, "up", "", 1);
    }
}

/* ---- reading ---- */

const char *labels_get(const struct labels *labels, const char *name)
{
    for (uint32_t i = 0; i < labels->count; i++)
        if (!strcmp(labels->at[i].name, name)) return labels->at[i].value;
    return "";
}

uint32_t samples_rounds(const struct samples *samples)
{
    return samples->rounds < SAMPLES_KEPT ? (uint32_t)samples->rounds : SAMPLES_KEPT;
}

static uint32_t place_of(const struct samples *samples, uint32_t round)
{
    return (uint32_t)((samples->rounds - samples_rounds(samples) + round) % SAMPLES_KEPT);
}

int64_t samples_time_ms(const struct samples *samples, uint32_t round)
{
    return samples->times_ms[place_of(samples, round)];
}

uint32_t samples_series(const struct samples *samples)
{
    return samples->count;
}

const struct labels *samples_labels(const struct samples *samples, uint32_t series)
{
    return &samples->series[series]->labels;
}

bool samples_value(const struct samples *samples, uint32_t series, uint32_t round, double *out)
{
    const struct series *column = samples->series[series];
    uint32_t place = place_of(samples, round);
    if (!(column->is_there[place / 8] >> (place % 8) & 1)) return false;
    *out = column->values[place];
    return true;
}

uint64_t samples_lost(const struct samples *samples)
{
    return samples->lost;
}

/* ---- targets ---- */

static void write_target(struct json_writer *writer, const char *job, const char *instance, int64_t at_ms)
{
    char url[INSTANCE_BYTES + 32], at[40] = "";
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm utc;
    snprintf(url, sizeof url, "http://%s/metrics", instance);
    if (gmtime_r(&seconds, &utc)) strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", &utc);
    json_write_object(writer, NULL);
    json_write_text(writer, "health", "up");
    json_write_object(writer, "labels");
    json_write_text(writer, "instance", instance);
    json_write_text(writer, "job", job);
    json_write_end(writer);
    json_write_text(writer, "lastError", "");
    json_write_text(writer, "lastScrape", at);
    json_write_text(writer, "scrapePool", job);
    json_write_text(writer, "scrapeUrl", url);
    json_write_end(writer);
}

void samples_write_targets(const struct samples *samples, FILE *out)
{
    struct json_writer writer;
    int64_t at_ms = samples->rounds ? samples->times_ms[(samples->rounds - 1) % SAMPLES_KEPT] : 0;
    json_write_begin(&writer, out, JSON_ONE_LINE);
    json_write_object(&writer, NULL);
    json_write_object(&writer, "data");
    json_write_array(&writer, "activeTargets");
    for (int i = 0; i < 2; i++)
        if (*samples->instances[i]) write_target(&writer, JOBS[i], samples->instances[i], at_ms);
    json_write_end(&writer);
    json_write_array(&writer, "droppedTargets");
    json_write_end(&writer);
    json_write_end(&writer);
    json_write_text(&writer, "status", "success");
    json_write_end(&writer);
    json_write_finish(&writer);
}
