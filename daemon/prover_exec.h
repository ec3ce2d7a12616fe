/* daemon/prover_exec.h: proofs from another program: one process a batch, jobs in, verdicts out.
 *
 * The command is run by /bin/sh for each batch. On its standard input it finds a line of JSON a job:
 *     {"task_id":"…","proof_id":7,"proof_type":"groth16","payload":…}
 * and answers each with a line on its standard output, in any order:
 *     {"proof_id":7,"ok":true}      or
 * {"proof_id":7,"ok":false,"error":"constraint"|"transient","message":"…"} Jobs that are not answered when it
 * ends have failed for a passing reason. What it says on standard error is the service's standard error.
 * Never blocks for longer than a killed process takes to go. Memory: LIMIT_PROOF_WORKERS processes, the jobs
 * of their batches, PROVER_LINE_BYTES of an answer. Errors: ERR_IO the process cannot be started; ERR_NOMEM.
 * Threads: one. */
#pragma once
#include "base/err.h"
#include "base/limits.h"
#include <stdbool.h>
#include <stdint.h>

enum { PROVER_LINE_BYTES = 8192 };

enum prover_verdict { PROVER_OK, PROVER_CONSTRAINT, PROVER_TRANSIENT };

/* What the job is to whoever gave it; not looked at. */
struct prover_tag {
    uint32_t slot, generation, attempt;
};

struct prover_exec_options {
    const char *command; /* copied */
    /* One call a job, with the tag that was given. */
    void (*heard)(void *context, const struct prover_tag *tag, enum prover_verdict verdict);
    void (*ended)(void *context, uint32_t worker); /* the process is gone: the worker is free */
    void *context;
};

struct prover_exec;

/* ERR_USAGE: the program that the command begins with does not exist. */
MUST_USE err prover_exec_check(const char *command, struct diag *diag);
MUST_USE err prover_exec_open(struct prover_exec **out, const struct prover_exec_options *options);
void prover_exec_free(struct prover_exec *prover); /* ends what runs; NULL is fine */

struct prover_job {
    uint64_t number; /* its proof_id: unique in the batch */
    struct prover_tag tag;
    const char *task, *proof_type, *payload; /* payload: JSON; NULL: null */
};
/* The first job of a batch starts the worker's process, `is_last` closes its input. */
MUST_USE err prover_exec_add(struct prover_exec *prover, uint32_t worker, const struct prover_job *job,
                             bool is_first, bool is_last);
void prover_exec_kill(struct prover_exec *prover,
                      uint32_t worker); /* nothing of it is heard any more but `ended` */

int prover_exec_fd(const struct prover_exec *prover); /* an epoll */
void prover_exec_step(struct prover_exec *prover);
