/* cli/scrape.c: samples found by name, and thresholds held against them. */
#include "cli/scrape.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- samples ---- */

/* The value of this line if it is such a sample. */
static bool read_sample(const char *line, size_t size, const char *name, const char *label, double *out)
{
    size_t name_size = strlen(name);
    if (size <= name_size || strncmp(line, name, name_size) != 0) return false;
    const char *at = line + name_size, *end = line + size;
    if (*at != '{' && *at != ' ') return false;
    const char *value = at;
    if (*at == '{') {
        const char *close = memchr(at, '}', (size_t)(end - at));
        if (!close) return false;
        if (label && (!*label || !memmem(at, (size_t)(close - at), label, strlen(label)))) return false;
        value = close + 1;
    } else if (label && *label) {
        return false;
    }
    *out = strtod(value, NULL);
    return true;
}

bool scrape_sum(const char *text, const char *name, const char *label, double *out)
{
    bool is_found = false;
    double sum = 0, value;
    while (*text) {
        size_t size = strcspn(text, "\n");
        if (read_sample(text, size, name, label, &value)) {
            is_found = true;
            sum += value;
        }
        text += size + (text[size] == '\n');
    }
    *out = sum;
    return is_found;
}

double scrape_value(const char *text, const char *name)
{
    double value;
    return scrape_sum(text, name, "", &value) ? value : NAN;
}

/* ---- conditions ---- */

/* A share of a limit, or a figure by itself; what it is called, and from where on it matters: the levels of
 * alerts and panels (ops/prometheus/thresholds.txt, which a test compares) and of the health score. */
static const struct threshold {
    const char *words, *name, *limit; /* limit NULL: the figure itself */
    double warning, critical;         /* NAN: no such level */
    double scale;
    const char *unit;
} THRESHOLDS[] = {
    {"rollback rate", "speculation_rollback_rate", NULL, 0.05, 0.15, 100, "%"},
    {"proof queue", "speculation_proof_queue_depth", "speculation_proof_queue_capacity", 0.85, 0.95, 100,
     "%"},
    {"memory", "speculation_memory_usage_bytes", "speculation_memory_limit_bytes", 0.85, 0.95, 100, "%"},
    {"stake in use", "speculation_stake_utilization", NULL, 0.80, 0.95, 100, "%"},
    {"depth", "speculation_current_depth", "speculation_max_depth", 0.80, NAN, 100, "%"},
    {"confirmation p99", "speculation_confirmation_latency_p99", NULL, 30, 60, 1, "s"},
};
/* Something that is so or not; `when`: the value that matters. */
static const struct flag_state {
    const char *words, *name;
    double when;
    enum condition_level level;
} STATES[] = {
    {"speculation was disabled automatically", "speculation_auto_disabled", 1, CONDITION_CRITICAL},
    {"the service is read-only: its log cannot be written", "agenc_read_only", 1, CONDITION_CRITICAL},
    {"the chain does not answer", "agenc_chain_connected", 0, CONDITION_CRITICAL},
    {"the state is being rebuilt", "agenc_rebuilding", 1, CONDITION_WARNING},
    {"the service is not ready", "agenc_ready", 0, CONDITION_WARNING},
    {"speculation is off", "speculation_enabled", 0, CONDITION_INFO},
};

struct finding_list {
    struct condition *items;
    unsigned room, count;
};

static void add(struct finding_list *list, enum condition_level level, const char *text)
{
    if (list->count++ >= list->room) return;
    struct condition *condition = &list->items[list->count - 1];
    condition->level = level;
    snprintf(condition->text, sizeof condition->text, "%s", text);
}

static void judge(struct finding_list *list, const char *text, const struct threshold *row)
{
    double value = scrape_value(text, row->name);
    double limit = row->limit ? scrape_value(text, row->limit) : 1;
    if (!isfinite(value) || !isfinite(limit) || limit <= 0) return;
    value /= limit;
    bool is_critical = value > row->critical;
    if (!is_critical && !(value > row->warning)) return;
    char words[CONDITION_TEXT_BYTES];
    snprintf(words, sizeof words, "%s at %.4g %s (%s above %g %s)", row->words, value * row->scale, row->unit,
             is_critical ? "critical" : "warning", (is_critical ? row->critical : row->warning) * row->scale,
             row->unit);
    add(list, is_critical ? CONDITION_CRITICAL : CONDITION_WARNING, words);
}

static int worst_first(const void *a, const void *b)
{
    const struct condition *left = a, *right = b;
    if (left->level != right->level) return left->level < right->level ? 1 : -1;
    return strcmp(left->text, right->text);
}

unsigned conditions_find(const char *text, struct condition *out, unsigned room)
{
    struct finding_list list = {.items = out, .room = room};
    for (size_t i = 0; i < sizeof STATES / sizeof *STATES; i++)
        if (scrape_value(text, STATES[i].name) == STATES[i].when)
            add(&list, STATES[i].level, STATES[i].words);
    for (size_t i = 0; i < sizeof THRESHOLDS / sizeof *THRESHOLDS; i++) judge(&list, text, &THRESHOLDS[i]);
    qsort(out, list.count < room ? list.count : room, sizeof *out, worst_first);
    return list.count;
}

const char *condition_level_name(enum condition_level level)
{
    static const char *const NAMES[] = {"info", "warning", "critical"};
    return NAMES[level];
}
