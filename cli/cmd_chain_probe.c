/* cli/cmd_chain_probe.c: the live chain port against real endpoints: latencies, faults, reorgs. */
#include "base/duration.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/sent_csv.h"
#include "base/sort.h"
#include "base/units.h"
#include "cli/command.h"
#include "daemon/rpc_fund.h"
#include "daemon/rpc_probe.h"
#include <inttypes.h>
#include <stdlib.h>

static const char *const COMMITMENTS[] = {"processed", "confirmed", "finalized", NULL};

static const struct flag FLAGS[] = {
    {.name = "url",
     .value = "URL[,URL...]",
     .type = FLAG_TEXT,
     .fallback = "http://127.0.0.1:8899",
     .help = "JSON-RPC endpoints of one cluster, the preferred one first"},
    {.name = "transactions",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 1,
     .max = 1000000,
     .fallback = "20",
     .help = "memos to send"},
    {.name = "rate", .value = "R", .type = FLAG_RATE, .fallback = "10", .help = "transactions a second"},
    {.name = "commitment",
     .value = "LEVEL",
     .type = FLAG_CHOICE,
     .choices = COMMITMENTS,
     .fallback = "confirmed",
     .help = "how far each is followed: processed, confirmed or finalized"},
    {.name = "timeout",
     .value = "S",
     .type = FLAG_DURATION,
     .fallback = "120s",
     .help = "when to stop, whatever is still open"},
    {.name = "request-timeout",
     .value = "S",
     .type = FLAG_DURATION,
     .fallback = "10s",
     .help = "of one request in all; to connect, a third of it"},
    {.name = "poll",
     .value = "S",
     .type = FLAG_DURATION,
     .fallback = "400ms",
     .help = "between two looks at all open signatures"},
    {.name = "wallet",
     .value = "FILE",
     .type = FLAG_FILE,
     .help = "key pair that pays, as solana-keygen writes it; without: a fresh one and an airdrop"},
    {.name = "samples", .value = "F.csv", .type = FLAG_FILE, .help = "write every transaction there"},
    {.name = "seed",
     .value = "N",
     .type = FLAG_UNSIGNED,
     .fallback = "42",
     .help = "of the jitter of retries"},
    FLAG_OUTPUT_FORMAT,
    {0},
};

enum { FEE_LAMPORTS = 5000, KEPT_LAMPORTS = 100000000, FUND_TIMEOUT_S = 60, COMPLAINTS_TOLD = 5 };
static const double SHARES[] = {0.5, 0.9, 0.99};
static const char *const SHARE_KEYS[] = {"p50", "p90", "p99"};
enum { SHARE_COUNT = sizeof SHARES / sizeof *SHARES };

/* -- latencies -- */

/* Kinds of latency: accepted, then the levels. */
enum { ACCEPTED = LEVEL_NONE, LATENCIES = LEVEL_FINALIZED + 1 };
static const char *const LATENCY_NAMES[] = {"accepted", "processed", "confirmed", "finalized"};

struct latencies {
    int64_t *ns; /* sorted */
    uint32_t count;
};

static err collect(const struct probe *probe, int kind, struct latencies *out)
{
    int64_t *ns = malloc((probe->count + (size_t)1) * sizeof *ns);
    if (!ns) return ERR_NOMEM;
    *out = (struct latencies){.ns = ns};
    for (uint32_t i = 0; i < probe->count; i++) {
        const struct probe_row *row = &probe->rows[i];
        int64_t at_ns = kind == ACCEPTED ? row->accepted_ns : row->level_ns[kind];
        if (at_ns != NEVER_NS) ns[out->count++] = at_ns - row->sent_ns;
    }
    sort_i64(ns, out->count);
    return OK;
}

static int64_t quantile_ns(const struct latencies *latencies, double share)
{
    if (!latencies->count) return NEVER_NS;
    uint32_t rank = (uint32_t)(share * latencies->count);
    if (rank < share * latencies->count) rank++;
    return latencies->ns[rank ? rank - 1 : 0];
}

/* -- the table -- */

static void print_ns(FILE *out, int64_t ns)
{
    char text[DURATION_TEXT_BYTES];
    duration_print_rounded(text, ns);
    fprintf(out, "%10s", text);
}

static uint64_t faults_of(const struct endpoint *endpoint)
{
    uint64_t sum = 0;
    for (int i = FAULT_NONE + 1; i < RPC_FAULTS; i++) sum += endpoint->faults[i];
    return sum;
}

static uint64_t fault_sum(const struct probe *probe, enum rpc_fault fault)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < probe->endpoints.count; i++) sum += probe->endpoints.list[i].faults[fault];
    return sum;
}

static uint64_t lag_sum(const struct probe *probe)
{
    return fault_sum(probe, FAULT_LAGS) + fault_sum(probe, FAULT_BEHIND);
}

static uint64_t rejects(const struct probe *probe)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < probe->endpoints.count; i++) sum += faults_of(&probe->endpoints.list[i]);
    return sum;
}

static void print_endpoint(FILE *out, const struct endpoint *endpoint)
{
    const char *gap = "";
    fprintf(out, "%-34s%9" PRIu64 "%9" PRIu64, endpoint->name, endpoint->answers, faults_of(endpoint));
    print_ns(out, endpoint->latency_ns ? endpoint->latency_ns : NEVER_NS);
    fprintf(out, "%12" PRIu64 "  ", endpoint->slot);
    for (int i = FAULT_NONE + 1; i < RPC_FAULTS; i++) {
        if (!endpoint->faults[i]) continue;
        fprintf(out, "%s%s %" PRIu64, gap, rpc_fault_name((enum rpc_fault)i), endpoint->faults[i]);
        gap = ", ";
    }
    fputs(*gap ? "\n" : "none\n", out);
}

static err print_table(const struct probe *probe, FILE *out)
{
    const uint32_t *outcomes = probe->outcomes;
    fprintf(out,
            "transactions    %u sent in %.1f s: %u landed, %u expired, %u refused, %u failed, %u open\n\n",
            probe->count, (double)probe->took_ns / NS_PER_S, outcomes[PROBE_LANDED], outcomes[PROBE_EXPIRED],
            outcomes[PROBE_REFUSED], outcomes[PROBE_FAILED], outcomes[PROBE_OPEN]);
    fprintf(out, "%-26s%10s%10s%10s%10s\n", "", "count", "p50", "p90", "p99");
    for (int kind = 0; kind < LATENCIES; kind++) {
        struct latencies latencies;
        TRY(collect(probe, kind, &latencies));
        fprintf(out, "sent to %-18s%10u", LATENCY_NAMES[kind], latencies.count);
        for (int i = 0; i < SHARE_COUNT; i++) print_ns(out, quantile_ns(&latencies, SHARES[i]));
        fputc('\n', out);
        free(latencies.ns);
    }
    fprintf(out,
            "\nrequests        %" PRIu64 ", %" PRIu64 " retries, %" PRIu64 " given up, %" PRIu64
            " failovers, %" PRIu64 " answers rejected\n",
            probe->client.requests, probe->client.retries, probe->client.given_up, probe->endpoints.failovers,
            rejects(probe));
    fprintf(out,
            "chain           %" PRIu64 " lost when processed, %" PRIu64 " reverted when confirmed, %" PRIu64
            " sent again, %" PRIu64 " answers from behind\n\n",
            probe->port.lost, probe->port.reverted, probe->port.resends, lag_sum(probe));
    fprintf(out, "%-34s%9s%9s%10s%12s  %s\n", "endpoint", "answers", "rejected", "latency", "slot",
            "reasons");
    for (uint32_t i = 0; i < probe->endpoints.count; i++) print_endpoint(out, &probe->endpoints.list[i]);
    return OK;
}

/* -- JSON, keys sorted -- */

static void write_endpoint(struct json_writer *writer, const struct endpoint *endpoint)
{
    json_write_object(writer, NULL);
    json_write_u64(writer, "answers", endpoint->answers);
    json_write_object(writer, "faults");
    for (int i = FAULT_NONE + 1; i < RPC_FAULTS; i++)
        if (endpoint->faults[i])
            json_write_u64(writer, rpc_fault_name((enum rpc_fault)i), endpoint->faults[i]);
    json_write_end(writer);
    json_write_number(writer, "latency_ms", (double)endpoint->latency_ns / NS_PER_MS);
    json_write_text(writer, "name", endpoint->name);
    json_write_u64(writer, "slot", endpoint->slot);
    json_write_end(writer);
}

static err write_latencies(struct json_writer *writer, const struct probe *probe)
{
    static const int SORTED[] = {ACCEPTED, LEVEL_CONFIRMED, LEVEL_FINALIZED, LEVEL_PROCESSED};
    json_write_object(writer, "latency_ms");
    for (int i = 0; i < LATENCIES; i++) {
        struct latencies latencies;
        TRY(collect(probe, SORTED[i], &latencies));
        json_write_object(writer, LATENCY_NAMES[SORTED[i]]);
        json_write_u64(writer, "count", latencies.count);
        for (int j = 0; j < SHARE_COUNT; j++) {
            int64_t ns = quantile_ns(&latencies, SHARES[j]);
            if (ns == NEVER_NS)
                json_write_null(writer, SHARE_KEYS[j]);
            else
                json_write_number(writer, SHARE_KEYS[j], (double)ns / NS_PER_MS);
        }
        json_write_end(writer);
        free(latencies.ns);
    }
    json_write_end(writer);
    return OK;
}

static err print_json(const struct probe *probe, FILE *out)
{
    struct json_writer writer;
    json_write_begin(&writer, out, JSON_LINES);
    json_write_object(&writer, NULL);
    json_write_array(&writer, "endpoints");
    for (uint32_t i = 0; i < probe->endpoints.count; i++) write_endpoint(&writer, &probe->endpoints.list[i]);
    json_write_end(&writer);
    json_write_u64(&writer, "expired", probe->outcomes[PROBE_EXPIRED]);
    json_write_u64(&writer, "failed", probe->outcomes[PROBE_FAILED]);
    json_write_u64(&writer, "failovers", probe->endpoints.failovers);
    json_write_u64(&writer, "given_up", probe->client.given_up);
    json_write_u64(&writer, "lagging_answers", lag_sum(probe));
    json_write_u64(&writer, "landed", probe->outcomes[PROBE_LANDED]);
    TRY(write_latencies(&writer, probe));
    json_write_u64(&writer, "lost", probe->port.lost);
    json_write_u64(&writer, "open", probe->outcomes[PROBE_OPEN]);
    json_write_u64(&writer, "polls", probe->port.polls);
    json_write_u64(&writer, "refused", probe->outcomes[PROBE_REFUSED]);
    json_write_u64(&writer, "rejected_answers", rejects(probe));
    json_write_u64(&writer, "requests", probe->client.requests);
    json_write_u64(&writer, "retries", probe->client.retries);
    json_write_u64(&writer, "reverted", probe->port.reverted);
    json_write_u64(&writer, "sent_again", probe->port.resends);
    json_write_u64(&writer, "signatures_polled", probe->port.signatures_polled);
    json_write_u64(&writer, "transactions", probe->count);
    json_write_end(&writer);
    json_write_finish(&writer);
    return OK;
}

/* -- CSV -- */

static void write_ms(FILE *out, int64_t ns)
{
    if (ns == NEVER_NS)
        fputc(',', out);
    else
        fprintf(out, ",%" PRId64 ".%03" PRId64, ns / NS_PER_MS, ns % NS_PER_MS / 1000);
}

/* What is open or failed has no word of its own there: calibration would count it as lost. */
static err write_samples(const struct probe *probe, const char *path, struct diag *diag)
{
    static const char *const WORDS[] = {
        [PROBE_LANDED] = "landed", [PROBE_REFUSED] = "refused", [PROBE_EXPIRED] = "expired"};
    struct file_writer writer;
    TRY(file_begin(&writer, path, diag));
    fputs(SENT_CSV_HEADER "\n", writer.stream);
    for (uint32_t i = 0; i < probe->count; i++) {
        const struct probe_row *row = &probe->rows[i];
        if (row->outcome == PROBE_OPEN || row->outcome == PROBE_FAILED) continue;
        fprintf(writer.stream, "%" PRId64 ".%03" PRId64 ",%s", row->sent_ns / NS_PER_MS,
                row->sent_ns % NS_PER_MS / 1000, WORDS[row->outcome]);
        for (int level = LEVEL_PROCESSED; level <= LEVEL_FINALIZED; level++)
            write_ms(writer.stream, row->level_ns[level]);
        if (row->outcome == PROBE_LANDED)
            fprintf(writer.stream, ",%" PRIu64 "\n", row->slots_to_land);
        else
            fputs(",\n", writer.stream);
    }
    return file_commit(&writer, diag);
}

/* -- the command -- */

struct complaints {
    FILE *log;
    uint64_t told[RPC_FAULTS];
};

static void on_complaint(void *context, const struct rpc_complaint *complaint)
{
    struct complaints *complaints = context;
    uint64_t told = ++complaints->told[complaint->fault];
    if (told > COMPLAINTS_TOLD) return;
    fprintf(complaints->log, "agenc: %s: %s: %s%s\n", complaint->endpoint, rpc_fault_name(complaint->fault),
            complaint->why, told == COMPLAINTS_TOLD ? " (more of these are only counted)" : "");
}

static err read_order(const struct args *args, struct probe_order *out, struct diag *diag)
{
    double rate = args_rate(args, "rate");
    int64_t request_ns = args_integer(args, "request-timeout");
    if (rate < 0.001) return diag_fail(diag, ERR_RANGE, "--rate: at least 0.001");
    if (request_ns < 10 * NS_PER_MS) return diag_fail(diag, ERR_RANGE, "--request-timeout: at least 10ms");
    if (args_integer(args, "poll") < NS_PER_MS) return diag_fail(diag, ERR_RANGE, "--poll: at least 1ms");
    *out = (struct probe_order){.port = RPC_PORT_DEFAULTS,
                                .transactions = (uint32_t)args_integer(args, "transactions"),
                                .every_ns = (int64_t)((double)NS_PER_S / rate),
                                .until = (enum rpc_level)(args_integer(args, "commitment") + LEVEL_PROCESSED),
                                .timeout_ns = args_integer(args, "timeout")};
    out->port.urls = args_text(args, "url");
    out->port.seed = args_unsigned(args, "seed");
    out->port.total_ns = request_ns;
    out->port.connect_ns = request_ns / 3;
    out->port.poll_ns = args_integer(args, "poll");
    return OK;
}

static err get_wallet(const struct args *args, struct wallet *out, struct diag *diag)
{
    const char *path = args_text(args, "wallet");
    return path ? wallet_read(out, path, diag) : wallet_fresh(out, diag);
}

static err fund(const struct args *args, const struct probe_order *order, struct diag *diag)
{
    const struct rpc_port_options *port = &order->port;
    const struct fund_order fund = {.client = {.urls = port->urls,
                                               .seed = port->seed,
                                               .connect_ns = port->connect_ns,
                                               .total_ns = port->total_ns,
                                               .patience_ns = port->patience_ns,
                                               .tries_most = port->tries_most},
                                    .wallet = port->wallet,
                                    .lamports = KEPT_LAMPORTS + (uint64_t)FEE_LAMPORTS * order->transactions,
                                    .may_airdrop = !args_text(args, "wallet"),
                                    .timeout_ns = order->timeout_ns < FUND_TIMEOUT_S * NS_PER_S
                                                      ? order->timeout_ns
                                                      : FUND_TIMEOUT_S * NS_PER_S};
    return rpc_fund(&fund, diag);
}

static err report(struct args *args, const struct probe *probe, struct diag *diag)
{
    const char *samples = args_text(args, "samples");
    if (samples) TRY(write_samples(probe, samples, diag));
    TRY(args_wants_json(args) ? print_json(probe, args->out) : print_table(probe, args->out));
    const uint32_t *outcomes = probe->outcomes;
    if (outcomes[PROBE_OPEN] || probe->count < (uint32_t)args_integer(args, "transactions"))
        args->exit_status = STATUS_TIMED_OUT;
    else if (outcomes[PROBE_LANDED] < probe->count)
        args->exit_status = STATUS_FAILED;
    return OK;
}

static err probe_with(struct args *args, struct probe_order *order, struct diag *diag)
{
    struct probe probe;
    struct complaints complaints = {.log = args->log};
    order->complained = on_complaint;
    order->context = &complaints;
    TRY(fund(args, order, diag));
    TRY(rpc_probe(&probe, order, diag));
    err e = report(args, &probe, diag);
    rpc_probe_close(&probe);
    return e;
}

static err run(struct args *args, struct diag *diag)
{
    struct probe_order order;
    struct wallet wallet;
    TRY(read_order(args, &order, diag));
    TRY(get_wallet(args, &wallet, diag));
    order.port.wallet = &wallet;
    err e = probe_with(args, &order, diag);
    wallet_forget(&wallet);
    return e;
}

const struct command COMMAND_chain_probe = {
    .group = "chain",
    .name = "probe",
    .summary = "send transactions to Solana endpoints and measure what becomes of them",
    .flags = FLAGS,
    .description =
        "Signs memos, sends them through the live chain port, follows each to the commitment,\n"
        "and prints latencies, retries, failovers, rejected answers, reorgs and lag, by endpoint.\n"
        "A fresh wallet is funded by an airdrop, which only test networks and agenc chain serve\n"
        "give. Ends with 1 when a transaction expired, failed or was refused, with 124 when one\n"
        "was still open at the timeout. On standard error: one line an answer that was rejected.",
    .formats = "F.csv: " SENT_CSV_HEADER ",\n"
               "as agenc chain describe writes transactions and agenc calibrate chain reads them.",
    .examples = "agenc chain probe --transactions 20\n"
                "agenc chain probe --url http://127.0.0.1:8899,http://127.0.0.1:8999 --commitment finalized\n"
                "agenc chain probe --rate 50 --transactions 1000 --samples sent.csv --output json",
    .exits = {STATUS_TIMED_OUT},
    .run = run,
};
