/* reports/gate_policy.c: defaults, and a file on top of them. */
#include "reports/gate_policy.h"
#include "base/assert.h"
#include "base/decimal.h"
#include "base/nearest.h"
#include "base/toml.h"
#include "reports/gate.h"
#include "reports/sequential.h"
#include <string.h>

/* What is judged unless a policy says otherwise, and which of the limits it falls under. */
static const struct {
    const char *metric, *limit;
} DEFAULTS[] = {
    {"throughput", "throughput"},
    {"result.p50", "latency"},
    {"result.p99", "latency"},
    {"confirmed.p99", "latency"},
    {"memory_per_active_task", "memory"},
};

void gate_policy_default(struct gate_policy *out)
{
    *out = (struct gate_policy){.alpha = 0.05, .least = 0.02, .looks = {10, 20, 30}, .look_count = 3};
    for (size_t i = 0; i < sizeof DEFAULTS / sizeof *DEFAULTS; i++) {
        const struct comparison_metric *metric = comparison_metric_find(DEFAULTS[i].metric);
        out->rules[out->rule_count++] = (struct gate_rule){
            metric, metric->sense, gate_limit_find(DEFAULTS[i].limit)->tolerance_percent / 100.0};
    }
}

struct reading {
    struct gate_policy *policy;
    bool has_tolerance, has_looks;
    struct direction {
        const struct comparison_metric *metric;
        enum comparison_sense sense;
    } directions[COMPARISON_METRICS_MOST];
    uint32_t direction_count;
};

static err wrong(const struct toml_leaf *leaf, struct diag *diag, const char *want)
{
    return diag_fail(diag, ERR_SYNTAX, "%s:%d:%d: %s wants %s", leaf->file, leaf->line, leaf->column,
                     leaf->path, want);
}

static err take_share(const struct toml_leaf *leaf, double *out, struct diag *diag)
{
    const double least = 0.0001, most = 0.5;
    double value = leaf->type == TOML_FLOAT     ? leaf->number
                   : leaf->type == TOML_INTEGER ? (double)leaf->integer
                                                : 0;
    if (!(value >= least && value <= most)) return wrong(leaf, diag, "a share of 0.0001 to 0.5, as in 0.05");
    *out = value;
    return OK;
}

static err take_look(struct reading *reading, const struct toml_leaf *leaf, struct diag *diag)
{
    struct gate_policy *policy = reading->policy;
    if (!reading->has_looks) policy->look_count = 0;
    reading->has_looks = true;
    uint32_t last = policy->look_count ? policy->looks[policy->look_count - 1] : SIGNFLIP_PAIRS_LEAST - 1;
    if (policy->look_count == GATE_LOOKS_MOST || leaf->type != TOML_INTEGER || leaf->integer <= last ||
        leaf->integer > GATE_PAIRS_MOST)
        return wrong(leaf, diag, "at most 5 ascending numbers of pairs, 6 to 1000, as in [10, 20, 30]");
    policy->looks[policy->look_count++] = (uint32_t)leaf->integer;
    return OK;
}

/* "10%" */
static err read_tolerance(const struct toml_leaf *leaf, double *out, struct diag *diag)
{
    const char *want = "how much worse it may become, as in \"10%\" (0.1% to 1000%)";
    int64_t thousandths;
    char digits[32];
    if (leaf->type != TOML_STRING) return wrong(leaf, diag, want);
    size_t size = strlen(leaf->text);
    if (size < 2 || size >= sizeof digits || leaf->text[size - 1] != '%') return wrong(leaf, diag, want);
    snprintf(digits, sizeof digits, "%.*s", (int)size - 1, leaf->text);
    if (decimal_parse(digits, 3, &thousandths) != OK || thousandths < 100 || thousandths > 1000000)
        return wrong(leaf, diag, want);
    *out = (double)thousandths / 1e5;
    return OK;
}

/* The metric that a leaf below `section` names. */
static err find_metric(const struct toml_leaf *leaf, const char *section,
                       const struct comparison_metric **out, struct diag *diag)
{
    const char *name = leaf->path + strlen(section);
    char room[64];
    *out = comparison_metric_find(name);
    if (*out) return OK;
    const char *near = run_metric_nearest(name, room);
    return diag_fail(diag, ERR_SYNTAX, "%s:%d:%d: %.64s is no metric that comparisons know%s%s", leaf->file,
                     leaf->line, leaf->key_column, name, near ? ", perhaps " : "", near ? near : "");
}

static err take_tolerance(struct reading *reading, const struct toml_leaf *leaf, struct diag *diag)
{
    struct gate_policy *policy = reading->policy;
    struct gate_rule rule;
    if (!reading->has_tolerance) policy->rule_count = 0;
    reading->has_tolerance = true;
    TRY(find_metric(leaf, "tolerance.", &rule.metric, diag));
    rule.sense = rule.metric->sense;
    TRY(read_tolerance(leaf, &rule.tolerance, diag));
    policy->rules[policy->rule_count++] = rule;
    return OK;
}

static err take_direction(struct reading *reading, const struct toml_leaf *leaf, struct diag *diag)
{
    struct direction *direction = &reading->directions[reading->direction_count];
    TRY(find_metric(leaf, "direction.", &direction->metric, diag));
    bool is_higher = leaf->type == TOML_STRING && strcmp(leaf->text, "higher") == 0;
    if (!is_higher && (leaf->type != TOML_STRING || strcmp(leaf->text, "lower") != 0))
        return wrong(leaf, diag, "the better side, \"lower\" or \"higher\"");
    direction->sense = is_higher ? HIGHER_IS_BETTER : LOWER_IS_BETTER;
    reading->direction_count++;
    return OK;
}

static err take_family(struct reading *reading, const struct toml_leaf *leaf, struct diag *diag)
{
    bool is_each = leaf->type == TOML_STRING && strcmp(leaf->text, "each") == 0;
    if (!is_each && (leaf->type != TOML_STRING || strcmp(leaf->text, "holm") != 0))
        return wrong(leaf, diag, "\"holm\", p adjusted for all metrics, or \"each\", for none");
    reading->policy->family = is_each ? GATE_EACH : GATE_HOLM;
    return OK;
}

static err take(const struct toml_leaf *leaf, struct diag *diag, void *context)
{
    struct reading *reading = context;
    if (strcmp(leaf->path, "gate.alpha") == 0) return take_share(leaf, &reading->policy->alpha, diag);
    if (strcmp(leaf->path, "gate.least") == 0) return take_share(leaf, &reading->policy->least, diag);
    if (strcmp(leaf->path, "gate.looks") == 0)
        return wrong(leaf, diag, "numbers of pairs, as in [10, 20, 30]");
    if (strncmp(leaf->path, "gate.looks[", 11) == 0) return take_look(reading, leaf, diag);
    if (strcmp(leaf->path, "gate.family") == 0) return take_family(reading, leaf, diag);
    if (strncmp(leaf->path, "tolerance.", 10) == 0) return take_tolerance(reading, leaf, diag);
    if (strncmp(leaf->path, "direction.", 10) == 0) return take_direction(reading, leaf, diag);
    return diag_fail(diag, ERR_SYNTAX,
                     "%s:%d:%d: %s is not known here, want [gate] alpha, least, looks, family; [tolerance] "
                     "METRIC; [direction] METRIC",
                     leaf->file, leaf->line, leaf->key_column, leaf->path);
}

/* Sections stand in any order: sides are settled when both are known. */
static err settle_directions(const struct reading *reading, const char *path, struct diag *diag)
{
    for (uint32_t i = 0; i < reading->policy->rule_count; i++) {
        struct gate_rule *rule = &reading->policy->rules[i];
        for (uint32_t j = 0; j < reading->direction_count; j++)
            if (reading->directions[j].metric == rule->metric) rule->sense = reading->directions[j].sense;
        if (rule->sense == NEITHER_IS_BETTER)
            return diag_fail(
                diag, ERR_SYNTAX,
                "%s: %s has no better side of its own, want [direction] %s = \"lower\" or \"higher\"", path,
                rule->metric->name, rule->metric->name);
    }
    return OK;
}

err gate_policy_read(struct gate_policy *out, const char *path, struct diag *diag)
{
    struct reading reading = {.policy = out};
    gate_policy_default(out);
    TRY(toml_read_file(path, take, &reading, diag));
    return settle_directions(&reading, path, diag);
}

double gate_policy_alpha(const struct gate_policy *policy, uint32_t look)
{
    double alphas[SEQUENTIAL_LOOKS_MOST];
    ASSERT(look < policy->look_count);
    sequential_plan(policy->looks, policy->look_count, policy->alpha, alphas);
    return alphas[look];
}
