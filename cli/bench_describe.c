/* cli/bench_describe.c: what a result says about how it came about. */
#include "base/file.h"
#include "base/sha256.h"
#include "cli/bench_args.h"
#include "cli/command.h"
#include "cli/share.h"
#include "base/version.h"
#include "sim/pool.h"
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

/* Options that cannot change a result have no place in its command (semantics.md 35). */
static const char *const WITHOUT_EFFECT[] = {"jobs", "output", "hlog", "trace", "quiet", "measure-latency"};

static bool changes_result(const char *name)
{
    for (size_t i = 0; i < sizeof WITHOUT_EFFECT / sizeof *WITHOUT_EFFECT; i++)
        if (strcmp(name, WITHOUT_EFFECT[i]) == 0) return false;
    return true;
}

_Static_assert(2 + 2 * FLAG_USES_MOST + 2 * CONFIG_KEYS_MOST <= BENCH_COMMAND_MOST,
               "the command is kept whole");

static void add_word(struct bench_result *result, const char *word)
{
    result->command[result->command_count++] = bench_text(result, word);
}

static bool is_from_environment(const struct config *config, const struct config_key *key)
{
    return key && config->origins[config_key_index(key)].source == CONFIG_ENVIRONMENT;
}

/* "KEY=VALUE" that a variable of the environment outranks: it had no say. */
static bool is_shadowed(const struct config *config, const struct flag *flag, const char *text)
{
    char name[CONFIG_TEXT_BYTES];
    if (strcmp(flag->name, "set") != 0) return false;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(text, "="), text);
    return is_from_environment(config, config_key_find(name));
}

/* As options: where the command is given again, the variables may not be there. */
static void describe_variables(struct bench_result *result, const struct config *config)
{
    char value[CONFIG_TEXT_BYTES], word[2 * CONFIG_TEXT_BYTES];
    for (uint32_t i = 0; i < config_key_count(); i++) {
        const struct config_key *key = config_key_at(i);
        if (!is_from_environment(config, key)) continue;
        config_key_write(key, &config->settings, value);
        snprintf(word, sizeof word, "%s=%s", key->name, value);
        add_word(result, "--set");
        add_word(result, word);
    }
}

static void describe_command(struct bench_result *result, const struct config *config,
                             const struct args *args)
{
    add_word(result, "benchmark");
    add_word(result, args->command->name);
    for (uint32_t i = 0; i < args->use_count; i++) {
        const struct flag *flag = args->flags[args->uses[i].flag];
        char word[512];
        if (!changes_result(flag->name) || is_shadowed(config, flag, args->uses[i].text)) continue;
        snprintf(word, sizeof word, "--%s", flag->name);
        add_word(result, word);
        if (flag->type != FLAG_SWITCH) add_word(result, args->uses[i].text);
    }
    describe_variables(result, config);
}

static void describe_config(struct bench_result *result, const struct settings *settings)
{
    char value[CONFIG_TEXT_BYTES];
    for (uint32_t i = 0; i < config_key_count(); i++) {
        const struct config_key *key = config_key_at(i);
        config_key_write(key, settings, value);
        switch (key->type) {
        case CONFIG_BOOL:
            bench_put_boolean(result, &result->config, key->name, strcmp(value, "true") == 0);
            break;
        case CONFIG_SHARE:
        case CONFIG_PERCENT: bench_put_number(result, &result->config, key->name, strtod(value, NULL)); break;
        case CONFIG_ENUM:
        case CONFIG_TEXT:
        case CONFIG_LIST: bench_put_text(result, &result->config, key->name, value); break;
        case CONFIG_INTEGER:
        case CONFIG_MILLISECONDS:
        case CONFIG_MEGABYTES:
        case CONFIG_LAMPORTS:
            bench_put_integer(result, &result->config, key->name, strtoll(value, NULL, 10));
            break;
        }
    }
}

static void put_share(struct bench_result *result, const char *name, int64_t bps)
{
    bench_put_number(result, &result->workload, name, (double)bps / (double)BPS_ONE);
}

/* A file is what is in it: its name alone would let two loads pass for one. */
static void put_digest(struct bench_result *result, struct bench_section *section, const char *name,
                       const char *path)
{
    enum { SHOWN = 16 };
    unsigned char digest[SHA256_BYTES];
    char hex[SHA256_HEX_BYTES], key[64];
    struct file_bytes bytes;
    if (file_read(path, LIMIT_TRACE_BYTES, &bytes, NULL) != OK) return;
    sha256_of(bytes.text, bytes.size_bytes, digest);
    sha256_hex(digest, hex);
    hex[SHOWN] = '\0';
    free(bytes.text);
    snprintf(key, sizeof key, "%s_digest", name);
    bench_put_text(result, section, key, hex);
}

/* "empirical:FILE" and "trace:FILE" */
static void put_file_digest(struct bench_result *result, struct bench_section *section, const char *name,
                            const char *text)
{
    static const char *const KINDS[] = {"empirical:", "trace:"};
    for (size_t i = 0; text && i < sizeof KINDS / sizeof *KINDS; i++)
        if (strncmp(text, KINDS[i], strlen(KINDS[i])) == 0)
            put_digest(result, section, name, text + strlen(KINDS[i]));
}

/* A profile's file: named by its path, or in its folder. Distributions have none. */
static void put_profile_digest(struct bench_result *result, struct bench_section *section, const char *folder,
                               const struct args *args)
{
    char place[SHARE_PATH_BYTES], path[2 * SHARE_PATH_BYTES];
    const char *name = args_text(args, folder);
    put_file_digest(result, section, "profile", name);
    if (strchr(name, ':')) return;
    if (strchr(name, '/') || (strlen(name) > 5 && strcmp(name + strlen(name) - 5, ".toml") == 0)) {
        put_digest(result, section, "profile", name);
    } else if (share_folder(folder, args->environment, place, NULL) == OK) {
        snprintf(path, sizeof path, "%s/%s.toml", place, name);
        put_digest(result, section, "profile", path);
    }
}

static void describe_workload(struct bench_result *result, const struct bench_request *request,
                              const struct args *args)
{
    static const char *const TEXTS[] = {"rate-pattern", "arrivals",  "depth-distribution",
                                        "shape",        "execution", "edges"};
    const struct workload_options *workload = &request->plan.workload;
    struct bench_section *section = &result->workload;
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s", TEXTS[i]);
        for (char *at = name; *at; at++)
            if (*at == '-') *at = '_';
        bench_put_text(result, section, name, args_text(args, TEXTS[i]));
        put_file_digest(result, section, name, args_text(args, TEXTS[i]));
    }
    bench_put_number(result, section, "rate_tasks_per_s", workload->rate);
    put_share(result, "cross_agent", args_integer(args, "cross-agent"));
    put_share(result, "inject_failures", args_integer(args, "inject-failures"));
    bench_put_text(result, section, "inject_stage", args_text(args, "inject-stage"));
    bench_put_number(result, section, "inject_from_s", (double)workload->failure_from_ns / 1e9);
    bench_put_number(result, section, "inject_until_s", (double)workload->failure_until_ns / 1e9);
    bench_put_integer(result, section, "executors", request->plan.executor_slots);
    bench_put_integer(result, section, "agent_stake_lamports", (int64_t)request->plan.agent_stake_lamports);
    bench_put_boolean(result, section, "resubmit", request->plan.resubmits);
    bench_put_number(result, section, "claim_ttl_s", (double)workload->claim_ttl_ns / 1e9);
}

static void describe_models(struct bench_result *result, const struct bench_request *request,
                            const struct args *args)
{
    const struct benchmark_plan *plan = &request->plan;
    uint32_t workers = (uint32_t)plan->settings.worker_threads, batch = (uint32_t)plan->settings.batch_size;
    bench_put_text(result, &result->chain, "profile", args_text(args, "chain"));
    put_profile_digest(result, &result->chain, "chain", args);
    bench_put_text(result, &result->chain, "fidelity",
                   plan->chain.is_fixed ? "fixed" : chain_fidelity_name(plan->chain.fidelity));
    bench_put_text(result, &result->chain, "path", args_text(args, "path"));
    bench_put_text(result, &result->prover, "profile", args_text(args, "prover"));
    put_profile_digest(result, &result->prover, "prover", args);
    bench_put_number(result, &result->prover, "capacity_per_s",
                     prover_capacity(&plan->prover, workers, batch));
}

static void describe_environment(struct bench_result *result)
{
    struct utsname system;
    if (uname(&system) != 0) return;
    bench_put_text(result, &result->environment, "system", system.sysname);
    bench_put_text(result, &result->environment, "release", system.release);
    bench_put_text(result, &result->environment, "machine", system.machine);
    bench_put_integer(result, &result->environment, "cores", pool_cores());
    bench_put_text(result, &result->environment, "compiler", __VERSION__);
}

static void move_runs(struct bench_result *result, struct benchmark_run *runs)
{
    result->before = runs[0].before;
    result->after = runs[0].after;
    result->memory_after = runs[0].memory_after;
    for (uint32_t run = 0; run < result->runs; run++) {
        result->per_run[run] = runs[run].metrics;
        runs[run].metrics = (struct run_metrics){0};
        if (result->baseline) result->baseline[run] = runs[run].baseline;
        if (result->baseline) runs[run].baseline = (struct run_metrics){0};
        result->wall_seconds += result->per_run[run].wall_seconds;
    }
}

static err judge(struct bench_result *result, const struct bench_request *request, struct diag *diag)
{
    for (uint32_t i = 0; i < request->target_count; i++)
        TRY(bench_add_target(result, request->targets[i], diag));
    if (request->target_count == 0) TRY(bench_add_default_targets(result, diag));
    err e = bench_summarise(result);
    return e == OK ? OK : diag_fail(diag, e, "summary: %s", err_text(e));
}

err bench_result_of(const struct bench_request *request, const struct args *args, struct benchmark_run *runs,
                    struct bench_result **out, struct diag *diag)
{
    const struct benchmark_plan *plan = &request->plan;
    struct bench_result *result;
    err e = bench_open(&result, plan->runs, plan->has_baseline);
    if (e != OK) return diag_fail(diag, e, "out of memory for the result");
    const char *path = args_has(args, "output") ? args_text(args, "output") : NULL;
    bench_name_after(result, path ? path : "benchmark");
    result->version = version_number();
    result->commit = version_commit();
    result->seed = plan->seed;
    result->agents = plan->agents;
    result->settings = plan->settings;
    result->duration_ns = plan->duration_ns;
    result->warmup_ns = plan->warmup_ns;
    describe_command(result, &request->config, args);
    describe_config(result, &plan->settings);
    describe_workload(result, request, args);
    describe_models(result, request, args);
    describe_environment(result);
    move_runs(result, runs);
    e = judge(result, request, diag);
    if (e != OK)
        bench_free(result);
    else
        *out = result;
    return e;
}
