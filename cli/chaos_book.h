/* cli/chaos_book.h: a campaign as a folder: what it was asked, what it did, what it found.
 *
 *   campaign.json   all of it; a campaign can go on from it
 *   junit.xml       a case an invariant
 *   coverage.txt    what was reached, and what was not
 *
 * Same campaign, same bytes, however many threads: neither times nor threads stand in them.
 * Memory: ours, chaos_book_close. Errors: those of files and JSON; ERR_USAGE a book of another version. */
#pragma once
#include "sim/campaign.h"

#define CHAOS_SEARCHES(X)                                                                                    \
    X(SEARCH_RANDOM, "random")                                                                               \
    X(SEARCH_GUIDED, "guided")                                                                               \
    X(SEARCH_SYSTEMATIC, "systematic")
#define NAME_(name, text) name,
enum chaos_search { CHAOS_SEARCHES(NAME_) CHAOS_SEARCH_COUNT };
#undef NAME_
extern const char *const CHAOS_SEARCH_NAMES[]; /* ends with NULL */

/* What shrinking a finding gave. */
struct chaos_note {
    bool is_bundled, is_minimal;
    uint32_t faults, tasks, replays;
};

struct chaos_book {
    char scenario[256];
    int64_t duration_ns; /* 0: the scenario's */
    uint64_t seed_base;
    enum chaos_search search;
    bool is_swarm_off; /* every injector in every seed */
    struct campaign campaign;
    struct chaos_note notes[CAMPAIGN_FINDINGS_MOST]; /* beside its findings */
};

MUST_USE err chaos_book_read(struct chaos_book *out, const char *folder, struct diag *diag);
MUST_USE err chaos_book_write(const struct chaos_book *book, const char *folder, struct diag *diag);
void chaos_book_close(struct chaos_book *book);

/* "S07-0123456789abcdef": the folder of a finding's bundle. */
enum { CHAOS_FINDING_BYTES = 32 };
void chaos_finding_name(const struct campaign_finding *finding, char out[CHAOS_FINDING_BYTES]);

/* chaos_report.c: for those who read it. */
void chaos_write_junit(const struct chaos_book *book, FILE *out);
void chaos_write_coverage(const struct chaos_book *book, FILE *out);
MUST_USE err chaos_print_book(const struct chaos_book *book, FILE *out); /* ERR_NOMEM */
