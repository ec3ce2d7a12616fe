/* base/fmath.h: exp and log with the same bits everywhere.
 *
 * libm changes its results with the CPU (FMA or not) and its version; these
 * use only IEEE + - * / in a fixed order, compiled with -ffp-contract=off.
 * Error: below 1 ulp over the whole range, subnormal results included
 * (tests/unit/test_fmath.c measures it against long double). Beyond the range
 * they give infinity or zero, a NaN gives NaN. No errno, no flags, no state. */
#pragma once

double fmath_exp(double x);
double fmath_log(double x);           /* x > 0, asserted; infinity gives infinity */
double fmath_pow(double x, double y); /* x > 0 and finite, y finite; asserted */
