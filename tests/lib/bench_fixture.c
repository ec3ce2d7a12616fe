/* tests/lib/bench_fixture.c */
#include "tests/lib/bench_fixture.h"
#include "base/assert.h"
#include "reports/run_fields.h"
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void fill_latency(struct run_metrics *out, int kind, uint32_t run)
{
    struct histogram *histogram = &out->histograms[kind];
    struct latency *latency = &out->latency[kind];
    for (int64_t i = 0; i < FIXTURE_VALUES; i++)
        histogram_record(histogram, (i * 37 % 1009 + 1) * (NS_PER_MS + run * 1000 + kind) + i % 7);
    latency->count = histogram->total_count;
    latency->mean_ns = histogram_mean_ns(histogram);
    latency->min_ns = (double)histogram->min_ns;
    latency->max_ns = (double)histogram->max_ns;
    for (int q = 0; q < QUANTILE_COUNT; q++) {
        double quantile = latency_quantile_value((enum latency_quantile)q);
        uint64_t rank = histogram_rank(quantile, latency->count);
        latency->quantile_ns[q] = (double)histogram_at_rank(histogram, rank);
    }
}

static void fill_series(struct run_metrics *out, uint32_t run)
{
    for (int kind = 0; kind < SERIES_COUNT; kind++)
        for (uint32_t second = 0; second < FIXTURE_SERIES; second++)
            out->series[kind][second] = kind * 10 + second + run / 8.0;
    out->series[SERIES_RESULT_P50][1] = NAN;
    ASSERT(latency_map_open(&out->latency_map, FIXTURE_SERIES) == OK);
    for (uint32_t bin = 0; bin < out->latency_map->bins; bin++)
        for (uint32_t bucket = 40; bucket < 50 + bin; bucket++)
            out->latency_map->counts[bin][bucket] = bucket - 39 + run;
}

static void fill_run(struct run_metrics *out, uint32_t run)
{
    ASSERT(run_metrics_open(out, FIXTURE_SERIES) == OK);
    for (uint32_t i = 0; i < run_field_count(); i++) {
        const struct run_field *field = run_field_at(i);
        if (field->kind == FIELD_COUNT)
            *run_counter(out, field->offset) = i + run;
        else
            *run_number(out, field->offset) = 0.25 + i / 100.0 + run / 1024.0;
    }
    for (uint32_t i = 0; i < run_list_count(); i++) {
        const struct run_list *list = run_list_at(i);
        for (uint32_t entry = list->first; entry < list->count; entry++)
            if (list->kind == FIELD_COUNT)
                *run_counter(out, list->offset + entry * 8) = entry + run;
            else
                *run_number(out, list->offset + entry * 8) = entry * 1.5 + run;
    }
    struct task_counts *tasks = &out->tasks;
    tasks->submitted = tasks->confirmed + tasks->failed + tasks->rolled_back + tasks->cancelled +
                       tasks->expired + tasks->unfinished;
    out->released_lamports = UINT64_C(1) << 60;
    out->bonded_lamports = out->released_lamports + out->slashed_lamports + out->locked_lamports;
    out->cohort_rolled_back = 40 + run;
    out->cohort_speculative = 1000;
    out->offered = 50;
    out->throughput = 49.5 + run / 4.0;
    out->recovery_of_bursts_unrecovered = 0;
    out->depth_counts[1] = 7;
    out->depth_counts[3] = 2;
    out->seed = 42;
    out->trajectory_hash = UINT64_C(0x0123456789abcdef) + run;
    for (int kind = 0; kind < LATENCY_KIND_COUNT; kind++) fill_latency(out, kind, run);
    fill_series(out, run);
}

struct bench_result *bench_fixture_runs(uint32_t runs, bool has_baseline)
{
    struct bench_result *result;
    ASSERT(bench_open(&result, runs, has_baseline) == OK);
    result->name = bench_text(result, "fixture");
    result->version = bench_text(result, "2.4.0");
    result->commit = bench_text(result, "0123456789ab");
    result->command[result->command_count++] = bench_text(result, "benchmark");
    result->command[result->command_count++] = bench_text(result, "--rate \"50\"");
    result->seed = 42;
    result->agents = 50;
    result->duration_ns = 300 * NS_PER_S;
    result->warmup_ns = 60 * NS_PER_S;
    result->wall_seconds = 1.5;
    bench_put_text(result, &result->chain, "profile", "mainnet");
    bench_put_integer(result, &result->config, "speculation.max_depth", 5);
    bench_put_boolean(result, &result->config, "speculation.enabled", true);
    bench_put_text(result, &result->environment, "system", "Linux");
    bench_put_number(result, &result->prover, "capacity_per_s", 189.25);
    bench_put_number(result, &result->workload, "inject_failures", 0);
    bench_put_text(result, &result->workload, "rate_pattern", "constant");
    for (uint32_t run = 0; run < runs; run++) {
        fill_run(&result->per_run[run], run);
        if (has_baseline) fill_run(&result->baseline[run], run + 3);
    }
    return result;
}

struct bench_result *bench_fixture(uint32_t runs, bool has_baseline)
{
    struct bench_result *result = bench_fixture_runs(runs, has_baseline);
    ASSERT(bench_add_default_targets(result, NULL) == OK);
    ASSERT(bench_summarise(result) == OK);
    return result;
}

char *fixture_folder(void)
{
    char *folder = strdup("/tmp/agenc-test-XXXXXX");
    ASSERT(folder);
    ASSERT(mkdtemp(folder));
    return folder;
}

char *fixture_path(const char *folder, const char *name)
{
    char *path = malloc(strlen(folder) + strlen(name) + 2);
    ASSERT(path);
    sprintf(path, "%s/%s", folder, name);
    return path;
}

static int each_file(const char *folder, bool do_remove)
{
    DIR *stream = opendir(folder);
    ASSERT(stream);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(stream));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        char *path = fixture_path(folder, entry->d_name);
        if (do_remove) unlink(path);
        free(path);
        count++;
    }
    closedir(stream);
    return count;
}

int fixture_file_count(const char *folder)
{
    return each_file(folder, false);
}

void fixture_remove(char *folder)
{
    each_file(folder, true);
    rmdir(folder);
    free(folder);
}
