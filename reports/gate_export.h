/* reports/gate_export.h: a gate's word in the languages of those who listen to it.
 *
 * Each writes to a stream; write errors stay there for file_commit. Same verdict, same bytes.
 *   junit      JUnit XML: a suite a test, a case a metric; regressed is a failure, void an error,
 *              inconclusive skipped
 *   github     workflow commands (::error, ::warning), the worst first, at most ten of a kind
 *   summary    Markdown for $GITHUB_STEP_SUMMARY
 *   benchstat  Go's benchmark text, a line a run, the arm as a configuration key: benchstat -col arm FILE
 *   bmf        Bencher metric format: the runs' mean effects as candidates' medians with interval
 *   gha        github-action-benchmark, customSmallerIsBetter or customBiggerIsBetter
 *   csv        long form, RFC 4180
 * Source: statistics.md 6. */
#pragma once
#include "reports/gate_judge.h"

enum gate_side { GATE_SMALLER_IS_BETTER, GATE_BIGGER_IS_BETTER };
enum { GATE_ANNOTATIONS_MOST = 10, GATE_SUMMARY_BYTES_MOST = 900 * 1024 };

void gate_write_table(const struct page *page, const struct gate_verdict *verdict);
void gate_write_junit(FILE *out, const struct gate_verdict *verdict);
void gate_write_github(FILE *out, const struct gate_verdict *verdict);
void gate_write_summary(FILE *out, const struct gate_verdict *verdict, struct grid *scratch);
void gate_write_benchstat(FILE *out, const struct comparison *comparison);
void gate_write_bmf(FILE *out, const struct gate_verdict *verdict);
void gate_write_gha(FILE *out, const struct gate_verdict *verdict, enum gate_side side);
void gate_write_csv(FILE *out, const struct comparison *comparison);

/* A finding in words: "result.p99 +12.3 % (+10.1 % … +14.6 %), allowed +10 %: worse than the tolerance". */
struct report_value gate_finding_text(const struct gate_finding *finding);
/* "+10 %": how far a metric may go. */
struct report_number gate_allowed_text(const struct gate_finding *finding);
