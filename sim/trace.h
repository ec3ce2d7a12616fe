/* sim/trace.h: a run as a timeline for Perfetto or chrome://tracing.
 *
 * One process an agent. A task in flight has a lane, the smallest one free,
 * from its arrival to its confirmation or to the end of its roll-back: one
 * slice for the task, in it one slice a stage (wait, execute, prove queued and
 * generating, await ancestors, submit, confirm, roll back), and flow arrows
 * from a parent's execution to its children's. Counters: speculative tasks
 * active, backlog, proof queue, locked stake, memory.
 *
 * Times are microseconds of virtual time with three decimals, printed from
 * integers. An execution counts from the engine's request: with a limited
 * number of executors it includes the wait for one.
 * Tasks that are submitted once more (recorder_original) are tasks of their own.
 * The first TRACE_TASKS_MAX tasks are drawn, so that a viewer can open the
 * file, and counters as long as one of them lives; what was left out is noted.
 * Memory:  ours, a record a drawn task; the file is streamed.
 * Errors:  ERR_IO from open and close (a temporary file takes the path when it
 *          is whole); ERR_NOMEM from open, or from close when it came later.
 * Source:  "Trace Event Format", Chromium project, 2016. */
#pragma once
#include "engine/engine.h"
#include "loadgen/workload.h"

enum { TRACE_TASKS_MAX = 20000 };

struct trace;

/* The workload is borrowed until the trace is closed. */
MUST_USE err trace_open(struct trace **out, const char *path, const struct workload *workload,
                        struct diag *diag);
/* Every effect and note, in the order in which they leave the engine. */
void trace_effect(struct trace *trace, int64_t now_ns, const struct effect *effect);
void trace_sample(struct trace *trace, int64_t now_ns, const struct engine *engine); /* counters */
MUST_USE err trace_close(struct trace *trace, struct diag *diag); /* finishes and renames the file */
void trace_abandon(struct trace *trace);                          /* NULL is fine; leaves no file */
