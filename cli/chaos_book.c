/* cli/chaos_book.c: campaign.json, out and in. Numbers by tables, so that both ways have the same. */
#include "cli/chaos_book.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/folder.h"
#include "base/version.h"
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const char *const CHAOS_SEARCH_NAMES[] = {
#define TEXT_(name, text) [name] = text,
    CHAOS_SEARCHES(TEXT_)
#undef TEXT_
        [CHAOS_SEARCH_COUNT] = NULL,
};

enum { HEX_BYTES = 24 };

/* In the order of their names, as JSON has them. */
#define AT(field) offsetof(struct campaign_totals, field)
static const struct total {
    const char *name;
    size_t offset;
} TOTALS[] = {
    {"confirmed", AT(confirmed)},
    {"crashes", AT(crashes)},
    {"digest", AT(digest)},
    {"events", AT(events)},
    {"failing", AT(failing)},
    {"failing_controls", AT(failing_controls)},
    {"fired", AT(fired)},
    {"goodput", AT(goodput)},
    {"goodput_control", AT(goodput_control)},
    {"lost", AT(lost)},
    {"recovered", AT(recovered)},
    {"recovered_control", AT(recovered_control)},
    {"rolled_back", AT(rolled_back)},
    {"tasks", AT(tasks)},
    {"trials", AT(trials)},
    {"violations", AT(violations)},
    {"virtual_ns", AT(virtual_ns)},
};
enum { TOTAL_COUNT = sizeof TOTALS / sizeof *TOTALS };

static uint64_t *total_at(struct campaign_totals *totals, const struct total *total)
{
    return (uint64_t *)((char *)totals + total->offset);
}

void chaos_finding_name(const struct campaign_finding *finding, char out[CHAOS_FINDING_BYTES])
{
    snprintf(out, CHAOS_FINDING_BYTES, "%s-%016" PRIx64, INVARIANT_TABLE[finding->violation.invariant].id,
             finding->fingerprint);
}

/* ---- writing ---- */

static void write_hex(struct json_writer *json, const char *key, uint64_t value)
{
    char text[HEX_BYTES];
    snprintf(text, sizeof text, "0x%016" PRIx64, value);
    json_write_text(json, key, text);
}

static void write_coverage(const struct chaos_book *book, struct json_writer *json)
{
    json_write_array(json, "bits");
    for (int word = 0; word < COVERAGE_BITS / 64; word++)
        write_hex(json, NULL, book->campaign.coverage.bits[word]);
    json_write_end(json);
    json_write_text(json, "commit", version_commit());
    json_write_array(json, "coverage");
    for (int group = 0; group < COVERAGE_GROUP_COUNT; group++) {
        json_write_object(json, NULL);
        json_write_text(json, "group", coverage_group_name((enum coverage_group)group));
        json_write_u64(json, "possible", coverage_possible((enum coverage_group)group));
        json_write_u64(json, "reached", coverage_count(&book->campaign.coverage, (enum coverage_group)group));
        json_write_end(json);
    }
    json_write_end(json);
}

static void write_faults(const struct campaign_totals *totals, struct json_writer *json)
{
    json_write_array(json, "faults");
    for (int i = 0; i < INJECTOR_COUNT; i++) {
        json_write_object(json, NULL);
        json_write_u64(json, "armed", totals->counts[i].armed);
        json_write_u64(json, "fired", totals->counts[i].fired);
        json_write_text(json, "id", INJECTOR_TABLE[i].name);
        json_write_u64(json, "reached", totals->counts[i].reached);
        json_write_end(json);
    }
    json_write_end(json);
}

static void write_finding(const struct campaign_finding *finding, const struct chaos_note *note,
                          struct json_writer *json)
{
    char name[CHAOS_FINDING_BYTES];
    chaos_finding_name(finding, name);
    json_write_object(json, NULL);
    json_write_text(json, "bundle", name);
    write_hex(json, "digest", finding->digest);
    json_write_u64(json, "events", finding->events);
    json_write_u64(json, "faults", note->faults);
    write_hex(json, "fingerprint", finding->fingerprint);
    json_write_text(json, "invariant", INVARIANT_TABLE[finding->violation.invariant].id);
    json_write_bool(json, "is_bundled", note->is_bundled);
    json_write_bool(json, "is_minimal", note->is_minimal);
    json_write_text(json, "kind", swarm_kind_name(finding->kind));
    json_write_u64(json, "number", finding->number);
    json_write_u64(json, "replays", note->replays);
    json_write_u64(json, "seed", finding->seed);
    json_write_u64(json, "tasks", note->tasks);
    json_write_text(json, "text", finding->violation.text);
    json_write_u64(json, "trials", finding->trials);
    json_write_end(json);
}

static void write_invariants(const struct campaign_totals *totals, struct json_writer *json)
{
    json_write_array(json, "invariants");
    for (int i = 0; i < INVARIANT_COUNT; i++) {
        json_write_object(json, NULL);
        json_write_u64(json, "checks", totals->checks[i]);
        json_write_text(json, "id", INVARIANT_TABLE[i].id);
        json_write_u64(json, "margin_ppm", totals->margins_ppm[i]);
        json_write_end(json);
    }
    json_write_end(json);
}

static void write_counts(const char *key, const uint64_t *counts, uint32_t count, struct json_writer *json)
{
    json_write_array(json, key);
    for (uint32_t i = 0; i < count; i++) json_write_u64(json, NULL, counts[i]);
    json_write_end(json);
}

static void write_totals(const struct campaign_totals *totals, struct json_writer *json)
{
    json_write_object(json, "totals");
    for (int i = 0; i < TOTAL_COUNT; i++)
        json_write_u64(json, TOTALS[i].name, *(const uint64_t *)((const char *)totals + TOTALS[i].offset));
    json_write_end(json);
}

static void write_book(const struct chaos_book *book, FILE *out)
{
    struct json_writer json;
    const struct campaign *campaign = &book->campaign;
    json_write_begin(&json, out, JSON_LINES);
    json_write_object(&json, NULL);
    write_coverage(book, &json);
    json_write_i64(&json, "duration_ns", book->duration_ns);
    write_faults(&campaign->totals, &json);
    json_write_array(&json, "findings");
    for (uint32_t i = 0; i < campaign->finding_count; i++)
        write_finding(&campaign->findings[i], &book->notes[i], &json);
    json_write_end(&json);
    json_write_u64(&json, "findings_left_out", campaign->findings_left_out);
    json_write_bool(&json, "interrupted", campaign->is_interrupted);
    write_invariants(&campaign->totals, &json);
    write_counts("kinds", campaign->totals.kinds, SWARM_KIND_COUNT, &json);
    json_write_u64(&json, "median_fired", campaign_median_fired(&campaign->totals));
    json_write_text(&json, "scenario", book->scenario);
    json_write_text(&json, "search", CHAOS_SEARCH_NAMES[book->search]);
    json_write_u64(&json, "seed_base", book->seed_base);
    json_write_bool(&json, "swarm", !book->is_swarm_off);
    write_totals(&campaign->totals, &json);
    write_counts("trials_by_fired", campaign->totals.trials_by_fired, CAMPAIGN_FIRED_BINS, &json);
    json_write_text(&json, "version", version_number());
    json_write_end(&json);
    json_write_finish(&json);
}

static err write_one(const struct chaos_book *book, const char *folder, const char *name,
                     void (*write)(const struct chaos_book *, FILE *), struct diag *diag)
{
    char path[FOLDER_PATH_BYTES];
    struct file_writer writer;
    TRY(folder_path(folder, name, path, diag));
    TRY(file_begin(&writer, path, diag));
    write(book, writer.stream);
    return file_commit(&writer, diag);
}

err chaos_book_write(const struct chaos_book *book, const char *folder, struct diag *diag)
{
    TRY(write_one(book, folder, "campaign.json", write_book, diag));
    TRY(write_one(book, folder, "junit.xml", chaos_write_junit, diag));
    return write_one(book, folder, "coverage.txt", chaos_write_coverage, diag);
}

/* ---- reading ---- */

static err read_hex(const struct json_node *node, const char *key, uint64_t *out, struct diag *diag)
{
    const char *text;
    char *end;
    TRY(json_get_text(node, key, &text, diag));
    *out = strtoull(text, &end, 16);
    if (strncmp(text, "0x", 2) == 0 && *end == '\0') return OK;
    return json_fail(node, diag, ERR_SYNTAX, "must be a number like \"0x1f\"");
}

/* An array of exactly so many. */
static err read_array(const struct json_node *root, const char *key, size_t count, struct json_node *out,
                      struct diag *diag)
{
    TRY(json_get_array(root, key, out, diag));
    return json_count(out) == count ? OK
                                    : json_fail(out, diag, ERR_SYNTAX, "is not as long as this program's");
}

static err read_counts(const struct json_node *root, const char *key, uint64_t *counts, uint32_t count,
                       struct diag *diag)
{
    struct json_node array;
    TRY(read_array(root, key, count, &array, diag));
    for (uint32_t i = 0; i < count; i++) {
        const struct json_node item = json_item(&array, i);
        TRY(json_get_u64(&item, NULL, &counts[i], diag));
    }
    return OK;
}

static err read_totals(const struct json_node *root, struct campaign_totals *totals, struct diag *diag)
{
    struct json_node object;
    TRY(json_get_object(root, "totals", &object, diag));
    for (int i = 0; i < TOTAL_COUNT; i++)
        TRY(json_get_u64(&object, TOTALS[i].name, total_at(totals, &TOTALS[i]), diag));
    TRY(read_counts(root, "kinds", totals->kinds, SWARM_KIND_COUNT, diag));
    return read_counts(root, "trials_by_fired", totals->trials_by_fired, CAMPAIGN_FIRED_BINS, diag);
}

static err read_faults(const struct json_node *root, struct campaign_totals *totals, struct diag *diag)
{
    struct json_node array;
    TRY(read_array(root, "faults", INJECTOR_COUNT, &array, diag));
    for (uint32_t i = 0; i < INJECTOR_COUNT; i++) {
        const struct json_node item = json_item(&array, i);
        TRY(json_get_u64(&item, "armed", &totals->counts[i].armed, diag));
        TRY(json_get_u64(&item, "reached", &totals->counts[i].reached, diag));
        TRY(json_get_u64(&item, "fired", &totals->counts[i].fired, diag));
    }
    return OK;
}

static err read_invariants(const struct json_node *root, struct campaign_totals *totals, struct diag *diag)
{
    struct json_node array;
    TRY(read_array(root, "invariants", INVARIANT_COUNT, &array, diag));
    for (uint32_t i = 0; i < INVARIANT_COUNT; i++) {
        const struct json_node item = json_item(&array, i);
        uint64_t margin_ppm;
        TRY(json_get_u64(&item, "checks", &totals->checks[i], diag));
        TRY(json_get_u64(&item, "margin_ppm", &margin_ppm, diag));
        totals->margins_ppm[i] = (uint32_t)margin_ppm;
    }
    return OK;
}

static err read_u32(const struct json_node *node, const char *key, uint32_t *out, struct diag *diag)
{
    uint64_t value;
    TRY(json_get_u64(node, key, &value, diag));
    if (value > UINT32_MAX) return json_fail(node, diag, ERR_RANGE, "is too large");
    *out = (uint32_t)value;
    return OK;
}

static err read_invariant(const struct json_node *node, enum invariant *out, struct diag *diag)
{
    const char *id;
    TRY(json_get_text(node, "invariant", &id, diag));
    for (int i = 0; i < INVARIANT_COUNT; i++)
        if (strcmp(INVARIANT_TABLE[i].id, id) == 0) {
            *out = (enum invariant)i;
            return OK;
        }
    return json_fail(node, diag, ERR_SYNTAX, "names no invariant of this program");
}

static err read_finding(const struct json_node *node, struct campaign_finding *finding,
                        struct chaos_note *note, struct diag *diag)
{
    const char *text, *kind;
    TRY(read_hex(node, "fingerprint", &finding->fingerprint, diag));
    TRY(read_hex(node, "digest", &finding->digest, diag));
    TRY(json_get_u64(node, "events", &finding->events, diag));
    TRY(json_get_u64(node, "number", &finding->number, diag));
    TRY(json_get_u64(node, "seed", &finding->seed, diag));
    TRY(json_get_u64(node, "trials", &finding->trials, diag));
    TRY(read_invariant(node, &finding->violation.invariant, diag));
    TRY(json_get_text(node, "text", &text, diag));
    TRY(json_get_text(node, "kind", &kind, diag));
    snprintf(finding->violation.text, sizeof finding->violation.text, "%s", text);
    for (int i = 0; i < SWARM_KIND_COUNT; i++)
        if (strcmp(swarm_kind_name((enum swarm_kind)i), kind) == 0) finding->kind = (enum swarm_kind)i;
    TRY(json_get_bool(node, "is_bundled", &note->is_bundled, diag));
    TRY(json_get_bool(node, "is_minimal", &note->is_minimal, diag));
    TRY(read_u32(node, "faults", &note->faults, diag));
    TRY(read_u32(node, "tasks", &note->tasks, diag));
    return read_u32(node, "replays", &note->replays, diag);
}

/* The campaign's array grows at powers of two: it is read into as many as it would have. */
static err read_findings(const struct json_node *root, struct chaos_book *book, struct diag *diag)
{
    struct json_node array;
    size_t room = 1;
    TRY(json_get_array(root, "findings", &array, diag));
    size_t count = json_count(&array);
    if (count > CAMPAIGN_FINDINGS_MOST) return json_fail(&array, diag, ERR_RANGE, "has too many");
    while (room < count) room *= 2;
    book->campaign.findings = calloc(room, sizeof *book->campaign.findings);
    if (!book->campaign.findings) return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct json_node item = json_item(&array, i);
        TRY(read_finding(&item, &book->campaign.findings[i], &book->notes[i], diag));
        book->campaign.finding_count++;
    }
    return OK;
}

static err read_head(const struct json_node *root, struct chaos_book *book, struct diag *diag)
{
    const char *version, *scenario, *search;
    bool is_swarm;
    TRY(json_get_text(root, "version", &version, diag));
    if (strcmp(version, version_number()) != 0)
        return json_fail(root, diag, ERR_USAGE, "is of another version: a campaign goes on with its own");
    TRY(json_get_text(root, "scenario", &scenario, diag));
    TRY(json_get_text(root, "search", &search, diag));
    TRY(json_get_bool(root, "swarm", &is_swarm, diag));
    TRY(json_get_u64(root, "seed_base", &book->seed_base, diag));
    TRY(json_get_i64(root, "duration_ns", &book->duration_ns, diag));
    snprintf(book->scenario, sizeof book->scenario, "%s", scenario);
    book->is_swarm_off = !is_swarm;
    for (int i = 0; i < CHAOS_SEARCH_COUNT; i++)
        if (strcmp(CHAOS_SEARCH_NAMES[i], search) == 0) {
            book->search = (enum chaos_search)i;
            return OK;
        }
    return json_fail(root, diag, ERR_SYNTAX, "names no search of this program");
}

static err read_book(const struct json_node *root, struct chaos_book *book, struct diag *diag)
{
    struct json_node bits;
    TRY(read_head(root, book, diag));
    TRY(read_array(root, "bits", COVERAGE_BITS / 64, &bits, diag));
    for (uint32_t word = 0; word < COVERAGE_BITS / 64; word++) {
        const struct json_node item = json_item(&bits, word);
        TRY(read_hex(&item, NULL, &book->campaign.coverage.bits[word], diag));
    }
    TRY(read_totals(root, &book->campaign.totals, diag));
    TRY(read_faults(root, &book->campaign.totals, diag));
    TRY(read_invariants(root, &book->campaign.totals, diag));
    TRY(read_u32(root, "findings_left_out", &book->campaign.findings_left_out, diag));
    return read_findings(root, book, diag);
}

err chaos_book_read(struct chaos_book *out, const char *folder, struct diag *diag)
{
    char path[FOLDER_PATH_BYTES];
    struct json *json = NULL;
    campaign_begin(&out->campaign);
    TRY(folder_path(folder, "campaign.json", path, diag));
    TRY(json_read_file(&json, path, diag));
    const struct json_node root = json_root(json);
    err e = read_book(&root, out, diag);
    json_free(json);
    if (e != OK) chaos_book_close(out);
    return e;
}

void chaos_book_close(struct chaos_book *book)
{
    campaign_close(&book->campaign);
}
