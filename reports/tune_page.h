/* reports/tune_page.h: how a search went: the winner, the race, and what can only be had at a price.
 *
 * For document_write and the terminal. Errors: those of documents. */
#pragma once
#include "reports/document.h"
#include "reports/race.h"
#include "reports/run_fields.h"

struct tune_paper {
    const struct design *design;
    const struct race_entry *entries;             /* by point */
    const double (*criteria)[RACE_CRITERIA_MOST]; /* by point: objective, then the constraints' metrics, then
                                                     rollback rate and memory; smaller is better */
    const struct run_metric (*shown)[RACE_CRITERIA_MOST]; /* the same as people read them */
    const char *names[RACE_CRITERIA_MOST];                /* of criteria */
    uint32_t criteria_count, winner;
    uint32_t rungs, runs_spent;
    const bool *is_front;
    const char *verdict; /* of the comparison with the start */
    const char *report;  /* the comparison's file */
};

void tune_write_front(const struct page *page, const struct tune_paper *paper);
MUST_USE err tune_add_plots(struct document *document, const struct tune_paper *paper, struct diag *diag);
MUST_USE err tune_write_page(const struct page *page, const void *paper, struct diag *diag);
