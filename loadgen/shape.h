/* loadgen/shape.h: which task of a job waits for which.
 *
 *   chain         root and D dependent tasks in a row
 *   tree          binary, D levels below the root, at most LIMIT_SHAPE_NODES tasks
 *   fan:K         root and K dependents (D has no say)
 *   diamond       root, D parallel tasks, one merge (at most LIMIT_PARENTS parallel)
 *   mix:root=.3,chain=.4,branch=.2,merge=.1
 *                 tasks come one by one: with chance `root` the next begins a new
 *                 job (so a job has 1 / root tasks on average, at most
 *                 LIMIT_SHAPE_NODES; D has no say); else it continues the task
 *                 before it (chain), any earlier task (branch), or two of them (merge)
 *   trace:FILE    one job a line, tasks apart by spaces, each the commas-apart
 *                 positions of its parents from 1, or - for none; # comments.
 *                 "- 1 1 2,3" is a diamond. Job n takes line n modulo their number
 *
 * Errors: ERR_SYNTAX, ERR_RANGE, ERR_IO with a line that says what would be right; ERR_LIMIT; ERR_NOMEM. */
#pragma once
#include "base/err.h"
#include "base/limits.h"
#include "base/rng.h"
#include "loadgen/depth.h"
#include <stdint.h>

enum shape_kind { SHAPE_CHAIN, SHAPE_TREE, SHAPE_FAN, SHAPE_DIAMOND, SHAPE_MIX, SHAPE_TRACE };

/* One job: tasks in an order in which parents come first. */
struct job_shape {
    uint32_t count;
    uint8_t parent_counts[LIMIT_SHAPE_NODES];
    uint8_t parents[LIMIT_SHAPE_NODES][LIMIT_PARENTS]; /* positions from 0, ascending */
    uint8_t depths[LIMIT_SHAPE_NODES];                 /* longest way from a root */
};

struct shape {
    enum shape_kind kind;
    uint32_t fan;
    double root, chain, branch, merge; /* shares that sum to 1 */
    struct job_shape *jobs;            /* trace: ours */
    uint32_t job_count;
};

MUST_USE err shape_parse(struct shape *out, const char *text, struct diag *diag);
void shape_close(struct shape *shape); /* fine on a zeroed one */

/* The shape of the job that is the draw's entity, with its depth and whatever else it needs. */
void shape_draw(const struct shape *shape, const struct depth *depth, struct draw *draw,
                struct job_shape *out);
double shape_mean_tasks(const struct shape *shape, const struct depth *depth); /* tasks per job, exact */
