/* daemon/metrics_collect_service.c: samples about the process and the service around the engine; health. */
#include "base/version.h"
#include "daemon/metrics_own.h"
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define COLLECTOR(name)                                                                                      \
    void name(const struct metrics_family *family, const struct metrics_view *view, struct metrics_out *out)

struct health metrics_view_health(const struct metrics_view *view)
{
    const struct engine_stats *stats = view->stats;
    const struct settings *settings = view->settings;
    uint64_t owned = stats->deposited_lamports - stats->withdrawn_lamports - stats->treasury_lamports;
    int64_t p99_ns = window_quantile(&view->metrics->confirmations, view->now_ns, 0.99);
    const struct health_inputs inputs = {
        .rollback_rate_bps = metrics_rollback_rate_at(view->metrics, view->now_ns, 5 * NS_PER_MIN),
        .confirmation_p99_ms = (uint64_t)(p99_ns / NS_PER_MS),
        .proof_queue_bps = stats->proof_queue_depth * BPS_ONE / (uint64_t)settings->queue_size,
        .memory_bps = view->memory.total * BPS_ONE / (uint64_t)settings->max_memory_bytes,
        .stake_bps = owned ? (uint64_t)((u128)stats->locked_lamports * BPS_ONE / owned) : 0,
        .breaker = (enum breaker_state)stats->breaker_state,
    };
    return health_score(&inputs);
}

COLLECTOR(collect_health)
{
    (void)family;
    metrics_emit(out, "", (double)metrics_view_health(view).score_bps / BPS_ONE);
}

/* A class exists from the start with what it answers when all is well. */
COLLECTOR(collect_requests)
{
    (void)family;
    for (uint32_t class = 0; class < REQUEST_CLASS_COUNT; class ++) {
        for (uint32_t code = 0; code < REQUEST_CODES; code++) {
            uint64_t count = view->metrics->requests_by[class][code];
            char labels[METRICS_LABELS_BYTES] = "", text[16] = "other";
            if (!count && METRICS_REQUEST_CODES[code] != 200) continue;
            if (code != REQUEST_CODE_OTHER) snprintf(text, sizeof text, "%d", METRICS_REQUEST_CODES[code]);
            metrics_label(labels, "route", metrics_request_class(class));
            metrics_label(labels, "code", text);
            metrics_emit(out, labels, (double)count);
        }
    }
}

COLLECTOR(collect_build)
{
    char labels[METRICS_LABELS_BYTES] = "";
    (void)family;
    (void)view;
    metrics_label(labels, "version", version_number());
    metrics_label(labels, "commit", version_commit());
    metrics_emit(out, labels, 1);
}

COLLECTOR(collect_process)
{
    (void)view;
    double value = metrics_process((enum process_figure)family->offset);
    if (!isnan(value)) metrics_emit(out, "", value);
}

static uint64_t status_u64(const struct metrics_view *view, size_t offset)
{
    uint64_t value;
    memcpy(&value, (const char *)view->status + offset, sizeof value);
    return value;
}

COLLECTOR(collect_status_number)
{
    metrics_emit(out, "", (double)status_u64(view, family->offset));
}

COLLECTOR(collect_status_seconds)
{
    metrics_emit(out, "", (double)status_u64(view, family->offset) / (double)NS_PER_S);
}

COLLECTOR(collect_status_flag)
{
    metrics_emit(out, "", *((const bool *)view->status + family->offset));
}

COLLECTOR(collect_chain_flag)
{
    (void)family;
    metrics_emit(out, "", view->chain->is_connected);
}

COLLECTOR(collect_chain_number)
{
    uint64_t value;
    memcpy(&value, (const char *)view->chain + family->offset, sizeof value);
    metrics_emit(out, "", (double)value);
}

COLLECTOR(collect_chain_slots)
{
    (void)family;
    metrics_emit(out, "level=\"processed\"", (double)view->chain->slot);
    metrics_emit(out, "level=\"confirmed\"", (double)view->chain->confirmed_slot);
    metrics_emit(out, "level=\"finalized\"", (double)view->chain->finalized_slot);
}

/* ---- the process, as /proc tells ---- */

/* The n-th word behind the name in /proc/self/stat, which may hold spaces; counted from 3, as proc(5) does.
 */
static double stat_word(int number)
{
    char text[1024];
    FILE *file = fopen("/proc/self/stat", "re");
    if (!file) return NAN;
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = '\0';
    const char *at = strrchr(text, ')');
    for (int i = 2; at && i < number; i++) at = strchr(at + 1, ' ');
    return at ? strtod(at + 1, NULL) : NAN;
}

static double boot_time(void)
{
    char line[256];
    double seconds = NAN;
    FILE *file = fopen("/proc/stat", "re");
    while (file && isnan(seconds) && fgets(line, sizeof line, file))
        if (!strncmp(line, "btime ", 6)) seconds = strtod(line + 6, NULL);
    if (file) fclose(file);
    return seconds;
}

static double open_descriptors(void)
{
    double count = -3; /* itself, and the two entries that are no descriptors */
    DIR *folder = opendir("/proc/self/fd");
    if (!folder) return NAN;
    while (readdir(folder)) count++;
    closedir(folder);
    return count;
}

static double cpu_seconds(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage)) return NAN;
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

double metrics_process(enum process_figure figure)
{
    struct rlimit limit;
    switch (figure) {
    case PROCESS_CPU: return cpu_seconds();
    case PROCESS_START: return boot_time() + stat_word(22) / (double)sysconf(_SC_CLK_TCK);
    case PROCESS_OPEN_FDS: return open_descriptors();
    case PROCESS_MAX_FDS: return getrlimit(RLIMIT_NOFILE, &limit) ? NAN : (double)limit.rlim_cur;
    case PROCESS_RESIDENT: return stat_word(24) * (double)sysconf(_SC_PAGESIZE);
    case PROCESS_VIRTUAL: return stat_word(23);
    }
    return NAN;
}
