/* loadgen/shape.c: the shapes of jobs. */
#include "loadgen/shape.h"
#include "loadgen/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTION "--shape"

static void set_depths(struct job_shape *job)
{
    for (uint32_t i = 0; i < job->count; i++) {
        job->depths[i] = 0;
        for (uint32_t p = 0; p < job->parent_counts[i]; p++) {
            uint8_t below = (uint8_t)(job->depths[job->parents[i][p]] + 1);
            if (below > job->depths[i]) job->depths[i] = below;
        }
    }
}

/* -- grammar -- */

static err parse_plain(struct shape *out, char *rest, struct diag *diag)
{
    (void)out;
    if (!rest) return OK;
    return diag_fail(diag, ERR_SYNTAX,
                     "%s: chain, tree and diamond take no ':%s'; depths come from "
                     "--depth-distribution",
                     OPTION, rest);
}

static err parse_fan(struct shape *out, char *rest, struct diag *diag)
{
    if (!rest)
        return diag_fail(diag, ERR_SYNTAX, "%s: fan has no number of dependents; it must be fan:K", OPTION);
    return text_count(rest, &(struct text_bounds){OPTION " fan:K", 1, LIMIT_SHAPE_NODES - 1}, &out->fan,
                      diag);
}

static err parse_mix(struct shape *out, char *rest, struct diag *diag)
{
    const struct text_share shares[] = {
        {"root", &out->root}, {"chain", &out->chain}, {"branch", &out->branch}, {"merge", &out->merge}};
    TRY(text_shares(&(struct text_share_set){OPTION " mix", shares, 4}, rest ? rest : "", diag));
    if (out->root >= 0.01) return OK;
    return diag_fail(diag, ERR_RANGE, "%s: mix has root=%g; it must be at least 0.01, or jobs never end",
                     OPTION, out->root);
}

static err parse_parents(struct job_shape *job, char *text, const char *place, struct diag *diag)
{
    uint32_t task = job->count, before = 0, parent;
    const struct text_bounds bounds = {place, 1, task};
    if (strcmp(text, "-") == 0) return OK;
    if (task == 0)
        return diag_fail(diag, ERR_SYNTAX, "%s: the first task is '%s'; it must be - (no parents)", place,
                         text);
    for (char *next; text; text = next) {
        next = text_cut(text, ',');
        TRY(text_count(text, &bounds, &parent, diag));
        if (parent <= before)
            return diag_fail(diag, ERR_SYNTAX, "%s: parent %u follows %u; parents must ascend", place, parent,
                             before);
        if (job->parent_counts[task] == LIMIT_PARENTS)
            return diag_fail(diag, ERR_LIMIT, "%s: a task has more than %d parents", place, LIMIT_PARENTS);
        job->parents[task][job->parent_counts[task]++] = (uint8_t)(parent - 1);
        before = parent;
    }
    return OK;
}

static err parse_job(struct job_shape *job, char *line, const char *place, struct diag *diag)
{
    for (char *next; line; line = next) {
        next = text_cut(line, ' ');
        if (!line[0]) continue;
        if (job->count == LIMIT_SHAPE_NODES)
            return diag_fail(diag, ERR_LIMIT, "%s: a job has more than %d tasks", place, LIMIT_SHAPE_NODES);
        TRY(parse_parents(job, line, place, diag));
        job->count++;
    }
    return OK;
}

static err parse_lines(struct shape *out, struct text_lines *lines, struct diag *diag)
{
    uint32_t room = 0;
    for (char *line; (line = text_lines_next(lines)); out->job_count++) {
        char place[TEXT_PLACE_BYTES];
        text_lines_place(lines, place);
        if (out->job_count == room) {
            room = room ? room * 2 : 16;
            struct job_shape *grown = realloc(out->jobs, room * sizeof *grown);
            if (!grown) return ERR_NOMEM;
            out->jobs = grown;
        }
        struct job_shape *job = &out->jobs[out->job_count];
        memset(job, 0, sizeof *job);
        TRY(parse_job(job, line, place, diag));
        set_depths(job);
    }
    if (out->job_count) return OK;
    return diag_fail(diag, ERR_SYNTAX, "%s: %s has no jobs; it must have one a line, as in: - 1 1 2,3",
                     OPTION, lines->path);
}

static err parse_trace(struct shape *out, char *rest, struct diag *diag)
{
    struct text_lines lines;
    if (!rest) return diag_fail(diag, ERR_SYNTAX, "%s: trace has no file; it must be trace:FILE", OPTION);
    TRY(text_lines_open(&lines, OPTION, rest, diag));
    err e = parse_lines(out, &lines, diag);
    text_lines_close(&lines);
    return e;
}

static const struct {
    const char *name;
    enum shape_kind kind;
    err (*parse)(struct shape *out, char *rest, struct diag *diag);
} KINDS[] = {{"chain", SHAPE_CHAIN, parse_plain},     {"tree", SHAPE_TREE, parse_plain},
             {"diamond", SHAPE_DIAMOND, parse_plain}, {"fan", SHAPE_FAN, parse_fan},
             {"mix", SHAPE_MIX, parse_mix},           {"trace", SHAPE_TRACE, parse_trace}};

err shape_parse(struct shape *out, const char *text, struct diag *diag)
{
    char copy[512];
    if (strlen(text) >= sizeof copy) return diag_fail(diag, ERR_SYNTAX, "%s: too long", OPTION);
    memcpy(copy, text, strlen(text) + 1);
    char *rest = text_cut(copy, ':');
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        if (strcmp(copy, KINDS[i].name) != 0) continue;
        struct shape shape = {.kind = KINDS[i].kind};
        err e = KINDS[i].parse(&shape, rest, diag);
        if (e != OK) {
            shape_close(&shape);
            return e;
        }
        *out = shape;
        return OK;
    }
    return diag_fail(diag, ERR_SYNTAX,
                     "%s: '%s' is none of chain, tree, diamond, fan:K, mix:root=SHARE,..., trace:FILE",
                     OPTION, text);
}

void shape_close(struct shape *shape)
{
    free(shape->jobs);
    *shape = (struct shape){0};
}

/* -- drawing -- */

static void add_task(struct job_shape *job, uint32_t parent)
{
    job->parent_counts[job->count] = 1;
    job->parents[job->count++][0] = (uint8_t)parent;
}

static uint32_t diamond_width(uint32_t depth)
{
    return depth < 1 ? 1 : depth < LIMIT_PARENTS ? depth : LIMIT_PARENTS;
}

static uint32_t tree_tasks(uint32_t depth)
{
    return depth + 1 < 7 ? (UINT32_C(1) << (depth + 1)) - 1 : LIMIT_SHAPE_NODES;
}
_Static_assert(LIMIT_SHAPE_NODES == 64, "tree_tasks counts seven full levels as too many");

static void draw_diamond(uint32_t depth, struct job_shape *out)
{
    uint32_t width = diamond_width(depth);
    for (uint32_t i = 0; i < width; i++) add_task(out, 0);
    for (uint32_t i = 0; i < width; i++) out->parents[out->count][i] = (uint8_t)(i + 1);
    out->parent_counts[out->count++] = (uint8_t)width;
}

static void add_merge(struct job_shape *out, struct draw *draw)
{
    uint32_t first = (uint32_t)draw_below(draw, out->count),
             second = (uint32_t)draw_below(draw, out->count - 1);
    second += second >= first; /* two different tasks, every pair alike */
    uint8_t *parents = out->parents[out->count];
    parents[0] = (uint8_t)(first < second ? first : second);
    parents[1] = (uint8_t)(first < second ? second : first);
    out->parent_counts[out->count++] = 2;
}

static void draw_mix(const struct shape *shape, struct draw *draw, struct job_shape *out)
{
    while (out->count < LIMIT_SHAPE_NODES) {
        double left = draw_unit(draw) - shape->root;
        if (left < 0) return; /* the next task is a root: of another job */
        bool is_chain = (left -= shape->chain) < 0 || out->count == 1;
        bool is_branch = (left -= shape->branch) < 0;
        if (is_chain)
            add_task(out, out->count - 1);
        else if (is_branch)
            add_task(out, (uint32_t)draw_below(draw, out->count));
        else
            add_merge(out, draw);
    }
}

void shape_draw(const struct shape *shape, const struct depth *depth, struct draw *draw,
                struct job_shape *out)
{
    if (shape->kind == SHAPE_TRACE) {
        *out = shape->jobs[draw->entity % shape->job_count];
        return;
    }
    uint32_t levels = depth_draw(depth, draw);
    *out = (struct job_shape){.count = 1};
    switch (shape->kind) {
    case SHAPE_CHAIN:
        for (uint32_t i = 0; i < levels; i++) add_task(out, i);
        break;
    case SHAPE_TREE:
        for (uint32_t i = 1; i < tree_tasks(levels); i++) add_task(out, (i - 1) / 2);
        break;
    case SHAPE_FAN:
        for (uint32_t i = 0; i < shape->fan; i++) add_task(out, 0);
        break;
    case SHAPE_DIAMOND: draw_diamond(levels, out); break;
    case SHAPE_MIX: draw_mix(shape, draw, out); break;
    case SHAPE_TRACE: break;
    }
    set_depths(out);
}

/* -- expectation -- */

static double mean_of_trace(const struct shape *shape)
{
    double tasks = 0;
    for (uint32_t i = 0; i < shape->job_count; i++) tasks += shape->jobs[i].count;
    return tasks / shape->job_count;
}

static double mean_of_mix(const struct shape *shape)
{
    double mean = 0, reaches = 1; /* chance that a job has at least so many tasks */
    for (int i = 0; i < LIMIT_SHAPE_NODES; i++, reaches *= 1 - shape->root) mean += reaches;
    return mean;
}

static uint32_t tasks_at(const struct shape *shape, uint32_t depth)
{
    switch (shape->kind) {
    case SHAPE_CHAIN: return depth + 1;
    case SHAPE_TREE: return tree_tasks(depth);
    case SHAPE_DIAMOND: return diamond_width(depth) + 2;
    default: return shape->fan + 1;
    }
}

double shape_mean_tasks(const struct shape *shape, const struct depth *depth)
{
    if (shape->kind == SHAPE_TRACE) return mean_of_trace(shape);
    if (shape->kind == SHAPE_MIX) return mean_of_mix(shape);
    double mean = 0;
    for (uint32_t value = 0; value <= DEPTH_MAX; value++)
        mean += depth_chance(depth, value) * tasks_at(shape, value);
    return mean;
}
