/* sim/trace.h: a run as a timeline for Perfetto or chrome://tracing.
 *
 * One process an agent, one lane a task in flight, one slice a stage (wait,
 * execute, prove, await ancestors, submit, confirm, roll back), flow arrows
 * from a parent's execution to its children's, counters for active tasks,
 * proof queue and locked stake. JSON, streamed; at most TRACE_TASKS_MAX tasks
 * are drawn, so that a viewer can open it; the number left out is noted.
 * Errors: ERR_IO from open and close (a temporary file is renamed when whole). */
#pragma once
#include "engine/engine.h"
#include "loadgen/workload.h"

enum { TRACE_TASKS_MAX = 20000 };

struct trace;

MUST_USE err trace_open(struct trace **out, const char *path, const struct workload *workload,
                        struct diag *diag);
void trace_effect(struct trace *trace, int64_t now_ns, const struct effect *effect);
void trace_sample(struct trace *trace, int64_t now_ns, const struct engine_stats *stats); /* counters */
MUST_USE err trace_close(struct trace *trace, struct diag *diag); /* finishes and renames the file */
void trace_abandon(struct trace *trace);                          /* NULL is fine; leaves no file */
