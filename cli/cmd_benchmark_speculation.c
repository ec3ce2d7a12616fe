/* cli/cmd_benchmark_speculation.c: one benchmark, from the question to the answer. */
#include "cli/bench_args.h"
#include "cli/bench_run.h"
#include "cli/color.h"
#include "cli/command.h"

static err write_files(const struct bench_result *result, const struct args *args, struct diag *diag)
{
    if (args_text(args, "output")) TRY(bench_write(result, args_text(args, "output"), diag));
    if (args_text(args, "hlog")) TRY(bench_write_hlog(result, args_text(args, "hlog"), diag));
    return OK;
}

static err run(struct args *args, struct diag *diag)
{
    struct bench_request request = {0};
    struct bench_result *result = NULL;
    TRY(bench_request_open(&request, args, diag));
    bench_announce(&request, args);
    const struct bench_work work = {
        .request = &request,
        .args = &args,
        .count = 1,
        .threads = args_given(args, "jobs") ? (uint32_t)args_integer(args, "jobs") : 0,
    };
    err e = bench_run(&work, &result, diag);
    if (e == OK && !result)
        e = diag_fail(diag, ERR_INTERRUPTED,
                      "interrupted before the warm-up of a run was over: nothing to tell");
    if (e == OK) e = write_files(result, args, diag);
    if (e == OK) {
        bench_print(result, args->out, *color_for(args->out, args->environment).good);
        if (args_switch(args, "measure-latency")) bench_print_latency(result, args->out);
        if (result->interrupted) args->exit_status = STATUS_FAILED;
    }
    bench_free(result);
    bench_request_close(&request);
    return e;
}

const struct command COMMAND_benchmark_speculation = {
    .group = "benchmark",
    .name = "speculation",
    .summary = "measure what a configuration delivers, against no speculation",
    .flags = BENCHMARK_FLAGS,
    .description = "Runs the speculation engine against modelled Solana, provers and executors in\n"
                   "virtual time: open-loop arrivals, latency from the intended arrival, a paired run\n"
                   "without speculation. The same seed gives the same bytes on any machine.",
    .formats = "Text, an entry a line; # begins a comment, blank lines count for nothing.\n"
               "--rate-pattern trace:FILE\n"
               "    AT RATE: from AT on, RATE tasks/s. The first AT is 0s and they ascend: 60s 100\n"
               "--shape trace:FILE\n"
               "    A job a line, taken in turn, as its tasks from first to last, separated by spaces:\n"
               "    each is - (no parent) or its parents' positions, from 1, ascending, with commas.\n"
               "    A diamond is: - 1 1 2,3\n"
               "--depth-distribution empirical:FILE\n"
               "    A depth a line, 0 to 63; each line is drawn equally often.\n"
               "--execution empirical:FILE, --prover empirical:FILE\n"
               "    A duration a line, at most a day: 250ms; each line is drawn equally often.\n"
               "--scenario FILE\n"
               "    TOML: [benchmark] with options as keys (rate = 100, resubmit = true), keys of the\n"
               "    configuration ([speculation]), and [targets] as in result.p99 = \"<5s\".",
    .examples =
        "agenc benchmark speculation --duration 5m --rate 100 --depth-distribution uniform:1-5 --output "
        "a.json\n"
        "agenc benchmark speculation --rate-pattern burst:10x:30s:every:2m --duration 10m --measure-latency\n"
        "agenc benchmark speculation --config scenarios/config/prod.toml --set speculation.max_depth=5\n"
        "agenc benchmark speculation --inject-failures 0.1 --trace timeline.json",
    .run = run,
};
