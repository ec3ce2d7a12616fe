/* reports/calibrate_chain.c: what slots say about a chain. Transactions: calibrate_path.c. */
#include "base/assert.h"
#include "base/chain_terms.h"
#include "base/sort.h"
#include "reports/calibration.h"
#include "reports/likelihood.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const STATES[] = {"block", "skipped", "abandoned", NULL};
static const char *const OUTCOMES[] = {"landed", "refused", "expired", NULL};
static const struct csv_column SLOTS[SLOT_COLUMNS] = {
    [SLOT_NUMBER] = {"slot", CSV_COUNT, true, false, NULL},
    [SLOT_START] = {"start_ms", CSV_NUMBER, true, false, NULL},
    [SLOT_END] = {"end_ms", CSV_NUMBER, true, false, NULL},
    [SLOT_FROZEN] = {"frozen_ms", CSV_NUMBER, false, true, NULL},
    [SLOT_CONFIRMED] = {"confirmed_ms", CSV_NUMBER, false, true, NULL},
    [SLOT_FINALIZED] = {"finalized_ms", CSV_NUMBER, false, true, NULL},
    [SLOT_STATE] = {"state", CSV_WORD, true, false, STATES},
};
static const struct csv_column SENT[SENT_COLUMNS] = {
    [SENT_AT] = {"sent_ms", CSV_NUMBER, true, false, NULL},
    [SENT_OUTCOME] = {"outcome", CSV_WORD, true, false, OUTCOMES},
    [SENT_PROCESSED] = {"processed_ms", CSV_NUMBER, false, true, NULL},
    [SENT_CONFIRMED] = {"confirmed_ms", CSV_NUMBER, false, true, NULL},
    [SENT_FINALIZED] = {"finalized_ms", CSV_NUMBER, false, true, NULL},
    [SENT_SLOTS] = {"slots_to_land", CSV_COUNT, true, true, NULL},
};
static const struct csv_column CONFIRMATIONS[] = {{"confirm_ms", CSV_NUMBER, true, false, NULL}};
static const struct csv_form FORMS[] = {{"slots", SLOTS, SLOT_COLUMNS},
                                        {"transactions", SENT, SENT_COLUMNS},
                                        {"confirmations", CONFIRMATIONS, 1}};
const struct csv_forms CALIBRATE_CHAIN_FORMS = {FORMS, 3};

enum { ROWS_LEAST = 200, LEAST_PART = 10, FEW = 10, FORK_DEPTHS = 4, FINALITY_MOST = 64 };
#define SAME_MS 0.01 /* closer than that, a time is its parent's and says nothing of its own */

/* A column, and rows of it. */
struct slots {
    const struct csv_table *table;
    const struct calibrate_chain_base *base;
    double *work; /* room for a value a row */
};

static double at(const struct slots *slots, enum calibrate_slot_column column, uint32_t row)
{
    const double *values = slots->table->values[column];
    return values ? values[row] : NAN;
}

static bool is_block(const struct slots *slots, uint32_t row)
{
    return at(slots, SLOT_STATE, row) == CALIBRATE_BLOCK;
}

/* -- durations -- */

static double span_of(const struct slots *slots, uint32_t row)
{
    return at(slots, SLOT_END, row) - at(slots, SLOT_START, row);
}

/* Whether four rows from here are one leader's window, of which all or none exist. */
static bool is_window(const struct slots *slots, uint32_t row, bool is_off)
{
    if (row + CHAIN_WINDOW > slots->table->row_count || fmod(at(slots, SLOT_NUMBER, row), CHAIN_WINDOW) > 0)
        return false;
    for (uint32_t i = 0; i < CHAIN_WINDOW; i++) {
        if (at(slots, SLOT_NUMBER, row + i) != at(slots, SLOT_NUMBER, row) + i) return false;
        if ((at(slots, SLOT_STATE, row + i) == CALIBRATE_SKIPPED) != is_off) return false;
    }
    return true;
}

struct spans {
    double windows, within;       /* within: squares inside of windows, of one over their means */
    double log_mean, log_squares; /* of the windows' means */
};

static struct spans spans_of(const struct slots *slots)
{
    struct spans spans = {0};
    for (uint32_t row = 0; row < slots->table->row_count; row++) {
        if (!is_window(slots, row, false)) continue;
        double mean = 0;
        for (uint32_t i = 0; i < CHAIN_WINDOW; i++) mean += span_of(slots, row + i) / CHAIN_WINDOW;
        for (uint32_t i = 0; i < CHAIN_WINDOW; i++)
            spans.within += pow(span_of(slots, row + i) / mean - 1, 2);
        slots->work[(uint32_t)spans.windows++] = log(mean);
    }
    spans.log_mean = stats_mean(slots->work, (uint32_t)spans.windows);
    for (uint32_t i = 0; i < spans.windows; i++) spans.log_squares += pow(slots->work[i] - spans.log_mean, 2);
    return spans;
}

static struct interval spread(double squares, double degrees)
{
    double tail = (1 - FIT_CONFIDENCE) / 2;
    return (struct interval){squares / stats_chi_quantile(1 - tail, degrees),
                             squares / stats_chi_quantile(tail, degrees)};
}

/* One leader has many windows: as many independent ones as there are windows would promise too much. */
static double free_windows(const struct slots *slots, double windows)
{
    return 1 / (1 / windows + slots->base->same_leader);
}

/* duration = target * factor * leader's speed * (1 + slot_sigma * normal) */
static void read_spans(struct calibration *out, const struct slots *slots)
{
    struct spans spans = spans_of(slots);
    char how[CALIBRATION_HOW_BYTES];
    if (spans.windows < FEW) {
        calibration_note(out, "slot durations: only %.0f whole windows of four slots, kept", spans.windows);
        return;
    }
    double degrees = (CHAIN_WINDOW - 1) * spans.windows, slot_variance = spans.within / degrees;
    double independent = fmax(3, free_windows(slots, spans.windows)) - 1;
    double variance = spans.log_squares / (spans.windows - 1), shared = slot_variance / CHAIN_WINDOW;
    double leader_variance = fmax(0, variance - shared), tail = 0.5 + FIT_CONFIDENCE / 2;
    double mean = exp(spans.log_mean + shared / 2) / slots->base->target_ms;
    double error = sqrt(leader_variance / (independent + 1) + shared / spans.windows);
    double factor = exp(stats_t_quantile(tail, independent) * error);
    snprintf(how, sizeof how, "%.0f windows, %.0f independent leaders", spans.windows, independent + 1);
    calibration_add(out, "slot.factor", how, (struct fit_estimate){mean, {mean / factor, mean * factor}});
    struct interval leaders = spread(variance * independent, independent);
    struct interval leader = {sqrt(fmax(0, leaders.low - shared)), sqrt(fmax(0, leaders.high - shared))};
    calibration_add(out, "slot.leader_sigma", how, (struct fit_estimate){sqrt(leader_variance), leader});
    struct interval slot = spread(spans.within, degrees);
    calibration_add(out, "slot.slot_sigma", how,
                    (struct fit_estimate){sqrt(slot_variance), {sqrt(slot.low), sqrt(slot.high)}});
}

static void read_skips(struct calibration *out, const struct slots *slots)
{
    uint64_t off = 0, all = 0;
    uint32_t lone = 0;
    for (uint32_t row = 0; row < slots->table->row_count; row++) {
        all += row + CHAIN_WINDOW <= slots->table->row_count &&
               fmod(at(slots, SLOT_NUMBER, row), CHAIN_WINDOW) == 0;
        off += is_window(slots, row, true);
        lone += at(slots, SLOT_STATE, row) == CALIBRATE_SKIPPED;
    }
    if (all == 0) return;
    lone -= (uint32_t)off * CHAIN_WINDOW;
    if (lone)
        calibration_note(out, "%u skipped slots are not of a wholly skipped window; the model has none such",
                         lone);
    calibration_add(out, "window.off_chance", "share of windows", calibration_share(off, all));
}

/* What a transaction may run into, for those who read drops. */
static void read_lost(struct calibration *out, const struct slots *slots)
{
    uint64_t lost = 0, blocks = 0;
    for (uint32_t row = 0; row < slots->table->row_count; row++) {
        lost += at(slots, SLOT_STATE, row) == CALIBRATE_ABANDONED;
        blocks += is_block(slots, row);
    }
    out->has_lost = lost + blocks > 0;
    if (out->has_lost) out->lost = calibration_share(lost, lost + blocks);
}

static void read_forks(struct calibration *out, const struct slots *slots)
{
    uint64_t counts[FORK_DEPTHS] = {0}, forks = 0;
    read_lost(out, slots);
    for (uint32_t row = 0, run = 0; row <= slots->table->row_count; row++) {
        if (row < slots->table->row_count && at(slots, SLOT_STATE, row) == CALIBRATE_ABANDONED) {
            run++;
            continue;
        }
        if (run) counts[run < FORK_DEPTHS ? run - 1 : FORK_DEPTHS - 1]++, forks++;
        run = 0;
    }
    if (forks < FEW) {
        calibration_note(out, "fork.depth_weights: only %d forks, kept", (int)forks);
        return;
    }
    struct calibration_key *key = calibration_add(
        out, "fork.depth_weights", "share of runs of abandoned slots", calibration_share(counts[0], forks));
    key->elements = FORK_DEPTHS;
    for (uint32_t i = 1; i < FORK_DEPTHS; i++) key->values[i] = calibration_share(counts[i], forks);
}

/* -- from the end of a slot to its frozen block: uniform propagation and log-normal replay, or late -- */

static double normal_share(double z)
{
    return erfc(-z / sqrt(2)) / 2;
}

struct freezing {
    const double *ms;
    uint32_t count;
};

/* Places: least propagation, its width, log of the median replay, log of its sigma. */
static double freezing_likelihood(const double *parameters, const void *context)
{
    const struct freezing *freezing = context;
    double least = parameters[0], width = parameters[1], middle = parameters[2], sigma = exp(parameters[3]);
    double sum = 0;
    if (least < 0 || width < 1e-3 || sigma > 3 || sigma < 1e-3) return -INFINITY;
    for (uint32_t i = 0; i < freezing->count; i++) {
        double most = freezing->ms[i] - least, low = most - width;
        if (most <= 0) return -INFINITY;
        double below = normal_share((log(most) - middle) / sigma);
        double above = low > 0 ? normal_share((log(low) - middle) / sigma) : 0;
        sum += log(fmax(below - above, 1e-300));
    }
    return sum - freezing->count * log(width);
}

static struct fit_estimate around(double value, double error)
{
    double half = stats_normal_quantile(0.5 + FIT_CONFIDENCE / 2) * error;
    return (struct fit_estimate){value, {value - half, value + half}};
}

static struct fit_estimate exponential_of(struct fit_estimate estimate)
{
    return (struct fit_estimate){exp(estimate.value),
                                 {exp(estimate.interval.low), exp(estimate.interval.high)}};
}

static void add_freezing(struct calibration *out, const struct freezing *freezing,
                         const struct likelihood_maximum *maximum, double width_error)
{
    char how[CALIBRATION_HOW_BYTES];
    snprintf(how, sizeof how, "uniform plus log-normal, %u blocks", freezing->count);
    double least = maximum->at[0], most = least + maximum->at[1];
    struct fit_estimate low = around(least, maximum->error[0]);
    low.interval.low = fmax(0, low.interval.low);
    calibration_add(out, "freeze.propagation_min_ms", how, low);
    calibration_add(out, "freeze.propagation_max_ms", how, around(most, width_error));
    calibration_add(out, "freeze.replay_ms", how, exponential_of(around(maximum->at[2], maximum->error[2])));
    calibration_add(out, "freeze.replay_sigma", how,
                    exponential_of(around(maximum->at[3], maximum->error[3])));
}

static err read_freezing(struct calibration *out, const struct slots *slots, const struct freezing *freezing,
                         struct diag *diag)
{
    const struct calibrate_chain_base *base = slots->base;
    struct likelihood_maximum maximum;
    double root = sqrt(freezing->count), least = INFINITY;
    for (uint32_t i = 0; i < freezing->count; i++) least = fmin(least, freezing->ms[i]);
    struct likelihood likelihood = {.of = freezing_likelihood, .context = freezing, .count = 4};
    double width = fmax(1, base->propagation_max_ms - base->propagation_min_ms);
    const double start[] = {fmin(base->propagation_min_ms, least * 0.5), width, log(fmax(1, base->replay_ms)),
                            log(fmax(0.05, base->replay_sigma))};
    const double step[] = {20 / root, width * 2 / root, 5 / root, 5 / root};
    for (uint32_t i = 0; i < 4; i++) likelihood.start[i] = start[i], likelihood.step[i] = step[i];
    if (likelihood_maximise(&likelihood, &maximum) != OK)
        return diag_fail(diag, ERR_NOMEM, "out of memory for blocks");
    if (!maximum.has_errors) {
        calibration_note(out, "freeze.*: the data do not tell propagation from replay, kept");
        return OK;
    }
    add_freezing(out, freezing, &maximum, hypot(maximum.error[0], maximum.error[1]));
    return OK;
}

/* Lateness beyond the usual delay is Pareto, cut at CHAIN_LATE_CAP_SLOTS slots. */
static void read_lateness(struct calibration *out, const struct slots *slots, double usual_ms, double blocks)
{
    double least = slots->base->late_least_ms, cap = CHAIN_LATE_CAP_SLOTS * slots->base->target_ms * 0.99;
    double sum = 0, tail = (1 - FIT_CONFIDENCE) / 2;
    uint64_t late = 0, whole = 0;
    for (uint32_t row = 0; row < slots->table->row_count; row++) {
        double ms = at(slots, SLOT_FROZEN, row) - at(slots, SLOT_END, row);
        if (!is_block(slots, row) || !(ms >= least) || slots->work[row] == 0) continue;
        double beyond = fmax(ms - usual_ms, least);
        late++;
        whole += beyond < cap;
        sum += log(fmin(beyond, cap) / least);
    }
    calibration_add(out, "late.chance", "share of blocks frozen late.least_ms or more after their slot",
                    calibration_share(late, (uint64_t)blocks));
    if (whole < FEW) {
        calibration_note(out, "late.exponent: only %d late blocks, kept", (int)whole);
        return;
    }
    double exponent = (double)whole / sum, degrees = 2 * (double)whole;
    calibration_add(out, "late.exponent", "Pareto from late.least_ms on, cut at 8 slots",
                    (struct fit_estimate){exponent,
                                          {stats_chi_quantile(tail, degrees) / (2 * sum),
                                           stats_chi_quantile(1 - tail, degrees) / (2 * sum)}});
}

/* Marks in slots->work the blocks whose freezing is their own: 1, and 0 where they waited for their parent.
 */
static double mark_own(const struct slots *slots)
{
    double newest = -INFINITY, own = 0;
    for (uint32_t row = 0; row < slots->table->row_count; row++) {
        double frozen = at(slots, SLOT_FROZEN, row);
        slots->work[row] = is_block(slots, row) && frozen > newest + SAME_MS;
        own += slots->work[row];
        if (is_block(slots, row)) newest = fmax(newest, frozen);
    }
    return own;
}

static err read_frozen(struct calibration *out, const struct slots *slots, struct diag *diag)
{
    double blocks = mark_own(slots), usual = 0;
    struct freezing freezing = {0};
    if (blocks < ROWS_LEAST / 2) return OK;
    double *ms = malloc(slots->table->row_count * sizeof *ms);
    if (!ms) return diag_fail(diag, ERR_NOMEM, "out of memory for blocks");
    for (uint32_t row = 0; row < slots->table->row_count; row++) {
        double delay = at(slots, SLOT_FROZEN, row) - at(slots, SLOT_END, row);
        if (slots->work[row] == 0 || delay >= slots->base->late_least_ms || delay <= 0) continue;
        ms[freezing.count++] = delay;
        usual += delay;
    }
    freezing.ms = ms;
    err e = OK;
    if (freezing.count >= ROWS_LEAST / 2) {
        read_lateness(out, slots, usual / freezing.count, blocks);
        e = read_freezing(out, slots, &freezing, diag);
    } else {
        calibration_note(out, "freeze.*, late.*: %u blocks are frozen within late.least_ms, kept",
                         freezing.count);
    }
    free(ms);
    return e;
}

/* -- confirmation, finality -- */

static err add_confirmed(struct calibration *out, const double *ms, uint32_t count, struct diag *diag)
{
    const struct calibration_sample sample = {"frozen to confirmed", "ms", ms, count, 1u << FIT_LOGNORMAL};
    TRY(calibration_measure(out, &sample, diag));
    const struct calibration_quantity *quantity = &out->quantities[out->quantity_count - 1];
    if (quantity->used == FIT_FAMILIES) return OK;
    const struct fit *fit = &quantity->fits[FIT_LOGNORMAL];
    calibration_add(out, "confirm.delay_ms", "log-normal", fit->parameters[0]);
    calibration_add(out, "confirm.sigma", "log-normal", fit->parameters[1]);
    return OK;
}

/* A block is confirmed by itself or with its parent, whichever is later: delays below a bound are only known
 * to be below. */
struct delays {
    const double *ms, *bounds;
    uint32_t whole, censored;
};

/* Places: log of the median, log of sigma. */
static double delay_likelihood(const double *parameters, const void *context)
{
    const struct delays *delays = context;
    double sigma = exp(parameters[1]), sum = 0;
    for (uint32_t i = 0; i < delays->whole; i++) {
        double z = (log(delays->ms[i]) - parameters[0]) / sigma;
        sum -= z * z / 2;
    }
    sum -= delays->whole * parameters[1];
    for (uint32_t i = 0; i < delays->censored; i++)
        sum += log(fmax(normal_share((log(delays->bounds[i]) - parameters[0]) / sigma), 1e-300));
    return sum;
}

static err refine_confirmed(struct calibration *out, const struct delays *delays, struct diag *diag)
{
    struct calibration_key *delay = NULL, *sigma = NULL;
    struct likelihood_maximum maximum;
    for (uint32_t i = 0; i < out->key_count; i++) {
        if (strcmp(out->keys[i].key, "confirm.delay_ms") == 0) delay = &out->keys[i];
        if (strcmp(out->keys[i].key, "confirm.sigma") == 0) sigma = &out->keys[i];
    }
    if (!delay || !sigma || delays->censored == 0) return OK;
    double root = sqrt(delays->whole);
    const struct likelihood likelihood = {.of = delay_likelihood,
                                          .context = delays,
                                          .count = 2,
                                          .start = {log(delay->values[0].value), log(sigma->values[0].value)},
                                          .step = {sigma->values[0].value / root, 1 / root}};
    if (likelihood_maximise(&likelihood, &maximum) != OK)
        return diag_fail(diag, ERR_NOMEM, "out of memory for confirmations");
    if (!maximum.has_errors) return OK;
    delay->values[0] = exponential_of(around(maximum.at[0], maximum.error[0]));
    sigma->values[0] = exponential_of(around(maximum.at[1], maximum.error[1]));
    snprintf(delay->how, sizeof delay->how, "log-normal, %u rows, of %u more only how long at most",
             delays->whole, delays->censored);
    snprintf(sigma->how, sizeof sigma->how, "%s", delay->how);
    return OK;
}

/* Of a block that the node heard of late the others' votes are there already: its delay is short for another
 * reason than the law's, and as a logarithm weighs most. The least tenth counts as below the tenth's end,
 * which leaves the law to the delays that somebody waits for. */
static void censor_least(struct delays *delays, double *ms, double *bounds)
{
    uint32_t tenth = delays->whole / LEAST_PART;
    sort_doubles(ms, delays->whole);
    for (uint32_t i = 0; i < tenth; i++) bounds[delays->censored++] = ms[tenth];
    delays->ms += tenth;
    delays->whole -= tenth;
}

static err read_confirmed(struct calibration *out, const struct slots *slots, struct diag *diag)
{
    double newest = -INFINITY;
    struct delays delays = {.bounds = slots->work};
    double *ms = malloc(slots->table->row_count * sizeof *ms);
    if (!ms) return diag_fail(diag, ERR_NOMEM, "out of memory for confirmations");
    for (uint32_t row = 0; row < slots->table->row_count; row++) {
        double confirmed = at(slots, SLOT_CONFIRMED, row), delay = confirmed - at(slots, SLOT_FROZEN, row);
        if (!is_block(slots, row) || !(delay > 0)) continue;
        if (confirmed > newest + SAME_MS)
            ms[delays.whole++] = delay;
        else
            slots->work[delays.censored++] = delay;
        newest = fmax(newest, confirmed);
    }
    delays.ms = ms;
    err e = OK;
    if (delays.whole >= ROWS_LEAST / 2) {
        e = add_confirmed(out, ms, delays.whole, diag);
        if (e == OK) censor_least(&delays, ms, slots->work);
        if (e == OK) e = refine_confirmed(out, &delays, diag);
    }
    free(ms);
    return e;
}

/* A block is final when the blocks-th after it is frozen, or the next. Counts how many are frozen by then. */
static void count_roots(const struct slots *slots, uint32_t counts[FINALITY_MOST + 1])
{
    const double *frozen = slots->work;
    uint32_t count = 0, block = 0;
    for (uint32_t row = 0; row < slots->table->row_count; row++)
        if (is_block(slots, row)) slots->work[count++] = at(slots, SLOT_FROZEN, row);
    for (uint32_t row = 0; row < slots->table->row_count; row++) {
        if (!is_block(slots, row)) continue;
        double final = at(slots, SLOT_FINALIZED, row) - slots->base->tick_ms + SAME_MS;
        uint32_t depth = 0;
        while (block + depth + 1 < count && depth < FINALITY_MOST && frozen[block + depth + 1] <= final)
            depth++;
        if (block + FINALITY_MOST < count && isfinite(final)) counts[depth]++;
        block++;
    }
}

static void read_finality(struct calibration *out, const struct slots *slots)
{
    uint32_t counts[FINALITY_MOST + 1] = {0}, best = 0, both = 0;
    if (!slots->table->values[SLOT_FINALIZED] || !slots->table->values[SLOT_FROZEN]) return;
    count_roots(slots, counts);
    for (uint32_t depth = 1; depth < FINALITY_MOST; depth++)
        if (counts[depth] + counts[depth + 1] > both) {
            best = depth;
            both = counts[depth] + counts[depth + 1];
        }
    if (both < ROWS_LEAST / 2) return;
    struct calibration_key *key =
        calibration_add(out, "finality.blocks", "blocks frozen by then", (struct fit_estimate){best, {0, 0}});
    key->is_whole = true;
    calibration_add(out, "finality.deeper_chance", "share one block deeper",
                    calibration_share(counts[best + 1], both));
}

err calibrate_times_check(const struct csv_table *table, uint32_t row, struct diag *diag)
{
    const struct csv_form *form = &FORMS[table->form];
    uint32_t last = form->column_count;
    for (uint32_t c = 0; c < form->column_count; c++) {
        const double *ms = table->values[c];
        if (form->columns[c].kind != CSV_NUMBER || !ms || isnan(ms[row])) continue;
        if (last < c && ms[row] < table->values[last][row])
            return csv_refuse_row(table, row, diag, "%s is before %s", form->columns[c].name,
                                  form->columns[last].name);
        last = c;
    }
    return OK;
}

err calibrate_slots(struct calibration *out, const struct csv_table *table,
                    const struct calibrate_chain_base *base, struct diag *diag)
{
    struct slots slots = {.table = table, .base = base};
    if (table->row_count < ROWS_LEAST)
        return diag_fail(diag, ERR_RANGE, "%u slots say too little about a chain, at least %d are needed",
                         table->row_count, ROWS_LEAST);
    for (uint32_t row = 0; row < table->row_count; row++) {
        if (span_of(&slots, row) <= 0)
            return csv_refuse_row(table, row, diag, "end_ms must be after start_ms");
        if (row && at(&slots, SLOT_NUMBER, row) <= at(&slots, SLOT_NUMBER, row - 1))
            return csv_refuse_row(table, row, diag, "slot goes back; rows must be in order of slots");
        TRY(calibrate_times_check(table, row, diag));
    }
    slots.work = malloc(table->row_count * sizeof *slots.work);
    if (!slots.work) return diag_fail(diag, ERR_NOMEM, "out of memory for slots");
    read_spans(out, &slots);
    read_skips(out, &slots);
    read_forks(out, &slots);
    err e = read_frozen(out, &slots, diag);
    if (e == OK) e = read_confirmed(out, &slots, diag);
    if (e == OK) read_finality(out, &slots);
    free(slots.work);
    return e;
}

err calibrate_confirmations(struct calibration *out, const struct csv_table *table, struct diag *diag)
{
    return add_confirmed(out, table->values[0], table->row_count, diag);
}
