/* reports/response_page.h: a sweep as table, plots and CSV.
 *
 * Errors: those of documents; ERR_IO of files. */
#pragma once
#include "reports/document.h"
#include "reports/response.h"

struct response_paper {
    const struct response *response;
    const char *title;
    const char *load; /* what all points had in common, a sentence */
};

void response_write_table(const struct page *page, const struct response *response);
void response_write_csv(FILE *out, const struct response *response);
/* One plot a metric, and the knee where `rate` is a factor. */
MUST_USE err response_add_plots(struct document *document, const struct response *response,
                                struct diag *diag);
/* For document_write; `paper` is a struct response_paper. */
MUST_USE err response_write_page(const struct page *page, const void *paper, struct diag *diag);
