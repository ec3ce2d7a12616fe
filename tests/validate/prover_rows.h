/* tests/validate/prover_rows.h: what was measured of provers, and what of the law must give it.
 *
 * A row is one published figure; a system is a law, mostly that of a shipped profile, of which the
 * row changes size, density or threads. Figures, not text, come from the sources named in TABLES. */
#pragma once
#include "sim/prover_law.h"

enum row_use {
    FITTED,   /* the law's constants were chosen with it */
    CHECKED,  /* nothing was chosen with it */
    ESTIMATE, /* not measured by anybody: shown, not judged */
};

enum row_form {
    FORM_PROOF,      /* one proof, warm */
    FORM_COLD,       /* with its key loaded */
    FORM_BATCH,      /* count proofs */
    FORM_AGGREGATE,  /* of count proofs */
    FORM_VERIFY,     /* count proofs, one after the other */
    FORM_SPEEDUP,    /* of threads, no unit */
    FORM_FACTOR,     /* of the system over Groth16, no unit */
    FORM_CROSS_OVER, /* constraints from which a cold GPU wins */
    FORM_NONE,       /* the law says nothing */
};

struct system_row {
    const char *profile; /* NULL: the law and verify_ms here */
    double verify_ms;
    struct prover_law law;
};

struct measured_row {
    int table, system;
    const char *what;
    double low, high; /* ms, or without unit; equal for a single figure */
    enum row_form form;
    enum row_use use;
    int64_t size; /* 0, and the next two: as in the system */
    double density;
    int64_t threads;
    uint32_t count;
    const char *why; /* why the law need not give it */
};

struct table_row {
    const char *title, *source, *note;
};

extern const struct system_row SYSTEMS[];
extern const struct measured_row ROWS[];
extern const struct table_row TABLES[];
extern const int ROW_COUNT, TABLE_COUNT;

/* Light Protocol, 300 proofs: how many took 0-10 ms, 10-20 ms, and so on; the last is beyond 100 ms. */
enum { BIN_COUNT = 11, BIN_MS = 10 };
extern const int BINS[BIN_COUNT];
