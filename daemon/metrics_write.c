/* daemon/metrics_write.c: the table walked: as an exposition, flat, sample by sample, and as a document. */
#include "base/assert.h"
#include "base/decimal.h"
#include "daemon/metrics_own.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Whole numbers have neither point nor exponent, as scripts expect them. */
static void write_value(FILE *out, double value)
{
    char text[DECIMAL_TEXT_BYTES];
    if (isnan(value)) {
        fputs("NaN", out);
    } else if (isinf(value)) {
        fputs(value > 0 ? "+Inf" : "-Inf", out);
    } else if (value == trunc(value) && fabs(value) < 1e20) {
        fprintf(out, "%.0f", value);
    } else {
        decimal_from_double(text, value);
        fputs(text, out);
    }
}

static bool can_tell(const struct metrics_family *family, const struct metrics_view *view)
{
    switch (family->need) {
    case NEED_METRICS: return view->metrics;
    case NEED_ENGINE: return view->engine;
    case NEED_SERVICE: return view->status;
    case NEED_CHAIN: return view->chain;
    case NEED_STATS: break;
    }
    return true;
}

/* ---- one way through the table for all forms ---- */

struct walk {
    const struct metrics_view *view;
    enum metrics_port port;
    struct metrics_out out;
    void (*before)(struct metrics_out *out, bool is_alias); /* NULL: nothing */
    void (*after)(struct metrics_out *out);
};

static void walk_family(struct walk *walk, const struct metrics_family *family, const char *name)
{
    walk->out.family = family;
    walk->out.name = name;
    if (walk->before) walk->before(&walk->out, name != family->name);
    family->collect(family, walk->view, &walk->out);
    if (walk->after) walk->after(&walk->out);
}

static void drop_labelled(struct metrics_out *out, const char *suffix, const char *labels, double value)
{
    struct metrics_out *inner = out->context;
    if (!*labels) inner->sample(inner, suffix, labels, value);
}

static void walk_total(struct walk *walk, const struct metrics_family *family, const char *name)
{
    struct metrics_out filter = {
        .family = family, .name = name, .context = &walk->out, .sample = drop_labelled};
    walk->out.family = family;
    walk->out.name = name;
    if (walk->before) walk->before(&walk->out, true);
    family->collect(family, walk->view, &filter);
    if (walk->after) walk->after(&walk->out);
}

static void walk_table(struct walk *walk)
{
    for (uint32_t i = 0; i < METRICS_FAMILY_COUNT; i++) {
        const struct metrics_family *family = &METRICS_FAMILIES[i];
        if (family->port == walk->port && can_tell(family, walk->view))
            walk_family(walk, family, family->name);
    }
    for (uint32_t i = 0; walk->view->settings->metrics_aliases && i < METRICS_ALIAS_COUNT; i++) {
        const struct metrics_alias *alias = &METRICS_ALIASES[i];
        const struct metrics_family *family = metrics_family(alias->of);
        ASSERT(family);
        if (family->port != walk->port || !can_tell(family, walk->view)) continue;
        if (alias->is_total_only)
            walk_total(walk, family, alias->name);
        else
            walk_family(walk, family, alias->name);
    }
}

/* ---- the text ---- */

static const char *const TYPES[] = {
    [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};

static void text_head(struct metrics_out *out, bool is_alias)
{
    const char *of = is_alias ? "another name of " : "";
    fprintf(out->context, "# HELP %s %s%s\n# TYPE %s %s\n", out->name, of,
            is_alias ? out->family->name : out->family->help, out->name, TYPES[out->family->type]);
}

static void text_sample(struct metrics_out *out, const char *suffix, const char *labels, double value)
{
    FILE *text = out->context;
    fprintf(text, *labels ? "%s%s{%s} " : "%s%s%s ", out->name, suffix, labels);
    write_value(text, value);
    fputc('\n', text);
}

/* ---- flat ---- */

struct flat {
    FILE *out;
    double sum, total;
    bool has_total, is_hidden;
};

/* Whether another family's name is how this one's begins: a search for that one would find both. */
static bool is_continuation(const char *name)
{
    for (uint32_t i = 0; i < METRICS_FAMILY_COUNT + METRICS_ALIAS_COUNT; i++) {
        const char *other = i < METRICS_FAMILY_COUNT ? METRICS_FAMILIES[i].name
                                                     : METRICS_ALIASES[i - METRICS_FAMILY_COUNT].name;
        if (strcmp(name, other) != 0 && !strncmp(name, other, strlen(other))) return true;
    }
    return false;
}

static void flat_begin(struct metrics_out *out, bool is_alias)
{
    struct flat *flat = out->context;
    (void)is_alias;
    *flat = (struct flat){.out = flat->out, .is_hidden = is_continuation(out->name)};
}

static void flat_sample(struct metrics_out *out, const char *suffix, const char *labels, double value)
{
    struct flat *flat = out->context;
    bool is_count = !strcmp(suffix, "_count");
    if (out->family->type == METRIC_HISTOGRAM && !is_count) return;
    flat->sum += value;
    if (*labels) return;
    flat->total = value;
    flat->has_total = true;
}

static void flat_end(struct metrics_out *out)
{
    struct flat *flat = out->context;
    if (flat->is_hidden) return;
    fprintf(flat->out, "%s ", out->name);
    write_value(flat->out, flat->has_total ? flat->total : flat->sum);
    fputc('\n', flat->out);
}

void metrics_view_write(const struct metrics_view *view, FILE *out, bool is_flat)
{
    struct flat flat = {.out = out};
    struct walk text = {view, PORT_ENGINE, {.context = out, .sample = text_sample}, text_head, NULL};
    struct walk aggregate = {
        view, PORT_ENGINE, {.context = &flat, .sample = flat_sample}, flat_begin, flat_end};
    walk_table(is_flat ? &aggregate : &text);
}

void metrics_view_write_workers(const struct metrics_view *view, FILE *out)
{
    struct walk walk = {view, PORT_WORKERS, {.context = out, .sample = text_sample}, text_head, NULL};
    walk_table(&walk);
}

/* ---- sample by sample ---- */

struct each {
    metrics_sample *each;
    void *context;
};

static void each_sample(struct metrics_out *out, const char *suffix, const char *labels, double value)
{
    const struct each *each = out->context;
    char name[LIMIT_NAME];
    snprintf(name, sizeof name, "%s%s", out->name, suffix);
    each->each(each->context, name, labels, value);
}

static void walk_each(const struct metrics_view *view, enum metrics_port port, metrics_sample *each,
                      void *context)
{
    struct each to = {each, context};
    struct walk walk = {view, port, {.context = &to, .sample = each_sample}, NULL, NULL};
    walk_table(&walk);
}

void metrics_view_each(const struct metrics_view *view, metrics_sample *each, void *context)
{
    walk_each(view, PORT_ENGINE, each, context);
}

void metrics_view_each_of_workers(const struct metrics_view *view, metrics_sample *each, void *context)
{
    walk_each(view, PORT_WORKERS, each, context);
}

/* ---- the document ---- */

static void document_buckets(FILE *out, enum metrics_histogram_id id)
{
    for (uint32_t i = 0; i < METRICS_BOUNDS[id].count; i++) {
        char le[DECIMAL_TEXT_BYTES];
        decimal_from_double(le, (double)METRICS_BOUNDS[id].bounds[i] / (double)METRICS_BOUNDS[id].unit);
        fprintf(out, "%s%s", i ? " " : "; buckets ", le);
    }
}

static void document_family(FILE *out, const struct metrics_family *family)
{
    fprintf(out, "| `%s` | %s | %s | %s", family->name, TYPES[family->type], family->labels, family->help);
    if (family->type == METRIC_HISTOGRAM)
        document_buckets(out, family->collect == collect_chain_histogram
                                  ? HISTOGRAM_CHAIN_CONFIRMED
                                  : (enum metrics_histogram_id)family->offset);
    fputs(" |\n", out);
}

static void document_port(FILE *out, enum metrics_port port)
{
    fputs("\n| name | type | labels | meaning |\n|---|---|---|---|\n", out);
    for (uint32_t i = 0; i < METRICS_FAMILY_COUNT; i++)
        if (METRICS_FAMILIES[i].port == port) document_family(out, &METRICS_FAMILIES[i]);
}

void metrics_write_docs(FILE *out)
{
    fputs(
        "# Metrics\n\n"
        "Written by `agenc config docs --format metrics` from the table in `daemon/metrics_table.c`; `make "
        "docs` "
        "renews it.\n"
        "Counters that the engine keeps go on after a restart; histograms and windows begin anew. Every "
        "known\n"
        "label value exists from the start with 0. Agents beyond the twenty busiest are `other`, and so are\n"
        "types beyond the first six. `GET /metrics?flat=1` gives one sample a family, without comments.\n\n"
        "## On the service's port: `GET /metrics`\n",
        out);
    document_port(out, PORT_ENGINE);
    fputs("\n## On the proof workers' port: `GET /metrics`\n", out);
    document_port(out, PORT_WORKERS);
    fputs("\n## Other names, unless `metrics.aliases = false`\n\n| name | same as |\n|---|---|\n", out);
    for (uint32_t i = 0; i < METRICS_ALIAS_COUNT; i++)
        fprintf(out, "| `%s` | `%s`%s |\n", METRICS_ALIASES[i].name, METRICS_ALIASES[i].of,
                METRICS_ALIASES[i].is_total_only ? ", the total" : "");
}
