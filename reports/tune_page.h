/* reports/tune_page.h: how a search went: the winner, the race, and what can only be had at a price.
 *
 * For document_write and the terminal. Errors: those of documents. */
#pragma once
#include "reports/document.h"
#include "reports/race.h"
#include "reports/run_fields.h"

/* What a configuration showed. */
struct tune_point {
    struct race_entry entry;
    struct run_metric shown[RACE_CRITERIA_MOST]; /* objective, then the constraints' metrics, then rollback
                                                    rate and memory */
};

struct tune_paper {
    const struct design *design;
    const struct tune_point *first, *last; /* by point: in the first rung, which all ran; in its last one */
    const char *names[RACE_CRITERIA_MOST]; /* of criteria */
    uint32_t criteria_count, winner;
    uint32_t rungs, runs_spent, budget;
    const bool *is_front; /* of the first rung */
    const char *verdict;  /* of the proof */
    bool has_report;      /* report.md: the comparison with the start */
};

void tune_write_front(const struct page *page, const struct tune_paper *paper);
MUST_USE err tune_add_plots(struct document *document, const struct tune_paper *paper, struct diag *diag);
MUST_USE err tune_write_page(const struct page *page, const void *paper, struct diag *diag);
