/* cli/commands.h: the list of commands. */
#pragma once
#include "cli/command.h"

/* One row a command, in the order of help. */
#define COMMAND_TABLE(X)                                                                                     \
    X(benchmark_speculation)                                                                                 \
    X(benchmark_suite)                                                                                       \
    X(benchmark_report)                                                                                      \
    X(benchmark_compare)                                                                                     \
    X(benchmark_gate)                                                                                        \
    X(benchmark_history_add)                                                                                 \
    X(benchmark_history_list)                                                                                \
    X(benchmark_history_trend)                                                                               \
    X(serve)                                                                                                 \
    X(tune)                                                                                                  \
    X(chain_describe)                                                                                        \
    X(chain_tabulate)                                                                                        \
    X(chain_compare)                                                                                         \
    X(chain_serve)                                                                                           \
    X(chain_probe)                                                                                           \
    X(chaos_list)                                                                                            \
    X(chaos_run)                                                                                             \
    X(chaos_campaign)                                                                                        \
    X(chaos_replay)                                                                                          \
    X(chaos_shrink)                                                                                          \
    X(chaos_check)                                                                                           \
    X(chaos_mutants)                                                                                         \
    X(chaos_docs)                                                                                            \
    X(config_validate)                                                                                       \
    X(config_show)                                                                                           \
    X(config_size)                                                                                           \
    X(config_docs)                                                                                           \
    X(calibrate_chain)                                                                                       \
    X(calibrate_prover)                                                                                      \
    X(calibrate_workload)                                                                                    \
    X(task_submit)                                                                                           \
    X(task_status)                                                                                           \
    X(task_wait)                                                                                             \
    X(task_inspect)                                                                                          \
    X(task_cancel)                                                                                           \
    X(proof_get)                                                                                             \
    X(proof_verify)                                                                                          \
    X(stake_init)                                                                                            \
    X(stake_status)                                                                                          \
    X(stake_slashing_history)                                                                                \
    X(admin_status)                                                                                          \
    X(admin_gc)                                                                                              \
    X(admin_gc_stats)                                                                                        \
    X(admin_check_integrity)                                                                                 \
    X(admin_check_pool)                                                                                      \
    X(admin_memory)                                                                                          \
    X(admin_config)                                                                                          \
    X(admin_prerequisites)                                                                                   \
    X(speculation_list)                                                                                      \
    X(speculation_rollbacks)                                                                                 \
    X(speculation_stuck)                                                                                     \
    X(speculation_inspect)                                                                                   \
    X(speculation_graph)                                                                                     \
    X(speculation_snapshots_list)                                                                            \
    X(speculation_snapshots_clear)                                                                           \
    X(proof_worker_status)                                                                                   \
    X(proof_worker_timeout)                                                                                  \
    X(proof_worker_queue)                                                                                    \
    X(top)                                                                                                   \
    X(report)                                                                                                \
    X(completion_bash)                                                                                       \
    X(manpage)

#define X(name) extern const struct command COMMAND_##name;
COMMAND_TABLE(X)
#undef X

struct command_group {
    const char *name, *summary;
};

uint32_t command_count(void);
const struct command *command_at(uint32_t index);
const char *command_group_summary(const char *group); /* "" for a group of one command */
bool command_group_opens(uint32_t index);             /* first shown command of its group? */

/* The command that the words name, and how many words that took. NULL: diag says
 * which were near; *group_out is the group when the first word is one. */
const struct command *command_find(int word_count, char *const *words, int *words_used, struct diag *diag);
bool command_group_exists(const char *group);
/* "history", of which there are "history add" and "history list". */
bool command_begins_names(const char *group, const char *word);
