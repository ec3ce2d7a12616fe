/* daemon/http_read_incident.c: what went wrong: rollbacks, slashes, the circuit breaker. */
#include "base/apportion.h"
#include "daemon/http_read.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- writing one ---- */

void read_write_rollback(struct exchange *exchange, const char *key, const struct book_rollback *rollback)
{
    struct json_writer *writer = exchange_json(exchange);
    bool is_over = rollback->ended_ns != NEVER_NS;
    int64_t end_ns = is_over ? rollback->ended_ns : read_now_ns(exchange);
    json_write_object(writer, key);
    read_write_agent(exchange, "agent_id", rollback->agent_id);
    read_write_name(exchange, "ancestor", rollback->root_id);
    read_write_time(exchange, "completed_at", rollback->ended_ns);
    json_write_u64(writer, "depth", rollback->depth_most);
    read_write_seconds(exchange, "duration_seconds", end_ns - rollback->began_ns);
    json_write_text(writer, "reason", rollback_reason_name(rollback->reason));
    json_write_u64(writer, "released_lamports", rollback->released_lamports);
    json_write_u64(writer, "rollback_id", rollback->number);
    json_write_u64(writer, "size", rollback->size);
    json_write_u64(writer, "slashed_lamports", rollback->slashed_lamports);
    read_write_time(exchange, "started_at", rollback->began_ns);
    json_write_text(writer, "state", is_over ? "completed" : "in_progress");
    json_write_array(writer, "tasks");
    for (uint32_t i = 0; i < rollback->undone_kept; i++) {
        const struct book_undone *undone = &rollback->undone[i];
        json_write_object(writer, NULL);
        json_write_text(writer, "previous_status", task_status_name(undone->before));
        json_write_u64(writer, "released_lamports", undone->released_lamports);
        json_write_u64(writer, "slashed_lamports", undone->slashed_lamports);
        read_write_name(exchange, "task_id", undone->id);
        read_write_seconds(exchange, "wasted_seconds", undone->wasted_ns);
        json_write_end(writer);
    }
    json_write_end(writer);
    read_write_seconds(exchange, "wasted_seconds", rollback->wasted_ns);
    json_write_end(writer);
}

/* ---- who shares what was taken ---- */

struct victims {
    uint64_t ids[BOOK_UNDONE_MOST], weights[BOOK_UNDONE_MOST], shares[BOOK_UNDONE_MOST];
    int64_t wasted_ns[BOOK_UNDONE_MOST];
    uint32_t count;
};

static bool find_rollback(const struct book *book, uint64_t number, struct book_rollback *out)
{
    for (uint32_t i = 0; number > 0 && book_rollback(book, i, out); i++)
        if (out->number == number) return true;
    return false;
}

/* In order of id, as remainders are given. */
static void add_victim(struct victims *victims, const struct book_undone *undone)
{
    uint32_t at = victims->count++;
    for (; at > 0 && victims->ids[at - 1] > undone->id; at--) {
        victims->ids[at] = victims->ids[at - 1];
        victims->wasted_ns[at] = victims->wasted_ns[at - 1];
    }
    victims->ids[at] = undone->id;
    victims->wasted_ns[at] = undone->wasted_ns;
}

/* As the engine does it: those of other agents that had begun, by the whole milliseconds of compute that they
 * lost; equally when none lost any. False: not all of them are known any more. */
static bool share_pool(const struct book *book, const struct book_slash *slash, struct victims *out)
{
    struct book_rollback rollback;
    struct book_task task;
    uint64_t sum = 0;
    out->count = 0;
    if (!find_rollback(book, slash->rollback, &rollback) || rollback.size != rollback.undone_kept)
        return false;
    for (uint32_t i = 0; i < rollback.undone_kept; i++) {
        const struct book_undone *undone = &rollback.undone[i];
        if (!book_find(book, undone->id, &task)) return false;
        if (task.agent_id == slash->agent_id || undone->before == TASK_PENDING) continue;
        add_victim(out, undone);
        sum += (uint64_t)(undone->wasted_ns / NS_PER_MS);
    }
    for (uint32_t i = 0; i < out->count; i++)
        out->weights[i] = sum ? (uint64_t)(out->wasted_ns[i] / NS_PER_MS) : 1;
    apportion(slash->amount_lamports - slash->treasury_lamports, out->weights, out->count, out->shares);
    return true;
}

static void write_victims(struct exchange *exchange, const struct book_slash *slash)
{
    struct json_writer *writer = exchange_json(exchange);
    struct victims victims;
    struct book_task task;
    if (!share_pool(read_book(exchange), slash, &victims)) {
        json_write_null(writer, "victims");
        return;
    }
    json_write_array(writer, "victims");
    for (uint32_t i = 0; i < victims.count; i++) {
        if (!book_find(read_book(exchange), victims.ids[i], &task)) continue;
        json_write_object(writer, NULL);
        json_write_text(writer, "agent", task.agent);
        json_write_u64(writer, "share", victims.shares[i]);
        json_write_text(writer, "task", task.name);
        json_write_i64(writer, "wasted_ms", victims.wasted_ns[i] / NS_PER_MS);
        json_write_end(writer);
    }
    json_write_end(writer);
}

void read_write_slash(struct exchange *exchange, const char *key, const struct book_slash *slash)
{
    struct json_writer *writer = exchange_json(exchange);
    bool has_reason = slash->reason < REASON_COUNT;
    json_write_object(writer, key);
    read_write_agent(exchange, "agent_id", slash->agent_id);
    json_write_u64(writer, "amount", slash->amount_lamports);
    read_write_time(exchange, "at", slash->at_ns);
    json_write_u64(writer, "bond", slash->bond_lamports);
    read_write_name(exchange, "commitment_id", slash->task_id);
    read_write_time(exchange, "cooldown_until", slash->cooldown_until_ns);
    json_write_text(writer, "reason", has_reason ? rollback_reason_name(slash->reason) : NULL);
    json_write_u64(writer, "returned", slash->returned_lamports);
    json_write_u64(writer, "rollback_id", slash->rollback);
    json_write_u64(writer, "slash_id", slash->number);
    read_write_name(exchange, "task_id", slash->task_id);
    json_write_u64(writer, "treasury_share", slash->treasury_lamports);
    json_write_u64(writer, "victim_pool", slash->amount_lamports - slash->treasury_lamports);
    write_victims(exchange, slash);
    json_write_end(writer);
}

/* ---- rollbacks ---- */

static void handle_rollbacks(struct exchange *exchange)
{
    int64_t since_ns;
    if (!read_span(exchange, "since", NEVER_NS, &since_ns)) return;
    uint64_t limit = read_number(exchange, "limit", 100);
    struct json_writer *writer = exchange_json(exchange);
    struct book_rollback rollback;
    json_write_array(writer, NULL);
    for (uint32_t i = 0; i < limit && book_rollback(read_book(exchange), i, &rollback); i++) {
        if (read_now_ns(exchange) - rollback.began_ns > since_ns) break;
        read_write_rollback(exchange, NULL, &rollback);
    }
    json_write_end(writer);
}

struct rollback_sums {
    uint64_t by_reason[REASON_COUNT], total, events, largest;
    bool is_complete; /* the book reaches back as far as was asked */
};

/* Counted as the metric counts: victims carry ancestor_failed, a speculative root its own reason. */
static struct rollback_sums sum_rollbacks(struct exchange *exchange, int64_t window_ns)
{
    struct rollback_sums sums = {.is_complete = true};
    struct book_rollback rollback;
    uint32_t index = 0;
    bool is_inside = true;
    while (is_inside && book_rollback(read_book(exchange), index, &rollback)) {
        is_inside = read_now_ns(exchange) - rollback.began_ns <= window_ns;
        if (!is_inside) break;
        index++;
        sums.by_reason[rollback.reason] += rollback.is_root_speculative;
        sums.by_reason[REASON_ANCESTOR_FAILED] += rollback.victims;
        sums.total += rollback.is_root_speculative + rollback.victims;
        sums.events++;
        if (rollback.is_root_speculative + rollback.victims > sums.largest)
            sums.largest = rollback.is_root_speculative + rollback.victims;
    }
    sums.is_complete = !is_inside || index == 0 || rollback.number == 1;
    return sums;
}

static int compare_reasons(const void *a, const void *b)
{
    const char *left = rollback_reason_name(*(const enum rollback_reason *)a);
    const char *right = rollback_reason_name(*(const enum rollback_reason *)b);
    while (*left && *left == *right) left++, right++;
    return *(const unsigned char *)left - *(const unsigned char *)right;
}

static void write_by_reason(struct json_writer *writer, const char *key, const uint64_t *counts)
{
    enum rollback_reason sorted[REASON_COUNT];
    for (int i = 0; i < REASON_COUNT; i++) sorted[i] = (enum rollback_reason)i;
    qsort(sorted, REASON_COUNT, sizeof *sorted, compare_reasons);
    json_write_object(writer, key);
    for (int i = 0; i < REASON_COUNT; i++)
        json_write_u64(writer, rollback_reason_name(sorted[i]), counts[sorted[i]]);
    json_write_end(writer);
}

/* On the service's clock, since the start: admissions from before it are not counted any more. */
static int64_t uptime_ns(struct exchange *exchange)
{
    struct service_status status;
    service_status(exchange_live(exchange)->service, &status);
    return (int64_t)((u128)(uint64_t)status.uptime_ns * status.time_scale_ppm / 1000000);
}

/* The name of the total says one hour, whatever window was asked for: scripts read it by that name. */
static void handle_rollback_stats(struct exchange *exchange)
{
    int64_t window_ns;
    if (!read_span(exchange, "window", NS_PER_H, &window_ns)) return;
    struct rollback_sums sums = sum_rollbacks(exchange, window_ns);
    uint64_t percents[REASON_COUNT];
    apportion(sums.total ? 100 : 0, sums.by_reason, REASON_COUNT, percents);
    int64_t rate_window_ns = uptime_ns(exchange); /* the rate's: what happened and what was admitted in it */
    if (rate_window_ns > NS_PER_H) rate_window_ns = NS_PER_H;
    if (rate_window_ns > window_ns) rate_window_ns = window_ns;
    uint64_t rate_bps = metrics_rollback_rate_bps(exchange_live(exchange)->metrics, window_ns);
    struct json_writer *writer = exchange_json(exchange);
    json_write_object(writer, NULL);
    json_write_number(writer, "avg_size", sums.events ? (double)sums.total / (double)sums.events : 0);
    write_by_reason(writer, "by_reason", sums.by_reason);
    write_by_reason(writer, "by_reason_percent", percents);
    json_write_bool(writer, "is_complete", sums.is_complete && uptime_ns(exchange) >= window_ns);
    json_write_u64(writer, "max_size", sums.largest);
    json_write_u64(writer, "rollback_events", sums.events);
    json_write_number(writer, "rollback_rate", (double)rate_bps / (double)BPS_ONE);
    read_write_seconds(exchange, "rollback_rate_window_seconds", rate_window_ns);
    json_write_u64(writer, "total_rollbacks_1h", sums.total);
    read_write_seconds(exchange, "window_seconds", window_ns);
    json_write_end(writer);
}

static void handle_agent_rollbacks(struct exchange *exchange)
{
    uint64_t agent = book_agent_id(exchange_parameter(exchange));
    if (!book_agent_name(read_book(exchange), agent)) {
        exchange_fail(exchange, 404, "not_found", "no agent \"%s\"", exchange_parameter(exchange));
        return;
    }
    uint64_t limit = read_number(exchange, "limit", 100), count = 0;
    struct json_writer *writer = exchange_json(exchange);
    struct book_rollback rollback;
    json_write_array(writer, NULL);
    for (uint32_t i = 0; count < limit && book_rollback(read_book(exchange), i, &rollback); i++) {
        if (rollback.agent_id != agent) continue;
        read_write_rollback(exchange, NULL, &rollback);
        count++;
    }
    json_write_end(writer);
}

/* ---- slashes ---- */

static void handle_slashes(struct exchange *exchange)
{
    int64_t since_ns;
    if (!read_span(exchange, "since", NEVER_NS, &since_ns)) return;
    uint64_t limit = read_number(exchange, "limit", 100);
    struct json_writer *writer = exchange_json(exchange);
    struct book_slash slash;
    json_write_array(writer, NULL);
    for (uint32_t i = 0; i < limit && book_slash(read_book(exchange), i, &slash); i++) {
        if (read_now_ns(exchange) - slash.at_ns > since_ns) break;
        read_write_slash(exchange, NULL, &slash);
    }
    json_write_end(writer);
}

static void handle_slash(struct exchange *exchange)
{
    const char *text = exchange_parameter(exchange);
    char *end;
    unsigned long long number = strtoull(text, &end, 10);
    struct book_slash slash;
    for (uint32_t i = 0; !*end && number > 0 && book_slash(read_book(exchange), i, &slash); i++) {
        if (slash.number != number) continue;
        read_write_slash(exchange, NULL, &slash);
        return;
    }
    exchange_fail(exchange, 404, "not_found", "no slash \"%s\": GET /admin/slashes lists them", text);
}

/* ---- the breaker ---- */

static void write_thresholds(struct exchange *exchange)
{
    struct json_writer *writer = exchange_json(exchange);
    const struct settings *settings = read_settings(exchange);
    json_write_object(writer, "thresholds");
    json_write_i64(writer, "consecutive_failures", settings->breaker_consecutive);
    json_write_i64(writer, "half_open_probes", settings->breaker_half_open_probes);
    json_write_number(writer, "memory", (double)settings->breaker_memory_open_bps / 1e4);
    json_write_number(writer, "proof_queue", (double)settings->breaker_queue_open_bps / 1e4);
    json_write_number(writer, "rollback_rate", (double)settings->breaker_rate_bps / 1e4);
    json_write_end(writer);
}

static void write_counters(struct exchange *exchange, const struct breaker_view *breaker)
{
    struct json_writer *writer = exchange_json(exchange);
    json_write_object(writer, "counters");
    json_write_u64(writer, "consecutive_failures", breaker->consecutive_failures);
    json_write_u64(writer, "probes_admitted", breaker->probes_admitted);
    json_write_u64(writer, "probes_confirmed", breaker->probes_confirmed);
    json_write_u64(writer, "window_admitted", breaker->window_admitted);
    json_write_u64(writer, "window_rolled_back", breaker->window_rolled_back);
    json_write_end(writer);
}

static void handle_breaker(struct exchange *exchange)
{
    struct breaker_view breaker = engine_breaker(read_engine(exchange));
    const struct engine_stats *stats = engine_statistics(read_engine(exchange));
    bool is_closed = breaker.state == BREAKER_CLOSED;
    uint64_t trips = 0;
    for (int trigger = 0; trigger < TRIGGER_COUNT; trigger++) trips += stats->breaker_trips[trigger];
    struct json_writer *writer = exchange_json(exchange);
    json_write_object(writer, NULL);
    read_write_time(exchange, "cooldown_until", is_closed ? NEVER_NS : breaker.retry_ns);
    write_counters(exchange, &breaker);
    read_write_time(exchange, "opened_at", is_closed ? NEVER_NS : breaker.opened_ns);
    json_write_text(writer, "reason", is_closed ? NULL : breaker_trigger_name(breaker.trigger));
    json_write_text(writer, "state", machine_state_name(MACHINE_BREAKER, breaker.state));
    json_write_u64(writer, "threshold", is_closed ? 0 : breaker.threshold);
    write_thresholds(exchange);
    json_write_u64(writer, "trip_value", is_closed ? 0 : breaker.value);
    json_write_u64(writer, "trips_total", trips);
    json_write_end(writer);
}

/* ---- the rows ---- */

static const struct route_field LIMIT_QUERY[] = {
    {.name = "limit",
     .help = "at most so many, the newest",
     .type = FIELD_INTEGER,
     .min = 1,
     .max = READ_MOST},
    {.name = "since", .help = "not longer ago, such as 1h", .type = FIELD_TEXT, .min = 2, .max = 32},
    {0}};
static const struct route_field WINDOW_QUERY[] = {
    {.name = "window", .help = "how far back, 1h unless given", .type = FIELD_TEXT, .min = 2, .max = 32},
    {0}};
static const struct route_answer STATS_ANSWER[] = {{"total_rollbacks_1h", FIELD_INTEGER},
                                                   {"by_reason", FIELD_OBJECT},
                                                   {"by_reason_percent", FIELD_OBJECT},
                                                   {"rollback_rate", FIELD_NUMBER},
                                                   {"avg_size", FIELD_NUMBER},
                                                   {"max_size", FIELD_INTEGER},
                                                   {0}};
static const struct route_answer SLASH_ANSWER[] = {
    {"slash_id", FIELD_INTEGER}, {"agent_id", FIELD_TEXT}, {"amount", FIELD_INTEGER}, {0}};
static const struct route_answer BREAKER_ANSWER[] = {
    {"state", FIELD_TEXT}, {"counters", FIELD_OBJECT}, {"thresholds", FIELD_OBJECT}, {0}};

const struct route ROUTES_READ_INCIDENT[] = {{.method = ROUTE_GET,
                                              .path = "/admin/rollback-stats",
                                              .summary = "rollbacks of a window, by reason",
                                              .handle = handle_rollback_stats,
                                              .query = WINDOW_QUERY,
                                              .answer = STATS_ANSWER},
                                             {.method = ROUTE_GET,
                                              .path = "/admin/rollbacks",
                                              .summary = "rollbacks, the newest first",
                                              .handle = handle_rollbacks,
                                              .query = LIMIT_QUERY},
                                             {.method = ROUTE_GET,
                                              .path = "/admin/agent/{id}/rollbacks",
                                              .summary = "rollbacks that an agent caused",
                                              .handle = handle_agent_rollbacks,
                                              .query = LIMIT_QUERY},
                                             {.method = ROUTE_GET,
                                              .path = "/admin/slashes",
                                              .summary = "slashes, the newest first",
                                              .handle = handle_slashes,
                                              .query = LIMIT_QUERY},
                                             {.method = ROUTE_GET,
                                              .path = "/admin/slash/{id}",
                                              .summary = "one slash",
                                              .handle = handle_slash,
                                              .answer = SLASH_ANSWER},
                                             {.method = ROUTE_GET,
                                              .path = "/admin/circuit-breaker",
                                              .summary = "the circuit breaker and what it counts",
                                              .handle = handle_breaker,
                                              .answer = BREAKER_ANSWER},
                                             {0}};
